import type { Awaitable } from './awaitable.js'

/*
 * What operators watch. Each part of the server owns its numbers and changes them as plainly as it can: the way of a
 * stanza pays an increment, and nothing else. Only when somebody asks are they read, named and put together.
 */

/** What tells the values of one metric apart. Few words each: every combination is kept by those who watch. */
export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly value: number
  readonly labels?: Labels
  /** Which of the values that make up a histogram or a summary. */
  readonly part?: 'bucket' | 'sum' | 'count'
}

/** What is read: one number, or several with labels. */
export type Reading = number | readonly Sample[]

/** How a metric is presented. */
export interface About {
  /** Of lower-case letters and underscores, its unit last: `parlance_commit_seconds`. No suffix tells the type. */
  readonly name: string
  /** A sentence for operators. */
  readonly doc: string
  readonly unit?: 'seconds' | 'bytes'
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary'

/** Something that can be watched. */
export interface Metric extends About {
  readonly type: MetricType
  readonly read: () => Awaitable<Reading>
}

/** What only grows, from the start of the process on. */
export const counter = (about: About, read: Metric['read']): Metric => ({ ...about, type: 'counter', read })

/** What is as it is at the moment. */
export const gauge = (about: About, read: Metric['read']): Metric => ({ ...about, type: 'gauge', read })

/** Counts and sums, and how great the values lately were: each quantile with the label `quantile`. */
export const summary = (about: About, read: Metric['read']): Metric => ({ ...about, type: 'summary', read })

/** How often what has happened, by a word for it. The words are known beforehand, or their owner sees that they are few. */
export class Tally<W extends string = string> {
  readonly counts: Record<W, number>

  constructor(words: readonly W[]) {
    this.counts = Object.fromEntries(words.map(word => [word, 0])) as Record<W, number> // all of the words are there
  }

  add(word: W): void {
    this.counts[word] = (this.counts[word] ?? 0) + 1
  }

  /** Its counts, each with its word as this label. */
  samples(label: string, others: Labels = {}): readonly Sample[] {
    return Object.entries<number>(this.counts).map(([word, value]) => ({ labels: { ...others, [label]: word }, value }))
  }
}

/** How values are spread: how many were up to each bound, and all of them together. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** Of each bound alone; the last is for what exceeds all of them. */
  readonly #counts: number[]
  #sum = 0

  /** The bounds are in ascending order. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let i = 0
    while (i < this.#bounds.length && value > (this.#bounds[i] ?? 0)) i++
    this.#counts[i] = (this.#counts[i] ?? 0) + 1
    this.#sum += value
  }

  metric(about: About): Metric {
    return { ...about, type: 'histogram', read: () => this.#samples() }
  }

  #samples(): readonly Sample[] {
    let count = 0
    const buckets = this.#counts.map((own, i): Sample => {
      count += own
      return { part: 'bucket', labels: { le: numberText(this.#bounds[i] ?? Infinity) }, value: count }
    })
    return [...buckets, { part: 'count', value: count }, { part: 'sum', value: this.#sum }]
  }
}

/** A bound as it stands in a label: the same text for the same number in all formats (OpenMetrics 1.0, Canonical Numbers). */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)
}

/** Metrics with what was read of them. */
export interface Family extends Omit<Metric, 'read'> {
  readonly samples: readonly Sample[]
}

/** All that can be watched. */
export class Metrics {
  readonly #metrics = new Map<string, Metric>()

  add(...metrics: readonly Metric[]): void {
    for (const metric of metrics) {
      if (this.#metrics.has(metric.name)) throw new Error(`two parts tell ${metric.name}`)
      this.#metrics.set(metric.name, metric)
    }
  }

  /** What everything is now. One that cannot be read is left out, and `report` hears why. */
  async read(report: (fault: unknown, name: string) => void): Promise<readonly Family[]> {
    const families = await Promise.all(
      [...this.#metrics.values()].map(async ({ read, ...about }) => {
        try {
          const reading = await read()
          return [{ ...about, samples: typeof reading === 'number' ? [{ value: reading }] : reading }]
        } catch (fault) {
          report(fault, about.name)
          return []
        }
      }),
    )
    return families.flat()
  }
}
