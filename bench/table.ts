/** The bench's result as a Markdown table: medians over the rounds, with the range. */
import type { Report } from './generator.js'

export type Results = ReadonlyMap<string, readonly Report[]>

export const resultTable = (results: Results): string => {
  const floor = results.get('relay')?.map(cpuPerMessage)
  const columns = floor ? [...COLUMNS, overRelay(median(floor))] : COLUMNS
  const head = columns.map(({ title }) => title)
  const rows = [...results].map(([name, reports]) => [name, ...columns.map(({ cell }) => cell(reports))])
  return table(['server', ...head], rows)
}

/** In Markdown; the first column holds names. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')

/** What makes a result worth less than it looks. */
export const warnings = (results: Results): string[] =>
  [...results].flatMap(([name, reports]) => {
    const cores = (pick: (report: Report) => number) => reports.map(report => pick(report) / report.seconds / 1e6)
    const server = median(cores(report => report.serverCpu))
    const generator = median(cores(report => report.generatorCpu))
    const others = Math.max(...cores(report => report.otherCpu))
    const loads = `server ${server.toFixed(2)}, generator ${generator.toFixed(2)} cores`
    return [
      server < BUSY && generator >= BUSY && `${name}: the generator is the bottleneck (${loads})`,
      server < BUSY && generator < BUSY && `${name}: nobody was at the limit (${loads})`,
      others > 0.1 && `${name}: other processes used up to ${others.toFixed(2)} cores meanwhile`,
    ].filter(warning => typeof warning === 'string')
  })

interface Column {
  readonly title: string
  readonly cell: (reports: readonly Report[]) => string
}

const cpuPerMessage = ({ serverCpu, messages }: Report): number => serverCpu / messages

const spread = (title: string, pick: (report: Report) => number): Column => ({
  title,
  cell: reports => {
    const values = reports.map(pick)
    const range = values.length > 1 ? ` (${short(Math.min(...values))}–${short(Math.max(...values))})` : ''
    return short(median(values)) + range
  },
})

const COLUMNS: readonly Column[] = [
  spread('CPU-µs/msg', cpuPerMessage),
  spread('msg/s per core', report => 1e6 / cpuPerMessage(report)),
  spread('msg/s', report => report.messages / report.seconds),
  spread('p50 ms', report => report.latencyMs.p50),
  spread('p99 ms', report => report.latencyMs.p99),
  spread('max ms', report => report.latencyMs.max),
  spread('RSS MiB', report => report.serverRssKiB / 1024),
  {
    title: 'lost / doubled / reordered / misrouted',
    cell: reports =>
      (['lost', 'doubled', 'reordered', 'misrouted'] as const)
        .map(fault => reports.reduce((total, report) => total + report[fault], 0))
        .join(' / '),
  },
  spread('generator CPU-µs/msg', report => report.generatorCpu / report.messages),
]

const overRelay = (floor: number): Column => spread('× relay', report => cpuPerMessage(report) / floor)

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

// of its core
const BUSY = 0.95

/** Three digits that mean something. */
const short = (value: number): string => {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)}k`
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
