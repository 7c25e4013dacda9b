import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import knex, { type Knex } from 'knex'
import type { Log } from '../core/log.js'
import type { Dialect, Purpose } from './dialect.js'
import { ACQUIRE_TIMEOUT_MS } from './options.js'
import { type Manner, type Statements, statementsOn } from './statements.js'

export interface ConnectionsOptions {
  readonly dialect: Pick<Dialect, 'pool' | 'unansweredAfter' | 'using' | 'isSynchronous'>
  readonly purpose: Purpose
  /** How many at most; they are made when they are needed. */
  readonly max: number
  readonly min?: number
  /** Milliseconds to wait for one that is free. */
  readonly acquireTimeoutMillis?: number
  /** Milliseconds to go on trying when the database cannot be reached. */
  readonly wait: number
  readonly log: Log
}

/** Connections to a database. What is asked for while it is away waits a little for it to come back. */
export class Connections {
  readonly db: Knex
  readonly #wait: number
  readonly #manner: Manner
  readonly #isSynchronous: boolean
  #closed = false

  constructor({
    dialect,
    purpose,
    log,
    wait,
    min = 0,
    max,
    acquireTimeoutMillis = ACQUIRE_TIMEOUT_MS,
  }: ConnectionsOptions) {
    this.#wait = wait
    this.#isSynchronous = dialect.isSynchronous ?? false
    const unansweredAfter = purpose === 'serve' ? dialect.unansweredAfter : undefined
    this.#manner = { unansweredAfter, using: dialect.using }
    // what concerns anybody comes as a fault as well
    const say = (message: unknown) => log.debug({ message: String(message) }, 'Knex warns')
    this.db = knex({
      ...dialect.pool({ min, max, acquireTimeoutMillis, createTimeoutMillis: acquireTimeoutMillis }, purpose),
      // an error would carry what was to be written, and land in the log
      compileSqlOnError: false,
      log: { warn: say, error: say, deprecate: say, debug: () => {} },
    })
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Lends a connection. Nothing has been sent to the database when it rejects because there is none. */
  async use<T>(work: (on: Statements) => PromiseLike<T>): Promise<T> {
    const connection = await this.#acquire()
    try {
      return await work(statementsOn(this.db, connection, this.#manner))
    } finally {
      await this.db.client.releaseConnection(connection)
    }
  }

  /**
   * All of the work or nothing of it. Knex's own transactions do not roll back when the commit fails, which leaves an
   * open transaction on the connection, and they cost twice as much.
   */
  async transact<T>(begin: string | readonly string[], work: (on: Statements) => Promise<T>): Promise<T> {
    const connection = await this.#acquire()
    const on = statementsOn(this.db, connection, this.#manner)
    try {
      for (const statement of [begin].flat()) await on.raw(statement)
      const result = await work(on)
      await on.raw('COMMIT')
      return result
    } catch (fault) {
      await rollBack(connection, on, fault)
      throw fault
    } finally {
      await this.db.client.releaseConnection(connection)
    }
  }

  /** Waits until those that were lent are back. */
  async close(): Promise<void> {
    this.#closed = true
    await this.db.destroy()
  }

  async #acquire(): Promise<Connection> {
    // whoever asks again and again would let nobody else get a turn
    if (this.#isSynchronous) await turn()
    const deadline = performance.now() + this.#wait
    for (;;) {
      try {
        return await this.db.client.acquireConnection()
      } catch (fault) {
        const left = deadline - performance.now()
        if (this.#closed || left <= 0) throw fault
        await pause(Math.min(left, RETRY_MS))
      }
    }
  }
}

/** What Knex leaves on a driver's connection: why another one is to be opened in its place. */
interface Connection {
  __knex__disposed?: unknown
}

async function rollBack(connection: Connection, on: Statements, fault: unknown): Promise<void> {
  if (connection.__knex__disposed) return
  try {
    await on.raw('ROLLBACK')
  } catch {
    // in what state it is nobody knows
    connection.__knex__disposed = fault
  }
}

/** Milliseconds between two tries. */
export const RETRY_MS = 200
