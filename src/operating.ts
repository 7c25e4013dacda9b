import { randomBytes } from 'node:crypto'
import { announceCommand } from './admin/announce.js'
import { type Door, openLocalDoor } from './admin/door.js'
import { type Ending, lifecycleCommands } from './admin/lifecycle.js'
import { serverCommands } from './admin/server.js'
import { sessionCommands } from './admin/sessions.js'
import { openSocketDoor } from './admin/socket-door.js'
import { statusCommand } from './admin/status.js'
import { userShowCommand } from './admin/user-show.js'
import { userCommands } from './admin/users.js'
import { newKeys } from './c2s/sasl/keys.js'
import { type Config, dataFolderIn, loadConfig } from './config.js'
import type { Accounts, Credentials } from './core/accounts.js'
import { LocalBus } from './core/bus.js'
import { type Clock, systemClock } from './core/clock.js'
import { ConfigError } from './core/config.js'
import type { Directory } from './core/directory.js'
import type { Host } from './core/host.js'
import { silentLog } from './core/log.js'
import type { Sample } from './core/metrics.js'
import { type Command, CommandError, type Outbound, type Result } from './core/module.js'
import { ownVersion } from './core/own-version.js'
import { adminSocketIn, prepareFolder } from './folder.js'
import { placesIn } from './listening.js'
import { LEVELS, type LeveledLog } from './log.js'
import { modules } from './modules/index.js'
import { type Database, openDatabase } from './storage/index.js'
import { preparePassword } from './xmpp/jid.js'

/** A server that runs, as far as operators have to do with it. */
export interface Operated {
  /** In force. */
  readonly config: Config
  readonly accounts: Accounts
  readonly domains: ReadonlySet<string>
  readonly directory: Directory
  readonly router: Outbound
  readonly host: Host
  readonly database: Database
  readonly clock: Clock
  readonly log: LeveledLog
  readonly randomId: () => string
  /** Reads the configuration anew. Rejects with a CommandError when it is not taken. */
  readonly reload: () => Promise<Result>
  /** Only reads it. Throws a ConfigError. */
  readonly load: () => Config
  /** Has the server end. */
  readonly end: (how: Ending) => void
}

/** What operators can have done with a server that runs; modules have more. */
export function operatorCommands(server: Operated): readonly Command[] {
  const { config, host, accounts, directory: sessions } = server
  const announce = announceCommand({ ...server, sessions })
  return [
    ...userCommands({ ...server, accounts: async () => accounts, derive: deriver(config) }),
    userShowCommand({ accounts, sessions, facts: account => host.facts(account) }),
    ...sessionCommands({ sessions }),
    announce,
    ...lifecycleCommands({ ...server, announce: text => announce.run({ text }), checkStart: () => checkStart(server) }),
    statusCommand({ ...server, sessions, version: ownVersion(), more: () => whereabouts(server) }),
    ...serverCommands({ ...server, modules, loaded: () => host.settings(), levels: LEVELS }),
  ]
}

/** A server that could not start again shall not stop. */
function checkStart({ load }: Operated): void {
  try {
    load()
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    throw new CommandError(`${cause.message}; the server goes on.`, { condition: 'conflict', cause })
  }
}

async function whereabouts({ config, database }: Operated): Promise<Readonly<Record<string, string>>> {
  const places = placesIn(config.listen).map(({ name, at }) => `${name} ${at.host ?? '*'}:${at.port}`)
  const state = await database.check().then(
    () => 'works',
    () => 'cannot be read; the log says why',
  )
  return {
    Listening: places.join(', '),
    Data: config.data,
    Database: `${config.storage.client}, ${state}`,
    Commits: await commitsOf(database),
  }
}

/** How long commits have taken since the start. */
async function commitsOf({ metrics }: Database): Promise<string> {
  const reading = await metrics.find(({ name }) => name === 'parlance_commit_seconds')?.read()
  const samples = typeof reading === 'object' ? reading : []
  const numberOf = (part: Sample['part']) => samples.find(sample => sample.part === part)?.value ?? 0
  const count = numberOf('count')
  if (count === 0) return 'none yet'
  const most = samples.find(({ part, value }) => part === 'bucket' && value >= count * 0.99)?.labels?.le
  return `${count}, ${inMs(numberOf('sum') / count)} each, 99 of 100 within ${inMs(Number(most))}`
}

const inMs = (seconds: number): string =>
  Number.isFinite(seconds) ? `${Number((seconds * 1000).toPrecision(2))} ms` : 'more time than is measured'

/** The way to the commands: through the server that runs with this configuration, or past it when none does. */
export async function openDoor(file: string | undefined): Promise<Door> {
  let config: Config
  try {
    config = loadConfig(file)
  } catch (fault) {
    // a server that runs has read it when it was good
    const door = await openSocketDoor(adminSocketIn({ data: dataFolderIn(file) }))
    if (door) return door
    throw fault
  }
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
  const domains = new Set(config.domains.keys())
  return openLocalDoor(userCommands({ accounts, domains, derive: deriver(config) }), async () => {
    const database = await opened?.catch(() => undefined) // whoever wanted it has been told
    await database?.close()
  })
}

/** What is kept of a password. */
export const deriver =
  (config: Config) =>
  (password: string): Promise<Credentials> =>
    newKeys(password, { prepare: preparePassword, random: randomBytes, iterations: config.auth.iterations })
