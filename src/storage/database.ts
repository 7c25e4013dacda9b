import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { Accounts } from '../core/accounts.js'
import type { Bus } from '../core/bus.js'
import { type Clock, systemClock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import { LogIds } from '../core/log-ids.js'
import type { Storage } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import { SqlAccounts } from './accounts.js'
import { connect } from './connect.js'
import { type Dialect, dialects } from './dialect.js'
import { checkDriver } from './driver.js'
import { DatabaseError } from './errors.js'
import { LogCounts } from './log-counts.js'
import { lastId } from './logs.js'
import { type Migration, migrate, migrations } from './migrations.js'
import type { Desk } from './place.js'
import { secret } from './secrets.js'
import { onPool } from './statements.js'
import { SqlStorage } from './storage.js'
import { Writer } from './writer.js'

/** Knex's own words for which database it is, and what the database needs of its surroundings. */
export interface DatabaseOptions {
  readonly client: 'sqlite3'
  readonly connection: { readonly filename: string }
  /** Connections that read; there is one more that writes. */
  readonly pool?: { readonly min?: number; readonly max?: number }
  /** Milliseconds to wait for another process that is writing. */
  readonly busyTimeout?: number
  readonly bus: Bus
  readonly log: Log
  readonly clock?: Clock
  /** The steps of the schema; others than the program's own are for tests. */
  readonly migrations?: readonly Migration[]
}

export interface Database {
  readonly storage: Storage
  readonly accounts: Accounts
  /** Removes all that any store keeps of an owner. Accounts go by `accounts.remove`; this is for rooms. */
  erase(owner: Jid): Promise<void>
  /** The server's secret of this name: 32 random bytes, made when it is first asked for and the same ever after. */
  secret(name: string): Promise<Uint8Array>
  /** All that was asked for before is through. */
  settled(): Promise<void>
  /** Commits what was asked for before, takes no more, and lets go of the database. */
  close(): Promise<void>
}

/** Opens the database, made or brought up to date if need be. Rejects with a DatabaseError for the operator. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dialect = dialects[options.client]
  await checkDriver(options.client)
  await dialect.prepare(options)
  const writing = connect(dialect, options, { min: 0, max: 1 })
  const reading = connect(dialect, options, { min: 0, max: 4, ...options.pool })
  try {
    await dialect.setUp(writing, options)
    await migrate(writing, dialect, options, options.migrations ?? migrations)
    return await start({ writing, reading, dialect, options })
  } catch (fault) {
    await Promise.all([writing.destroy(), reading.destroy()])
    throw fault instanceof DatabaseError ? fault : dialect.explain(fault, options)
  }
}

interface Parts {
  readonly writing: Knex
  readonly reading: Knex
  readonly dialect: Dialect
  readonly options: DatabaseOptions
}

async function start({ writing, reading, dialect, options }: Parts): Promise<Database> {
  const { bus, log, clock = systemClock } = options
  const counts = new LogCounts(clock)
  const writer = new Writer({ db: writing, dialect, log, rolledBack: () => counts.clear() })
  const desk: Desk = { reads: onPool(reading), writer }
  const ids = new LogIds({ clock, random: randomBytes, after: await lastId(desk.reads) })
  const storage = new SqlStorage({ desk, ids, counts })
  const accounts = new SqlAccounts({ desk, storage, bus, clock })
  return {
    storage,
    accounts,
    erase: owner => storage.erase(owner),
    secret: name => secret(desk, name),
    settled: async () => writer.settled(),
    async close() {
      accounts.close()
      await writer.close()
      await Promise.all([writing.destroy(), reading.destroy()])
    },
  }
}
