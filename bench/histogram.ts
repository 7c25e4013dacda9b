/** Latencies in whole microseconds, kept to about one percent in a few kilobytes. */
export class Histogram {
  max = 0
  #count = 0
  readonly #buckets = new Uint32Array(32 * STEPS)

  add(microseconds: number): void {
    const bucket = Math.round(Math.log2(microseconds + 1) * STEPS)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count++
    if (microseconds > this.max) this.max = microseconds
  }

  /** `share` between 0 and 1; the answer is NaN when nothing was added. */
  percentile(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count
      if (left <= 0 && count > 0) return Math.min(this.max, 2 ** (bucket / STEPS) - 1)
    }
    return Number.NaN
  }
}

// steps per doubling
const STEPS = 64
