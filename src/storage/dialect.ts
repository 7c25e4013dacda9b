import type { Knex } from 'knex'
import { betterSqlite3 } from './better-sqlite3.js'
import type { DatabaseError } from './errors.js'
import { mysql2 } from './mysql2.js'
import type { DatabaseSource } from './options.js'
import { pg } from './pg.js'
import { sqlite3 } from './sqlite3.js'

/** What connections are for: the server's work; changes that may take long; or only to look, when nothing can be written. */
export type Purpose = 'serve' | 'maintain' | 'look'

/** What differs between databases and their drivers. Nothing else in this folder knows which one it is. */
export interface Dialect {
  /** The driver's package. */
  readonly driver: string
  /** The database in a sentence. */
  readonly title: string
  /** Makes the place where the database is to be, or looks whether it is there. Rejects with a DatabaseError. */
  prepare(purpose: Purpose): Promise<void>
  /** What Knex has to be told for a pool of connections. */
  pool(size: Knex.PoolConfig, purpose: Purpose): Knex.Config
  /** Looks at a database that has just been opened, and sets what holds for all connections. */
  setUp(db: Knex): Promise<void>
  /** Whether nothing else happens in the process while the driver works. */
  readonly isSynchronous?: boolean
  /** Milliseconds after which a statement that was not answered never will be; undefined where nobody else answers. */
  readonly unansweredAfter?: number
  /** A table whose rows are to be found by this index, where the database would rather read more than it has to. */
  readonly using?: (table: string, index: string) => string
  /** Begins a transaction that writes. */
  readonly begin: string
  /** Begins one that only reads, and sees the database as it is now until it ends. */
  readonly beginSnapshot: readonly string[]
  /** Keeps other processes from changing the schema until the transaction is over, or it is unlocked. */
  lockSchema(trx: Knex): Promise<void>
  unlockSchema?(trx: Knex): Promise<void>
  /** A column of texts, of so many bytes at most, that compare byte by byte. */
  key(bytes: number): string
  /** A primary key that counts up by itself. */
  readonly counter: string
  /** Says how a table is kept, where that has to be said. */
  keep?(table: Knex.CreateTableBuilder): void
  /** Makes a copy of the database, where that is ours to do. */
  backUp?(db: Knex, name: string): Promise<Backup>
  /** Whether the connection was lost, or the other side is just going: over another one the same may be answered. */
  isLost(fault: unknown): boolean
  /** Whether a fault is the database's, so that other writes would fail as well. */
  isOutage(fault: unknown): boolean
  /** Whether another process came in between, so that the same succeeds when it is tried again. Nothing of it is left. */
  isConflict(fault: unknown): boolean
  /** What an operator can do about a database that cannot be opened. */
  explain(fault: unknown): DatabaseError
}

export interface Backup {
  /** Puts it under its name; gives where it is. */
  keep(): Promise<string>
  /** Removes it, unless it was kept. */
  discard(): Promise<void>
}

export function dialectOf(source: DatabaseSource): Dialect {
  switch (source.client) {
    case 'sqlite3':
      return sqlite3(source)
    case 'better-sqlite3':
      return betterSqlite3(source)
    case 'pg':
      return pg(source)
    case 'mysql2':
      return mysql2(source)
  }
}
