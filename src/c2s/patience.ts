import type { Clock } from '../core/clock.js'
import type { Limits } from './limits.js'

/** What waits for a client. */
export interface Burden {
  readonly count: number
  readonly bytes: number
}

/**
 * Says when too much waits for a client. A burst is no fault of its: over the limits (`queue`, `queueBytes`) it has
 * `answerTime` to take some of it. Far over them, or when there is nobody to take it, nobody waits for it.
 */
export class Patience {
  readonly #limits: Limits
  readonly #clock: Clock
  /** Since when it has taken nothing, or has been over the limits; in milliseconds since 1970. */
  #since: number | undefined

  constructor({ limits, clock }: { readonly limits: Limits; readonly clock: Clock }) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Its time begins, unless it runs. */
  begin(): void {
    this.#since ??= this.#clock.now()
  }

  /** It has taken something. */
  end(): void {
    this.#since = undefined
  }

  get isRunning(): boolean {
    return this.#since !== undefined
  }

  isOver({ count, bytes }: Burden): boolean {
    return count > this.#limits.queue || bytes > this.#limits.queueBytes
  }

  isFarOver({ count, bytes }: Burden): boolean {
    const { queue, queueBytes } = this.#limits
    return count > TIMES * queue || bytes > Math.max(queueBytes, Math.min(TIMES * queueBytes, MOST_BYTES))
  }

  /** Whether its time is up. */
  get isGone(): boolean {
    return this.#since !== undefined && this.#clock.now() - this.#since >= this.#limits.answerTime
  }
}

const TIMES = 10

/** What one client may cost: the stanzas take about twice as much memory as their text. */
const MOST_BYTES = 8 * 1024 * 1024
