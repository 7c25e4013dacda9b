import type { Clock, Timer } from '../core/clock.js'
import type { Limits } from './limits.js'

/**
 * How much of a client is read: so much a second, and so much at once after it has been quiet (a token bucket). What is
 * beyond that is not refused, it is read later. The clock is looked at only when everything is used up.
 */
export class Allowance {
  readonly #limits: Limits
  readonly #clock: Clock
  /** Goes on with the reading. */
  readonly #goOn: () => void
  #stanzas: number
  #bytes: number
  #filledAt: number
  #timer: Timer | undefined

  constructor({ limits, clock }: { readonly limits: Limits; readonly clock: Clock }, goOn: () => void) {
    this.#limits = limits
    this.#clock = clock
    this.#goOn = goOn
    this.#stanzas = limits.stanzaBurst
    this.#bytes = limits.byteBurst
    this.#filledAt = clock.now()
  }

  tookStanza(): void {
    this.#stanzas--
  }

  tookBytes(count: number): void {
    this.#bytes -= count
  }

  /** Whether it waits until there is something to use again. */
  get isWaiting(): boolean {
    return this.#timer !== undefined
  }

  /** Whether there is something left. When there is not, the reading goes on of itself as soon as there is. */
  get isLeft(): boolean {
    return (this.#stanzas > 0 && this.#bytes > 0) || this.#refill()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #refill(): boolean {
    const { stanzaRate, stanzaBurst, byteRate, byteBurst } = this.#limits
    const now = this.#clock.now()
    const seconds = Math.max(0, now - this.#filledAt) / 1000
    this.#filledAt = now
    this.#stanzas = filled(this.#stanzas, seconds, stanzaRate, stanzaBurst)
    this.#bytes = filled(this.#bytes, seconds, byteRate, byteBurst)
    const wait = Math.max(lack(this.#stanzas, stanzaRate), lack(this.#bytes, byteRate))
    if (wait === 0) return true
    this.#timer ??= this.#clock.after(Math.max(wait, SHORTEST_MS), () => {
      this.#timer = undefined
      this.#goOn()
    })
    return false
  }
}

/** Waking up for each stanza would cost more than it. */
const SHORTEST_MS = 50

/** A rate of 0 is none: there is always something left. */
const filled = (left: number, seconds: number, rate: number, burst: number): number =>
  rate === 0 ? burst : Math.min(burst, left + seconds * rate)

/** In milliseconds, until something is left; 0 when something is. */
const lack = (left: number, rate: number): number => (left > 0 ? 0 : Math.ceil(((1 - left) * 1000) / rate))
