import type { Knex } from 'knex'
import type { DatabaseOptions } from './database.js'
import type { DatabaseError } from './errors.js'
import { sqlite3 } from './sqlite.js'

/** What differs between databases and their drivers. Nothing else in this folder knows which one it is. */
export interface Dialect {
  /** The driver's package. */
  readonly driver: string
  /** Makes the place where the database is to be. Throws a DatabaseError. */
  prepare(options: DatabaseOptions): Promise<void>
  /** What Knex has to be told for a pool of connections. */
  pool(options: DatabaseOptions, size: Knex.PoolConfig): Knex.Config
  /** Looks at a database that has just been opened, and sets what holds for all connections. */
  setUp(db: Knex, options: DatabaseOptions): Promise<void>
  /** Begins a transaction that writes. */
  readonly begin: string
  /** Keeps other processes from changing the schema until the transaction is over; its first statement. */
  readonly lockSchema: string
  /** A column of texts, of so many bytes at most, that compare byte by byte. */
  key(bytes: number): string
  /** A primary key that counts up by itself. */
  readonly counter: string
  /** Makes a copy of the database, where that is ours to do. */
  backUp?(db: Knex, options: DatabaseOptions, name: string): Promise<Backup>
  /** Whether a fault is the database's, so that other writes would fail as well. */
  isOutage(fault: unknown): boolean
  /** What an operator can do about a database that cannot be opened. */
  explain(fault: unknown, options: DatabaseOptions): DatabaseError
}

export interface Backup {
  /** Puts it under its name; gives where it is. */
  keep(): Promise<string>
  /** Removes it, unless it was kept. */
  discard(): Promise<void>
}

export const dialects: Readonly<Record<DatabaseOptions['client'], Dialect>> = { sqlite3 }
