/** Accounts for scripts: each script has its own, so that none finds what another left. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Client, Difference } from './client.js'
import type { Address } from './link.js'
import { connectSecurely } from './login.js'
import { escapeXml, show } from './xml.js'

export interface Account {
  readonly user: string
  readonly password: string
  /** Bare. */
  readonly jid: string
}

export type MakeAccount = (user: string, password: string) => Promise<void>

/** A new account whose name begins with what the script calls it. */
export async function newAccount(name: string, domain: string, make: MakeAccount): Promise<Account> {
  const user = `${name}-${randomBytes(5).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await make(user, password)
  return { user, password, jid: `${user}@${domain}` }
}

/** By a command in which {user} and {password} stand for themselves. It is not given to a shell. */
export const byCommand =
  (command: string): MakeAccount =>
  async (user, password) => {
    const [program = '', ...words] = command.split(' ').filter(word => word !== '')
    const put = (word: string) => word.replaceAll('{user}', user).replaceAll('{password}', password)
    await promisify(execFile)(program, words.map(put))
  }

/** By registration from a client (XEP-0077 §3.1), on a connection of its own. */
export const inBand =
  (address: Address): MakeAccount =>
  async (user, password) => {
    const client = new Client('registration', { user, password, jid: `${user}@${address.domain}` }, address, () => {})
    try {
      await connectSecurely(client)
      await client.open()
      const answer = await client.ask(
        `<iq type='set' id='register' to='${address.domain}'><query xmlns='jabber:iq:register'>` +
          `<username>${escapeXml(user)}</username><password>${escapeXml(password)}</password></query></iq>`,
        'register',
      )
      if (answer.attrs.get('type') !== 'result') throw new Difference(`no account was made: ${show(answer)}`)
    } finally {
      client.leave()
    }
  }
