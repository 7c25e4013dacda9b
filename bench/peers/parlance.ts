/** Our own server, as built in dist/ or, as `parlance:DIR/dist/main.js`, another build of it to compare with. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Account } from '../session.js'
import type { MakePeer, Site } from './peer.js'

export const parlance: MakePeer = ({ folder, port, tlsPort, argument, nodeFlags }) => {
  const main = resolve(argument ?? 'dist/main.js')
  const config = join(folder, 'config.yaml')
  return {
    framing: 'xmpp',
    prepare: async accounts => {
      await access(main) // rather than a puzzling answer from `user add`
      await writeFile(config, configuration({ folder, port, tlsPort }))
      await addAccounts({ main, config, folder, accounts })
    },
    command: [process.execPath, ...nodeFlags, main, 'start', '--config', config],
  }
}

const configuration = ({ folder, port, tlsPort }: Pick<Site, 'folder' | 'port' | 'tlsPort'>): string => `
domains: [localhost]
data: ${join(folder, 'data')}
listen: { c2s: "127.0.0.1:${port}", c2s-tls: "127.0.0.1:${tlsPort}", s2s: false, http: false, https: false }
tls: { required: false }
log: { level: warn }
`

interface AccountOrder {
  readonly main: string
  readonly config: string
  readonly folder: string
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

/** Hundreds and more: by the modules of that build, into its database, for the slow hash is then computed only once. */
const pastTheServer: AddAccounts = async ({ main, folder, accounts }) => {
  const module = (file: string) => import(join(dirname(main), file))
  const [{ openDatabase }, { LocalBus }, { silentLog }, { newKeys }, { parseJid }] = await Promise.all(
    ['storage/index.js', 'core/bus.js', 'core/log.js', 'c2s/sasl/keys.js', 'xmpp/jid.js'].map(module),
  )
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  const connection = { filename: join(data, 'parlance.sqlite') }
  const database = await openDatabase({ client: 'sqlite3', connection, bus: new LocalBus(), log: silentLog })
  const keys = new Map<string, unknown>()
  for (const { password } of accounts)
    if (!keys.has(password))
      keys.set(password, await newKeys(password, { prepare: String, random: randomBytes, iterations: 10_000 }))
  await Promise.all(accounts.map(a => database.accounts.create(parseJid(jid(a)), keys.get(a.password))))
  await database.close()
}

/** How accounts come to be: put another way here when the server has a better one. */
const addAccounts: AddAccounts = async order => {
  const ways: readonly (readonly [string, AddAccounts])[] = [
    ...(order.accounts.length > 200 ? [['past the server', pastTheServer] as const] : []),
    ['user add --batch', inOneBatch],
  ]
  for (const [way, add] of ways) {
    try {
      return await add(order)
    } catch (error) {
      console.error(`${way} does not work (${error})`)
    }
  }
  console.error(`adding ${order.accounts.length} accounts one by one`)
  return oneByOne(order)
}

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
