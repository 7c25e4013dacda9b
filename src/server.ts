import { randomBytes } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Door, openLocalDoor } from './admin/door.js'
import { AdminSocket } from './admin/socket.js'
import { openSocketDoor } from './admin/socket-door.js'
import { userCommands } from './admin/users.js'
import { type C2s, createC2s } from './c2s/index.js'
import { newKeys } from './c2s/sasl/keys.js'
import type { Config } from './config.js'
import type { Accounts } from './core/accounts.js'
import type { Awaitable } from './core/awaitable.js'
import { LocalBus } from './core/bus.js'
import { systemClock } from './core/clock.js'
import { ConfigError } from './core/config.js'
import { LocalDirectory } from './core/directory.js'
import { Host } from './core/host.js'
import { type Log, silentLog } from './core/log.js'
import type { Outbound } from './core/module.js'
import { Router } from './core/router.js'
import { hasCode, reasonOf } from './core/system-error.js'
import { openLog } from './log.js'
import { modules } from './modules/index.js'
import type { Address } from './settings.js'
import { openDatabase } from './storage/index.js'
import { type Certificate, openCertificates } from './tls/certificates.js'
import { preparePassword } from './xmpp/jid.js'

/** A server that runs. */
export interface Server {
  readonly log: Log
  readonly certificates: readonly Certificate[]
  /** Says goodbye to everybody and closes everything; what was promised to be kept is kept. */
  stop(): Promise<void>
}

/** Builds a server, all of it, and lets it listen. Rejects with a sentence for the operator, and has left nothing open. */
export async function startServer(config: Config): Promise<Server> {
  const log = openLog(config.log.level)
  const closers: Closer[] = []
  try {
    return await build(config, log, closers)
  } catch (fault) {
    await closeAll(closers, log)
    throw fault
  }
}

/** In the order in which they were opened; they are closed in the opposite one. */
type Closer = readonly [what: string, close: () => Awaitable<void>]

async function closeAll(closers: readonly Closer[], log: Log): Promise<void> {
  for (const [what, close] of closers.toReversed()) {
    try {
      await close()
    } catch (err) {
      log.error({ what, err }, 'closing failed')
    }
  }
}

async function build(config: Config, log: Log, closers: Closer[]): Promise<Server> {
  await prepareFolder(config.data)
  const admin = await AdminSocket.open({ file: adminSocketIn(config), log })
  closers.push(['admin socket', () => admin.close()])

  const clock = systemClock
  const bus = new LocalBus()
  const database = await openDatabase({ ...config.storage, bus, clock, log })
  closers.push(['database', () => database.close()])

  const certificates = await openCertificates({ domains: config.domains, folder: certificatesIn(config), clock, log })

  const { accounts, storage } = database
  const directory = new LocalDirectory()
  const host = new Host(log)
  const world = { accounts, bus, clock, domains: domainsOf(config), log, randomId }
  // the router asks for the modules' hooks when it is made, and modules send nothing before
  const outbound: Outbound = { route: stanza => router.route(stanza) }
  host.load(modules, config.modules, { ...world, router: outbound, sessions: directory, storage })
  closers.push(['modules', () => host.stop()])
  const router = new Router({ ...world, host, directory })

  const c2s = createC2s({
    ...world,
    host,
    router,
    directory,
    certificates,
    limits: config.limits,
    tlsRequired: config.tls.required,
    iterations: config.auth.iterations,
    serverSecret: await database.secret('sasl'),
  })
  closers.push(['clients', () => c2s.stop()])

  await listen(config, c2s, log)
  admin.offer([...userCommands(userParts(config, async () => accounts)), ...host.commands()])
  closers.push(['commands', () => admin.withdraw()])
  log.info({ domains: [...world.domains], listen: config.listen, data: config.data }, 'started')

  let stopped: Promise<void> | undefined
  return {
    log,
    certificates: certificates.all,
    stop() {
      log.info({}, 'stopping')
      stopped ??= closeAll(closers, log).then(() => log.info({}, 'stopped'))
      return stopped
    },
  }
}

const randomId = (): string => randomBytes(16).toString('base64url')

const domainsOf = (config: Config): ReadonlySet<string> => new Set(config.domains.keys())

/** The way to the commands: through the server that runs with this configuration, or past it when none does. */
export async function openDoor(config: Config): Promise<Door> {
  return (await openSocketDoor(adminSocketIn(config))) ?? openDoorPastServer(config)
}

/** The database is opened when a command wants it. */
export function openDoorPastServer(config: Config): Door {
  let opened: ReturnType<typeof open> | undefined
  const open = async () => {
    await prepareFolder(config.data)
    return openDatabase({ ...config.storage, bus: new LocalBus(), clock: systemClock, log: silentLog })
  }
  const accounts = async () => {
    opened ??= open()
    return (await opened).accounts
  }
  return openLocalDoor(userCommands(userParts(config, accounts)), async () => {
    const database = await opened?.catch(() => undefined) // whoever wanted it has been told
    await database?.close()
  })
}

const userParts = (config: Config, accounts: () => Promise<Accounts>) => ({
  accounts,
  domains: domainsOf(config),
  derive: (password: string) =>
    newKeys(password, { prepare: preparePassword, random: randomBytes, iterations: config.auth.iterations }),
})

export const adminSocketIn = ({ data }: Config): string => path.join(data, 'admin.sock')

export const certificatesIn = ({ data }: Config): string => path.join(data, 'certs')

/** What is in it is nobody else's business. */
async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (fault) {
    throw cannotUse(folder, fault)
  }
}

export const cannotUse = (folder: string, fault: unknown): ConfigError =>
  new ConfigError('data', `${folder} cannot be used: ${reasonOf(fault)}; a folder that can be written was expected`)

/** Who listens where. What is not among them is not part of this version. */
const listeners: { readonly [L in keyof Config['listen']]?: (c2s: C2s, at: Address) => Promise<void> } = {
  c2s: (c2s, at) => c2s.listen(at, 'starttls'),
  'c2s-tls': (c2s, at) => c2s.listen(at, 'tls'),
}

async function listen(config: Config, c2s: C2s, log: Log): Promise<void> {
  for (const [name, at] of listeningAt(config)) {
    const start = listeners[name]
    if (!start) log.warn({ listen: name, at }, 'nobody listens there: this version has nothing for it')
    await start?.(c2s, at).catch(fault => {
      throw cannotListen(name, at, fault)
    })
  }
}

export const listeningAt = ({ listen }: Config): readonly (readonly [name: keyof Config['listen'], at: Address])[] =>
  // the keys are what the type says: settings are read key by key
  (Object.keys(listen) as (keyof Config['listen'])[]).flatMap(name => listen[name].map(at => [name, at] as const))

/** What to tell an operator about a place where nobody can listen. */
export function cannotListen(name: string, at: Address, fault: unknown): unknown {
  const say = COMPLAINTS.find(([code]) => hasCode(fault, code))?.[1]
  return say ? new ConfigError(`listen.${name}`, say(at)) : fault
}

const COMPLAINTS: readonly (readonly [code: string, say: (at: Address) => string])[] = [
  ['EADDRINUSE', at => `port ${at.port} on ${hostOf(at)} is in use: another program listens there`],
  [
    'EACCES',
    at => `port ${at.port} on ${hostOf(at)} is not for this user: ports below 1024 are the system administrator's`,
  ],
  ['EADDRNOTAVAIL', at => `port ${at.port} on ${hostOf(at)} cannot be had: this is no address of this machine`],
  ['ENOTFOUND', at => `port ${at.port} on ${hostOf(at)} cannot be had: nobody knows the address of this name`],
]

const hostOf = ({ host = 'all addresses' }: Address): string => host
