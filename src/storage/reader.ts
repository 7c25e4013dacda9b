import { setTimeout as pause } from 'node:timers/promises'
import { type Connections, RETRY_MS } from './connections.js'
import type { Dialect } from './dialect.js'
import { DatabaseError, driverReason } from './errors.js'
import type { Statements } from './statements.js'

export interface ReaderOptions {
  readonly connections: Pick<Connections, 'use' | 'isClosed'>
  readonly dialect: Pick<Dialect, 'isLost'>
  /** Milliseconds for which what was not answered is asked again. */
  readonly wait: number
}

/** All reads of a process. They have connections of their own: no commit holds them up, and they hold up none. */
export class Reader {
  readonly #options: ReaderOptions
  #underWay = 0

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Rejects with a DatabaseError. */
  async read<T>(query: (on: Statements) => PromiseLike<T>): Promise<T> {
    if (this.#underWay >= MAX_UNDER_WAY)
      throw new DatabaseError('Too much waits to be read: the database does not keep up.')
    this.#underWay++
    try {
      return await this.#ask(query, performance.now() + this.#options.wait)
    } catch (cause) {
      throw new DatabaseError(`The database failed to read: ${driverReason(cause)}.`, { cause })
    } finally {
      this.#underWay--
    }
  }

  async #ask<T>(query: (on: Statements) => PromiseLike<T>, deadline: number): Promise<T> {
    const { connections, dialect } = this.#options
    for (;;) {
      try {
        return await connections.use(query)
      } catch (fault) {
        const left = deadline - performance.now()
        if (connections.isClosed || left <= 0 || !dialect.isLost(fault)) throw fault
        await pause(Math.min(left, RETRY_MS))
      }
    }
  }
}

const MAX_UNDER_WAY = 10_000
