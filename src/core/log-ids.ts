import type { Clock } from './clock.js'

/**
 * Makes the ids of log entries: when (50 bits of milliseconds), the how many-th in that millisecond (15 bits), and 65
 * random bits, so that no other process makes the same; 5 bits a character. Compared as texts each is greater than the
 * one before, also when the clock goes back.
 */
export class LogIds {
  readonly #clock: Clock
  readonly #random: (bytes: number) => Uint8Array
  #ms = 0
  #count = 0
  #prefix = ''
  #pool: Uint8Array = new Uint8Array()
  #used = 0

  constructor(options: {
    readonly clock: Clock
    readonly random: (bytes: number) => Uint8Array
    /** An id that all new ones have to be greater than: the last one of an earlier run. */
    readonly after?: string | undefined
  }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#goTo(Number.parseInt(options.after?.slice(0, TIME) ?? '0', BASE))
    if (options.after !== undefined) this.#count = MAX_COUNT
  }

  next(): string {
    const now = Math.floor(this.#clock.now())
    if (now > this.#ms) this.#goTo(now)
    else if (this.#count < MAX_COUNT) this.#count++
    else this.#goTo(this.#ms + 1) // ahead of the clock, until that has caught up
    return this.#prefix + this.#count.toString(BASE).padStart(COUNT, '0') + this.#randomDigits()
  }

  #goTo(ms: number): void {
    this.#ms = ms
    this.#count = 0
    this.#prefix = ms.toString(BASE).padStart(TIME, '0')
  }

  #randomDigits(): string {
    if (this.#used + RANDOM > this.#pool.length) {
      this.#pool = this.#random(RANDOM * 256)
      this.#used = 0
    }
    let digits = ''
    for (const end = this.#used + RANDOM; this.#used < end; this.#used++)
      digits += DIGITS[(this.#pool[this.#used] ?? 0) % BASE]
    return digits
  }
}

/** Whether a text could be one of these ids. */
export const isId = (text: string): boolean => ID.test(text)

/** The least id that was made at this time, in milliseconds since 1970, or later. */
export const idsFrom = (ms: number): string =>
  ms >= LATEST_MS ? AFTER_ALL : Math.max(0, Math.ceil(ms)).toString(BASE).padStart(TIME, '0')

/** When an id was made: the time by the clock, or a later one after that went back. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, TIME), BASE)

const BASE = 32
const DIGITS = '0123456789abcdefghijklmnopqrstuv'
const MAX_COUNT = 2 ** 15 - 1
// characters
const TIME = 10
const COUNT = 3
const RANDOM = 13
const ID = new RegExp(`^[${DIGITS}]{${TIME + COUNT + RANDOM}}$`)
const LATEST_MS = BASE ** TIME
const AFTER_ALL = '~'
