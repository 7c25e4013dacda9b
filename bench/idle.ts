/** What a session costs in memory that does nothing. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { machine } from './candidate.js'
import { MEMORY_OPTIONS, play, type Reading, type Scene } from './memory.js'
import { slope } from './slope.js'
import { table } from './table.js'

const OPTIONS = {
  ...MEMORY_OPTIONS,
  sessions: { type: 'string', default: '10000' },
  'warm-up': { type: 'string', default: '200' },
  seconds: { type: 'string', default: '5' },
} as const

/** What was read when so many sessions were there. */
interface Sample {
  readonly sessions: number
  readonly reading: Reading
}

interface Result {
  readonly empty: Reading
  readonly samples: readonly Sample[]
  readonly entering: { readonly seconds: number; readonly cpu: number }
  readonly idle: { readonly seconds: number; readonly cpu: number }
}

export const idle = async (args: string[]): Promise<void> => {
  const { values } = parseArgs({ args, options: OPTIONS, allowNegative: true })
  const sessions = Number(values.sessions)
  const runs = await play(values, sessions, async (scene): Promise<Result> => {
    await scene.do({ do: 'enter', count: Number(values['warm-up']) })
    await scene.do({ do: 'leave' })
    const result = await fill(scene, sessions, Number(values.seconds))
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

const fill = async (scene: Scene, sessions: number, seconds: number): Promise<Result> => {
  const empty = await scene.read()
  const samples: Sample[] = []
  const entering = { seconds: 0, cpu: 0 }
  for (let step = 1; step <= STEPS; step++) {
    const count = Math.round((step * sessions) / STEPS) - (samples.at(-1)?.sessions ?? 0)
    const entered = await scene.do({ do: 'enter', count })
    entering.seconds += entered.seconds
    entering.cpu += entered.cpu
    samples.push({ sessions: entered.sessions, reading: await scene.read() })
  }
  const idle = await scene.do({ do: 'wait', seconds })
  return { empty, samples, entering, idle }
}

/** From the first step on: an empty server has room for some. */
const perSession =
  (pick: (reading: Reading) => number) =>
  ({ samples }: Result) =>
    slope(samples.map(({ sessions, reading }) => [sessions, pick(reading)])).toFixed(1)

const last = ({ samples }: Result) => samples.at(-1) as Sample // there are as many as steps

const COLUMNS: readonly (readonly [title: string, cell: (result: Result) => string])[] = [
  ['sessions', result => String(last(result).sessions)],
  ['RSS KiB/session', perSession(({ rss }) => rss)],
  ['uncollected', perSession(({ found }) => found)],
  ['heap KiB/session', perSession(({ heap }) => heap)],
  ['external KiB/session', perSession(({ external }) => external)],
  ['RSS MiB empty', ({ empty }) => (empty.rss / 1024).toFixed(0)],
  ['RSS MiB', result => (last(result).reading.rss / 1024).toFixed(0)],
  ['logins/s', result => (last(result).sessions / result.entering.seconds).toFixed(0)],
  ['CPU-ms/login', result => (result.entering.cpu / 1000 / last(result).sessions).toFixed(2)],
  ['cores idle', ({ idle }) => (idle.cpu / 1e6 / idle.seconds).toFixed(3)],
]

const STEPS = 5
