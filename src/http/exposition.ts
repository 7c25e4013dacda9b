import type { Family, Labels, Sample } from '../core/metrics.js'

/** A way to write metrics. */
export interface Format {
  readonly contentType: string
  write(families: readonly Family[]): string
}

/** What a reader takes by its `Accept`. Nobody gets OpenMetrics who has not asked for it: what came before is read by all. */
export const formatFor = (accept: string | undefined): Format =>
  accept?.includes('application/openmetrics-text') ? openMetrics : prometheus

/** OpenMetrics 1.0 */
const openMetrics: Format = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  write: families =>
    text([...families.flatMap(family => [...head(family, family.name, inQuotes), ...samplesOf(family)]), '# EOF']),
}

/** The text format 0.0.4: it knows no units, and a counter is called what its samples are called. */
const prometheus: Format = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  write: families =>
    text(
      families.flatMap(({ unit: _, ...family }) => [
        ...head(family, family.type === 'counter' ? `${family.name}_total` : family.name, inText),
        ...samplesOf(family),
      ]),
    ),
}

const text = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('')

type Escape = (text: string) => string

const head = ({ type, unit, doc }: Omit<Family, 'samples'>, name: string, escaped: Escape): readonly string[] => [
  `# TYPE ${name} ${type}`,
  ...(unit ? [`# UNIT ${name} ${unit}`] : []),
  `# HELP ${name} ${escaped(doc)}`,
]

const samplesOf = ({ name, type, samples }: Family): readonly string[] =>
  samples.map(({ part, labels, value }) => `${name}${suffix(type, part)}${inBraces(labels)} ${numeral(value)}`)

function suffix(type: Family['type'], part: Sample['part']): string {
  if (part) return `_${part}`
  return type === 'counter' ? '_total' : ''
}

function inBraces(labels: Labels = {}): string {
  const written = Object.entries(labels).map(([name, value]) => `${name}="${inQuotes(value)}"`)
  return written.length > 0 ? `{${written.join(',')}}` : ''
}

/** JavaScript writes numbers as the formats do, but for what is none. */
const numeral = (value: number): string =>
  Math.abs(value) === Infinity ? (value > 0 ? '+Inf' : '-Inf') : String(value)

const inText: Escape = text => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const inQuotes: Escape = text => inText(text).replaceAll('"', '\\"')
