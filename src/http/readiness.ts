import type { Clock } from '../core/clock.js'

/** Whether a server can do its work at the moment: for whoever sends clients to it, and waits for it to start. */
export class Readiness {
  readonly #clock: Clock
  #state: 'starting' | 'started' | 'stopping' = 'starting'
  #checkDatabase: () => Promise<unknown> = async () => {}
  /** What the database will have answered: it is asked once at a time, however many want to know. */
  #asked: Promise<string | undefined> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All listeners are up. `checkDatabase` rejects when the database cannot be read. */
  started(checkDatabase: () => Promise<unknown>): void {
    this.#checkDatabase = checkDatabase
    if (this.#state === 'starting') this.#state = 'started'
  }

  stopping(): void {
    this.#state = 'stopping'
  }

  /** Why it is not ready, in a sentence; undefined when it is. */
  async problem(): Promise<string | undefined> {
    if (this.#state !== 'started') return `The server is ${this.#state}.`
    this.#asked ??= this.#askDatabase()
    return this.#withPatience(this.#asked)
  }

  async #askDatabase(): Promise<string | undefined> {
    try {
      await Promise.resolve().then(this.#checkDatabase)
      return undefined
    } catch {
      return 'The database cannot be read.'
    } finally {
      this.#asked = undefined
    }
  }

  #withPatience(answer: Promise<string | undefined>): Promise<string | undefined> {
    return new Promise(resolve => {
      const timer = this.#clock.after(PATIENCE_MS, () => resolve('The database does not answer.'))
      answer.then(problem => {
        timer.cancel()
        resolve(problem)
      })
    })
  }
}

/** Those who ask are not patient for more than a few seconds, either. */
const PATIENCE_MS = 2000
