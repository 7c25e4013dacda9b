import type { Limits } from './limits.js'

/** Watches whether a client is still there: one that has been silent for long is asked, and has to answer. */
export class Pulse {
  readonly #limits: Limits
  /** When the client was last heard, and when it was asked whether it is still there; in milliseconds since 1970. */
  #heardAt: number
  #askedAt: number | undefined

  constructor(limits: Limits, now: number) {
    this.#limits = limits
    this.#heardAt = now
  }

  /** It has said something, or could not be heard. */
  heard(now: number): void {
    this.#heardAt = now
    this.#askedAt = undefined
  }

  /**
   * What is to be done: it is to be asked, which counts as done, or it is to be given up. One that is not in use, and of
   * which nothing is expected, is asked more rarely.
   */
  check(now: number, isResting = false): 'ask' | 'give up' | undefined {
    const { idle, inactiveIdle, answerTime } = this.#limits
    if (this.#askedAt !== undefined) return now - this.#askedAt >= answerTime ? 'give up' : undefined
    if (now - this.#heardAt < (isResting ? inactiveIdle : idle)) return undefined
    this.#askedAt = now
    return 'ask'
  }
}
