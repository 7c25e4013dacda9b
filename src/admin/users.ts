import type { Accounts, Credentials } from '../core/accounts.js'
import { type Arguments, type Command, CommandError } from '../core/module.js'
import { type Jid, JidError, parseJid, preparePassword } from '../xmpp/jid.js'

export interface UserParts {
  /** Asked for when a command needs them. */
  readonly accounts: () => Promise<Accounts>
  /** The domains that are served, prepared. */
  readonly domains: ReadonlySet<string>
  /** What is kept of a password. */
  readonly derive: (password: string) => Promise<Credentials>
}

/** Accounts for operators. */
export function userCommands(parts: UserParts): readonly Command[] {
  const { accounts, derive } = parts
  return [
    {
      name: 'user add',
      doc: 'Makes an account.',
      args: { jid: 'its address: NAME@DOMAIN', password: 'its password' },
      run: async args => {
        const jid = servedAccount(args, parts.domains)
        const credentials = await derive(usablePassword(args))
        if (!(await (await accounts()).create(jid, credentials))) throw new CommandError(`${jid} exists already.`)
        return `${jid} can log in now.`
      },
    },
    {
      name: 'user passwd',
      doc: 'Gives an account another password.',
      args: { jid: 'its address: NAME@DOMAIN', password: 'its new password' },
      run: async args => {
        const jid = anAccount(args)
        const credentials = await derive(usablePassword(args))
        if (!(await (await accounts()).setCredentials(jid, credentials))) throw noSuch(jid)
        return `${jid} has a new password.`
      },
    },
    {
      name: 'user remove',
      doc: 'Removes an account with everything that is kept for it.',
      args: { jid: 'its address: NAME@DOMAIN' },
      run: async args => {
        const jid = anAccount(args)
        if (!(await (await accounts()).remove(jid))) throw noSuch(jid)
        return `${jid} is no more.`
      },
    },
    {
      name: 'user list',
      doc: 'Lists all accounts.',
      args: {},
      run: async () => (await (await accounts()).list()).join('\n'),
    },
  ]
}

const noSuch = (jid: Jid) => new CommandError(`There is no account ${jid}.`)

function servedAccount(args: Arguments, domains: ReadonlySet<string>): Jid {
  const jid = anAccount(args)
  if (!domains.has(jid.domain))
    throw new CommandError(`${jid.domain} is none of the domains of this server: ${[...domains].join(', ')}.`)
  return jid
}

/** Not only of a domain that is served: the accounts of one that was can be listed and removed. */
function anAccount({ jid: text = '' }: Arguments): Jid {
  try {
    const jid = parseJid(text)
    if (jid.local !== '' && jid.isBare) return jid
  } catch (fault) {
    if (!(fault instanceof JidError)) throw fault
    throw new CommandError(`"${text}" is no address such as romeo@example.org: ${fault.message}.`)
  }
  throw new CommandError(`"${text}" is no account's address, which is like romeo@example.org.`)
}

function usablePassword({ password = '' }: Arguments): string {
  if (password === '') throw new CommandError('The password is empty.')
  try {
    preparePassword(password)
    return password
  } catch (cause) {
    throw new CommandError(`This cannot be a password: ${cause instanceof Error ? cause.message : cause}.`, { cause })
  }
}
