/** What a session costs in memory that does nothing. */
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { machine } from './candidate.js'
import { MEMORY_OPTIONS, play, type Reading, type Scene } from './memory.js'
import { table } from './table.js'

const OPTIONS = {
  ...MEMORY_OPTIONS,
  sessions: { type: 'string', default: '10000' },
  'warm-up': { type: 'string', default: '200' },
  seconds: { type: 'string', default: '5' },
} as const

interface Result {
  readonly sessions: number
  readonly empty: Reading
  readonly entered: Reading
  /** After so many seconds in which nothing happened. */
  readonly idle: Reading
  /** How long the logins took, and the silence. */
  readonly seconds: { readonly entering: number; readonly idle: number }
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
  const { seconds: entering } = await scene.do({ do: 'enter', count: sessions })
  const entered = await scene.read()
  const from = performance.now()
  await sleep(seconds * 1000)
  const idle = await scene.read()
  return { sessions, empty, entered, idle, seconds: { entering, idle: (performance.now() - from) / 1000 } }
}

const perSession =
  (pick: (reading: Reading) => number) =>
  ({ sessions, empty, idle }: Result) =>
    ((pick(idle) - pick(empty)) / sessions).toFixed(1)

const COLUMNS: readonly (readonly [title: string, cell: (result: Result) => string])[] = [
  ['sessions', ({ sessions }) => String(sessions)],
  ['RSS KiB/session', perSession(({ rss }) => rss)],
  ['heap KiB/session', perSession(({ heap }) => heap)],
  ['external KiB/session', perSession(({ external }) => external)],
  ['RSS MiB empty', ({ empty }) => (empty.rss / 1024).toFixed(0)],
  ['RSS MiB', ({ idle }) => (idle.rss / 1024).toFixed(0)],
  ['logins/s', ({ sessions, seconds }) => (sessions / seconds.entering).toFixed(0)],
  ['CPU-ms/login', ({ sessions, empty, entered }) => ((entered.cpu - empty.cpu) / 1000 / sessions).toFixed(2)],
  ['cores idle', ({ entered, idle, seconds }) => ((idle.cpu - entered.cpu) / 1e6 / seconds.idle).toFixed(3)],
]
