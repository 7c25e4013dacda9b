/** What is left of sessions that have gone. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { machine } from './candidate.js'
import { MEMORY_OPTIONS, play, type Reading, type Scene } from './memory.js'
import { slope } from './slope.js'
import { table } from './table.js'

const OPTIONS = {
  ...MEMORY_OPTIONS,
  cycles: { type: 'string', default: '10000' },
  'warm-up': { type: 'string', default: '3000' },
  accounts: { type: 'string', default: '1000' },
} as const

interface Sample {
  /** Logins and disconnects since the warm-up. */
  readonly cycles: number
  readonly reading: Reading
}

interface Result {
  readonly samples: readonly Sample[]
  readonly seconds: number
  readonly cpu: number
}

export const churn = async (args: string[]): Promise<void> => {
  const { values } = parseArgs({ args, options: OPTIONS, allowNegative: true })
  const runs = await play(values, Number(values.accounts), async scene => {
    await scene.do({ do: 'come and go', count: Number(values['warm-up']) })
    const result = await cycle(scene, Number(values.cycles))
    if (values.snapshot) await scene.snapshot(values.snapshot)
    return result
  })

  console.log(
    `\n${table(
      ['server', ...COLUMNS.map(([title]) => title)],
      runs.map(({ name, result }) => [name, ...COLUMNS.map(([, cell]) => cell(result))]),
    )}\n`,
  )
  if (values.json) await writeFile(values.json, JSON.stringify({ machine: machine(), values, runs }, null, 2))
}

const cycle = async (scene: Scene, cycles: number): Promise<Result> => {
  const samples: Sample[] = [{ cycles: 0, reading: await scene.read() }]
  let [seconds, cpu] = [0, 0]
  for (let done = 0; done < cycles; ) {
    const count = Math.min(Math.ceil(cycles / SAMPLES), cycles - done)
    const gone = await scene.do({ do: 'come and go', count })
    seconds += gone.seconds
    cpu += gone.cpu
    done += count
    samples.push({ cycles: done, reading: await scene.read() })
    console.error(`${done} cycles: ${kibs(samples.at(-1)?.reading)}`)
  }
  return { samples, seconds, cpu }
}

const kibs = (reading: Reading | undefined): string =>
  reading ? `RSS ${reading.rss.toFixed(0)} KiB, heap ${reading.heap.toFixed(0)} KiB` : ''

/** In bytes per cycle. */
const growth =
  (pick: (reading: Reading) => number) =>
  ({ samples }: Result) =>
    (1024 * slope(samples.map(({ cycles, reading }) => [cycles, pick(reading)]))).toFixed(0)

const first = ({ samples }: Result) => samples[0] as Sample // there are at least two
const last = ({ samples }: Result) => samples.at(-1) as Sample

const COLUMNS: readonly (readonly [title: string, cell: (result: Result) => string])[] = [
  ['cycles', result => String(last(result).cycles)],
  ['RSS bytes/cycle', growth(({ rss }) => rss)],
  ['heap bytes/cycle', growth(({ heap }) => heap)],
  ['external bytes/cycle', growth(({ external }) => external)],
  ['RSS MiB before', result => (first(result).reading.rss / 1024).toFixed(1)],
  ['RSS MiB after', result => (last(result).reading.rss / 1024).toFixed(1)],
  ['heap MiB before', result => (first(result).reading.heap / 1024).toFixed(2)],
  ['heap MiB after', result => (last(result).reading.heap / 1024).toFixed(2)],
  ['cycles/s', result => (last(result).cycles / result.seconds).toFixed(0)],
  ['CPU-ms/cycle', result => (result.cpu / 1000 / last(result).cycles).toFixed(2)],
]

const SAMPLES = 10
