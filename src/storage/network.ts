import { readFile } from 'node:fs/promises'
import type { Knex } from 'knex'
import type { Log } from '../core/log.js'
import { reasonOf } from '../core/system-error.js'
import { capitalised, DatabaseError, driverReason, isNetworkFault } from './errors.js'
import { ACQUIRE_TIMEOUT_MS, type NetworkConnection, type Patience, STATEMENT_TIMEOUT_MS, WAIT_MS } from './options.js'

/** A database that another program serves, and how patient to be with it. */
export interface NetworkSource extends Patience {
  readonly connection: NetworkConnection
  readonly log: Log
}

/** What the dialects of such databases share. */
export interface NetworkPlace {
  /** The database in a sentence, and who serves it. */
  readonly title: string
  readonly server: string
  /** Milliseconds that another program's lock is waited for. */
  readonly lockWait: number
  /** Milliseconds after which the database gives a statement up, and after which nothing is expected of it any more. */
  readonly statementTimeout: number
  readonly unansweredAfter: number
  /** Reads what has to be read from files. Rejects with a DatabaseError. */
  prepare(): Promise<void>
  /** The encryption as the drivers take it; undefined for none. */
  tls(): { readonly ca?: string } | undefined
}

export function networkPlace(product: string, source: NetworkSource): NetworkPlace {
  const { connection, wait = WAIT_MS, statementTimeout = STATEMENT_TIMEOUT_MS } = source
  const { ssl = false } = connection
  const server = `${product} at ${addressOf(connection)}`
  let ca: string | undefined
  return {
    title: `the database "${connection.database}" of ${server}`,
    server,
    lockWait: wait,
    statementTimeout,
    unansweredAfter: statementTimeout + Math.min(statementTimeout, LATE_MS),
    async prepare() {
      if (typeof ssl === 'object') ca = await readAuthorities(ssl.ca)
    },
    tls: () => (ssl === false ? undefined : ca === undefined ? {} : { ca }),
  }
}

/** What an operator can do about a database that cannot be reached. */
export function cannotReach(title: string, fault: unknown): DatabaseError | undefined {
  if (!isNetworkFault(fault)) return undefined
  const cause = fault instanceof AggregateError ? fault.errors[0] : fault
  return new DatabaseError(`There is no way to ${title}: ${reasonOf(cause)}.`, { cause: fault })
}

export const cannotOpen = (title: string, cause: unknown): DatabaseError =>
  new DatabaseError(`${capitalised(title)} cannot be used: ${driverReason(cause)}.`, { cause })

/** Milliseconds that a connection of a pool may take to come about. */
export const connectTime = ({ createTimeoutMillis = ACQUIRE_TIMEOUT_MS }: Knex.PoolConfig): number =>
  createTimeoutMillis

export const isPath = (host: string): boolean => host.startsWith('/')

const addressOf = ({ host, port }: NetworkConnection): string =>
  port === undefined || isPath(host) ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new DatabaseError(`The certificates of the database's authorities, ${file}: ${reasonOf(cause)}.`, { cause })
  }
}

/** The database is to say itself that it takes too long, unless nobody is there to say it. */
const LATE_MS = 5000
