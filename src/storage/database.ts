import { randomBytes } from 'node:crypto'
import type { Accounts } from '../core/accounts.js'
import { systemClock } from '../core/clock.js'
import { LogIds } from '../core/log-ids.js'
import type { Metric } from '../core/metrics.js'
import type { Storage } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import { SqlAccounts } from './accounts.js'
import { ArchiveCounts } from './archive-counts.js'
import { Connections } from './connections.js'
import { type Dialect, dialectOf } from './dialect.js'
import { checkDriver } from './driver.js'
import { DatabaseError } from './errors.js'
import { LogCounts } from './log-counts.js'
import { databaseMetrics } from './metrics.js'
import { migrate } from './migrations.js'
import { type DatabaseOptions, WAIT_MS } from './options.js'
import type { Desk } from './place.js'
import { Reader } from './reader.js'
import { secret } from './secrets.js'
import type { Statements } from './statements.js'
import { SqlStorage } from './storage.js'
import { Writer } from './writer.js'

export interface Database {
  readonly storage: Storage
  readonly accounts: Accounts
  /** Removes all that any store keeps of an owner. Accounts go by `accounts.remove`; this is for rooms. */
  erase(owner: Jid): Promise<void>
  /** The server's secret of this name: 32 random bytes, made when it is first asked for and the same ever after. */
  secret(name: string): Promise<Uint8Array>
  /** What operators can watch. */
  readonly metrics: readonly Metric[]
  /** Rejects when it cannot be read at the moment. */
  check(): Promise<void>
  /** All that was asked for before is through. */
  settled(): Promise<void>
  /** Commits what was asked for before, takes no more, and lets go of the database. */
  close(): Promise<void>
}

/** Opens the database, made or brought up to date if need be. Rejects with a DatabaseError for the operator. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dialect = dialectOf(options)
  await bringUpToDate(dialect, options)
  const connections = { dialect, log: options.log, wait: options.wait ?? WAIT_MS, purpose: 'serve' } as const
  const reading = new Connections({ ...connections, max: 4, ...options.pool })
  const writing = new Connections({ ...connections, ...options.pool, min: 0, max: 1 })
  try {
    return await start({ writing, reading, dialect, options })
  } catch (fault) {
    await Promise.all([writing.close(), reading.close()])
    throw fault
  }
}

/** Makes the database or brings it up to date, if need be. Rejects with a DatabaseError for the operator. */
export async function bringUpToDate(
  dialect: Dialect,
  { client, log, migrations: steps }: Pick<DatabaseOptions, 'client' | 'log' | 'migrations'>,
): Promise<void> {
  await checkDriver(client)
  await dialect.prepare('maintain')
  // by itself, for changes of the schema take what time they need
  const connections = new Connections({ dialect, purpose: 'maintain', max: 1, wait: 0, log })
  try {
    await dialect.setUp(connections.db)
    await migrate(connections.db, { dialect, log, ...(steps && { steps }) })
  } catch (fault) {
    throw fault instanceof DatabaseError ? fault : dialect.explain(fault)
  } finally {
    await connections.close()
  }
}

interface Parts {
  readonly writing: Connections
  readonly reading: Connections
  readonly dialect: Dialect
  readonly options: DatabaseOptions
}

async function start({ writing, reading, dialect, options }: Parts): Promise<Database> {
  const { bus, log, clock = systemClock } = options
  const counts = new LogCounts(clock)
  const archiveCounts = new ArchiveCounts(clock)
  const rolledBack = () => {
    counts.clear()
    archiveCounts.clear()
  }
  const writer = new Writer({ connections: writing, dialect, log, rolledBack })
  const reader = new Reader({ connections: reading, dialect, wait: options.wait ?? WAIT_MS })
  const desk: Desk = { reader, writer }
  const ids = new LogIds({ clock, random: randomBytes, after: await reader.read(lastId) })
  const storage = new SqlStorage({ desk, ids, counts, archiveCounts })
  const accounts = new SqlAccounts({ desk, storage, bus, clock })
  return {
    storage,
    accounts,
    erase: owner => storage.erase(owner),
    secret: name => secret(desk, name),
    metrics: databaseMetrics({ writer, accounts, clock }),
    async check() {
      await reader.read(on => on.table('accounts').select().limit(1))
    },
    settled: async () => writer.settled(),
    async close() {
      accounts.close()
      await writer.close()
      await Promise.all([writing.close(), reading.close()])
    },
  }
}

/** The greatest id of those that were committed last. */
async function lastId(on: Statements): Promise<string | undefined> {
  const ids: string[] = []
  for (const table of ['log_entries', 'archive_entries'])
    ids.push(...(await on.table<{ id: string }>(table).orderBy('n', 'desc').limit(1).pluck('id')))
  return ids.sort().at(-1)
}
