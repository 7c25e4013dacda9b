import type { Clock } from '../core/clock.js'
import type { Place } from './place.js'
import { Recent } from './recent.js'

/**
 * How many entries logs have, as far as this process knows: so that a quota does not cost a count for each append.
 * Forgotten whenever in doubt. What other processes do to the same logs shows at the next count: a log can get longer
 * than it may be by what they append meanwhile, and stays full for a second after they have removed something.
 */
export class LogCounts {
  readonly #clock: Clock
  readonly #known = new Recent<{ entries: number; readonly countedAt: number }>(LOGS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the log has room for an entry, which is counted then; undefined when the database has to be asked. */
  take(place: Place, max: number): boolean | undefined {
    const log = this.#known.get(keyOf(place))
    if (log === undefined) return undefined
    if (log.entries >= max) return this.#clock.now() - log.countedAt < FULL_MS ? false : undefined
    log.entries++
    return true
  }

  get(place: Place): number | undefined {
    return this.#known.get(keyOf(place))?.entries
  }

  set(place: Place, entries: number): void {
    this.#known.set(keyOf(place), { entries, countedAt: this.#clock.now() })
  }

  /** Entries have come, or gone; does nothing if it is not known how many there were. */
  add(place: Place, more: number): void {
    const log = this.#known.get(keyOf(place))
    if (log) log.entries += more
  }

  clear(): void {
    this.#known.clear()
  }
}

const keyOf = ({ owner, store }: Place): string => `${store} ${owner}`

const LOGS = 10_000
const FULL_MS = 1000
