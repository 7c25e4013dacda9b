import type { Clock } from '../core/clock.js'
import { LogCounts } from './log-counts.js'
import type { Place } from './place.js'
import { Recent } from './recent.js'

/** How many entries archives have, and how many of them are pending, as far as this process knows. */
export class ArchiveCounts {
  readonly pending: LogCounts
  readonly total = new Totals()

  constructor(clock: Clock) {
    this.pending = new LogCounts(clock)
  }

  clear(): void {
    this.pending.clear()
    this.total.clear()
  }
}

interface Counting {
  isOutdated: boolean
}

/** Numbers that are counted once, and from then on by what comes and goes. */
export class Totals {
  readonly #known = new Recent<{ entries: number }>(ARCHIVES)
  readonly #counting = new Map<string, Counting>()

  get(place: Place): number | undefined {
    return this.#known.get(keyOf(place))?.entries
  }

  /** Has it counted. What comes or goes meanwhile may be in that number or not: then it is not kept. */
  async count(place: Place, ask: () => Promise<number>): Promise<number> {
    const key = keyOf(place)
    const counting: Counting = { isOutdated: false }
    this.#counting.set(key, counting)
    try {
      const entries = await ask()
      if (!counting.isOutdated && this.#counting.get(key) === counting) this.#known.set(key, { entries })
      return entries
    } finally {
      if (this.#counting.get(key) === counting) this.#counting.delete(key)
    }
  }

  /** Entries have come, or gone. */
  add(place: Place, more: number): void {
    const key = keyOf(place)
    const known = this.#known.get(key)
    if (known) known.entries += more
    if (this.#counting.size > 0) this.#outdate(this.#counting.get(key))
  }

  clear(): void {
    this.#known.clear()
    for (const counting of this.#counting.values()) this.#outdate(counting)
  }

  #outdate(counting: Counting | undefined): void {
    if (counting) counting.isOutdated = true
  }
}

const keyOf = ({ owner, store }: Place): string => `${store} ${owner}`

const ARCHIVES = 10_000
