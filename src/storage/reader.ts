import type { Connections } from './connections.js'
import { DatabaseError, driverReason } from './errors.js'
import type { Statements } from './statements.js'

/** All reads of a process. They have connections of their own: no commit holds them up, and they hold up none. */
export class Reader {
  readonly #connections: Connections
  #underWay = 0

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** Rejects with a DatabaseError. */
  async read<T>(query: (on: Statements) => PromiseLike<T>): Promise<T> {
    if (this.#underWay >= MAX_UNDER_WAY)
      throw new DatabaseError('Too much waits to be read: the database does not keep up.')
    this.#underWay++
    try {
      return await this.#connections.use(query)
    } catch (cause) {
      throw new DatabaseError(`The database failed to read: ${driverReason(cause)}.`, { cause })
    } finally {
      this.#underWay--
    }
  }
}

const MAX_UNDER_WAY = 10_000
