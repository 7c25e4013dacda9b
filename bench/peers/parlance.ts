/** Our own server, as built in dist/ or, as `parlance:DIR/dist/main.js`, another build of it to compare with. */
import { spawn } from 'node:child_process'
import { access, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Account } from '../session.js'
import type { MakePeer } from './peer.js'

export const parlance: MakePeer = ({ folder, port, argument, nodeFlags }) => {
  const main = resolve(argument ?? 'dist/main.js')
  const config = join(folder, 'config.yaml')
  return {
    framing: 'xmpp',
    prepare: async accounts => {
      await access(main) // rather than a puzzling answer from `user add`
      await writeFile(config, configuration(folder, port))
      await addAccounts({ main, config, accounts })
    },
    command: [process.execPath, ...nodeFlags, main, 'start', '--config', config],
  }
}

const configuration = (folder: string, port: number): string => `
domains: [localhost]
data: ${join(folder, 'data')}
listen: { c2s: "127.0.0.1:${port}", c2s-tls: false, s2s: false, http: false, https: false }
tls: { required: false }
log: { level: warn }
`

interface AccountOrder {
  readonly main: string
  readonly config: string
  readonly accounts: readonly Account[]
}

type AddAccounts = (order: AccountOrder) => Promise<void>

const inOneBatch: AddAccounts = ({ main, config, accounts }) =>
  runWithInput(
    [main, 'user', 'add', '--batch', '--config', config],
    accounts.map(a => `${jid(a)} ${a.password}\n`).join(''),
  )

const oneByOne: AddAccounts = async ({ main, config, accounts }) => {
  for (const account of accounts) {
    const line = [main, 'user', 'add', jid(account), '--password-stdin', '--config', config]
    await runWithInput(line, `${account.password}\n`)
  }
}

/** How accounts come to be: put another way here when the server has a better one. */
const addAccounts: AddAccounts = order =>
  inOneBatch(order).catch((error: unknown) => {
    console.error(`user add --batch does not work (${error}); adding ${order.accounts.length} accounts one by one`)
    return oneByOne(order)
  })

const jid = ({ user, domain }: Account): string => `${user}@${domain}`

const runWithInput = (line: readonly string[], input: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, line, { stdio: ['pipe', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.on('data', chunk => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(errors.trim() || `exit code ${code}`))))
    // a program that does not read its input closes the pipe; its exit code tells enough
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
