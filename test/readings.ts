import { type Metric, Metrics } from '../src/core/metrics.js'
import { formatFor } from '../src/http/exposition.js'

/** What metrics say, by their samples as they are written: `parlance_stanzas_total{direction="in",kind="iq"}`. */
export async function readings(...metrics: readonly Metric[]): Promise<Readonly<Record<string, number>>> {
  const all = new Metrics()
  all.add(...metrics)
  const families = await all.read(fault => {
    throw fault
  })
  return readText(formatFor(undefined).write(families))
}

/** The samples of a text. */
export function readText(text: string): Readonly<Record<string, number>> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map(line => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1).replace('Inf', 'Infinity'))] as const
    }),
  )
}
