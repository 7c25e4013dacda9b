import type { Bus } from '../core/bus.js'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { Migration } from './migrations.js'

/** A database in a file. */
export interface FileConnection {
  readonly filename: string
}

/** A database that another program serves. */
export interface NetworkConnection {
  /** A name, an address, or the path of a Unix socket; for PostgreSQL that of the folder it is in. */
  readonly host: string
  /** The database's usual one unless it is said. */
  readonly port?: number
  readonly user: string
  readonly password?: string
  readonly database: string
  /** Whether to encrypt, and if not the authorities of the system are to be believed, a PEM file with those that are. */
  readonly ssl?: boolean | { readonly ca: string }
}

/** Which database it is, in the words of Knex. */
export type DatabasePlace =
  | { readonly client: 'sqlite3' | 'better-sqlite3'; readonly connection: FileConnection }
  | { readonly client: 'pg' | 'mysql2'; readonly connection: NetworkConnection }

export type Client = DatabasePlace['client']

/** How patient to be with a database, and how much to ask of it at a time. */
export interface Patience {
  /** Connections that read; there is one more that writes. */
  readonly pool?: {
    readonly min?: number
    readonly max?: number
    /** Milliseconds that a read waits for its turn. */
    readonly acquireTimeoutMillis?: number
  }
  /** Milliseconds to wait for a database that cannot be reached, or for what another program holds. */
  readonly wait?: number
  /** Milliseconds after which a statement is given up, where the database is another program. */
  readonly statementTimeout?: number
}

/** A database that may be looked at. */
export type DatabaseSource = DatabasePlace & Patience & { readonly log: Log }

/** A database, and what it needs of its surroundings. */
export type DatabaseOptions = DatabaseSource & {
  readonly bus: Bus
  readonly clock?: Clock
  /** The steps of the schema; others than the program's own are for tests. */
  readonly migrations?: readonly Migration[]
}

export const WAIT_MS = 5000
export const STATEMENT_TIMEOUT_MS = 30_000
export const ACQUIRE_TIMEOUT_MS = 10_000

/** Something with a database that is a file. */
export type FilePlace = Extract<DatabasePlace, { readonly connection: FileConnection }>

export const isFile = <D extends DatabasePlace>(database: D): database is D & FilePlace =>
  'filename' in database.connection
