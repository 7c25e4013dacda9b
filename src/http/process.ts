import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { counter, gauge, type Metric, numberText, type Sample, summary } from '../core/metrics.js'
import { ownVersion } from '../core/own-version.js'

/** Metrics of the process, and the end of what is measured for them. */
export interface ProcessWatch {
  readonly metrics: readonly Metric[]
  stop(): void
}

/** Watches the process itself, under the names that Prometheus and Node's own users know where there are such. */
export function watchProcess(): ProcessWatch {
  const loop = watchLoop()
  const collections = watchCollections()
  return {
    metrics: [about, ...loop.metrics, ...collections.metrics, ...memory, ...processor],
    stop() {
      loop.stop()
      collections.stop()
    },
  }
}

const about = gauge(
  { name: 'parlance_build_info', doc: 'Which program runs: the value says nothing, the labels do.' },
  () => [{ value: 1, labels: { version: ownVersion(), node: process.version } }],
)

const memory: readonly Metric[] = [
  gauge(
    { name: 'process_resident_memory_bytes', unit: 'bytes', doc: 'Memory that the process takes up.' },
    process.memoryUsage.rss,
  ),
  gauge({ name: 'nodejs_heap_size_used_bytes', unit: 'bytes', doc: 'JavaScript heap in use.' }, () => heap().heapUsed),
  gauge(
    { name: 'nodejs_heap_size_total_bytes', unit: 'bytes', doc: 'JavaScript heap set aside.' },
    () => heap().heapTotal,
  ),
  gauge(
    { name: 'nodejs_external_memory_bytes', unit: 'bytes', doc: 'What JavaScript objects hold outside of the heap.' },
    () => heap().external,
  ),
]

const heap = process.memoryUsage

const processor: readonly Metric[] = [
  counter({ name: 'process_cpu_seconds', unit: 'seconds', doc: 'CPU time, of all threads together.' }, () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }),
  gauge(
    { name: 'process_start_time_seconds', unit: 'seconds', doc: 'When the process began, in seconds since 1970.' },
    () => performance.timeOrigin / 1000,
  ),
]

/** How long the event loop keeps others waiting. It is asked every so many milliseconds. */
const RESOLUTION_MS = 20

function watchLoop(): ProcessWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  const total = { count: 0, sum: 0 }
  const read = (): readonly Sample[] => {
    // what is measured is the time from one beat to the next: what exceeds the interval is delay
    const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3)
    const isEmpty = delays.count === 0
    const quantiles = QUANTILES.map(quantile => ({
      labels: { quantile: numberText(quantile) },
      value: isEmpty ? Number.NaN : seconds(quantile === 1 ? delays.max : delays.percentile(quantile * 100)),
    }))
    total.count += delays.count
    total.sum += isEmpty ? 0 : seconds(delays.mean) * delays.count
    delays.reset() // it begins again with the next beat
    return [...quantiles, { part: 'count', value: total.count }, { part: 'sum', value: total.sum }]
  }
  return {
    metrics: [
      summary(
        {
          name: 'parlance_event_loop_delay_seconds',
          unit: 'seconds',
          doc: 'How late the event loop is. The quantiles are of the time since they were last asked for.',
        },
        read,
      ),
      counter(
        {
          name: 'parlance_event_loop_active_seconds',
          unit: 'seconds',
          doc: 'Time in which the event loop had something to do: its rate is the utilisation.',
        },
        () => performance.eventLoopUtilization().active / 1e3,
      ),
    ],
    stop: () => delays.disable(),
  }
}

const QUANTILES = [0.5, 0.99, 1]

const COLLECTIONS: ReadonlyMap<number | undefined, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

/** Of a collection, as Node documents it; the type does not know it. */
const kindOf = (entry: PerformanceEntry): number | undefined =>
  (entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }).detail?.kind

function watchCollections(): ProcessWatch {
  const totals = new Map([...COLLECTIONS.values()].map(kind => [kind, { count: 0, seconds: 0 }]))
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const total = totals.get(COLLECTIONS.get(kindOf(entry)) ?? '')
      if (!total) continue
      total.count++
      total.seconds += entry.duration / 1e3
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    metrics: [
      summary({ name: 'nodejs_gc_duration_seconds', unit: 'seconds', doc: 'Garbage collections, by their kind.' }, () =>
        [...totals].flatMap(([kind, { count, seconds }]): readonly Sample[] => [
          { part: 'count', labels: { kind }, value: count },
          { part: 'sum', labels: { kind }, value: seconds },
        ]),
      ),
    ],
    stop: () => observer.disconnect(),
  }
}
