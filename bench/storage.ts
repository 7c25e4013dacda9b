/**
 * What it costs to append to a log in the database, in rows of about 330 bytes, and how long the promise takes.
 *
 *     node build/bench/storage.js [SECONDS]
 *
 * CPU-µs per row of the main thread and of the whole process: the rest is SQLite's, in threads of its own. Needs Linux.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalBus } from '../src/core/bus.js'
import { silentLog } from '../src/core/log.js'
import { openDatabase } from '../src/storage/index.js'
import { parseJid } from '../src/xmpp/jid.js'
import { Histogram } from './histogram.js'

type Append = () => Promise<unknown>

/** Appends until the time is over, and waits for the last. */
type Load = (append: Append, until: number) => Promise<void>

const oneByOne: Load = async (append, until) => {
  while (performance.now() < until) await append()
}

/** So many a second, whether or not those before are through. */
const steady =
  (perSecond: number): Load =>
  async (append, until) => {
    const start = performance.now()
    const asked: Promise<unknown>[] = []
    while (performance.now() < until) {
      const due = ((performance.now() - start) * perSecond) / 1000
      while (asked.length < due) asked.push(append())
      await sleep(1)
    }
    await Promise.all(asked)
  }

/** As many as there may be under way. */
const flatOut =
  (window: number): Load =>
  async (append, until) => {
    const lane = () => oneByOne(append, until)
    await Promise.all(Array.from({ length: window }, lane))
  }

const LOADS: Readonly<Record<string, Load>> = {
  'one, awaited': oneByOne,
  '1,000/s': steady(1000),
  '5,000/s': steady(5000),
  '15,000/s': steady(15_000),
  'flat out, 50 under way': flatOut(50),
  'flat out, 2,000 under way': flatOut(2000),
}

const OWNERS = Array.from({ length: 100 }, (_, n) => parseJid(`user${n}@localhost`))
const QUOTA = 100_000_000

async function measure(load: Load, seconds: number): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parlance-bench-'))
  const filename = join(folder, 'parlance.sqlite')
  const database = await openDatabase({
    client: 'sqlite3',
    connection: { filename },
    bus: new LocalBus(),
    log: silentLog,
  })
  const log = database.storage.log('bench/messages')
  let times = new Histogram()
  let rows = 0
  const append = async () => {
    const start = performance.now()
    const owner = OWNERS[rows++ % OWNERS.length] ?? parseJid('localhost')
    await log.append(owner, { at: Date.now(), xml: 'x'.repeat(240) }, QUOTA)
    times.add(Math.round((performance.now() - start) * 1000))
  }
  await load(append, performance.now() + 500)
  times = new Histogram()
  rows = 0

  const before = cpu()
  const start = performance.now()
  await load(append, start + seconds * 1000)
  const took = performance.now() - start
  const after = cpu()

  await database.close()
  await rm(folder, { recursive: true })
  const perRow = (micros: number) => (micros / rows).toFixed(1)
  const ms = (share: number) => (times.percentile(share) / 1000).toFixed(2)
  return [
    Math.round((rows / took) * 1000).toLocaleString('en'),
    perRow(after.main - before.main),
    perRow(after.all - before.all),
    ms(0.5),
    ms(0.99),
    (times.max / 1000).toFixed(1),
  ]
}

/** Microseconds. */
function cpu() {
  const { user, system } = process.cpuUsage()
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return { main: Number(nanoseconds) / 1000, all: user + system }
}

const seconds = Number(process.argv[2] ?? 3)
const head = ['load', 'rows/s', 'main CPU-µs/row', 'all CPU-µs/row', 'p50 ms', 'p99 ms', 'max ms']
for (const cells of [head, ['---', ...head.slice(1).map(() => '---:')]]) console.log(`| ${cells.join(' | ')} |`)
for (const [name, load] of Object.entries(LOADS))
  console.log(`| ${[name, ...(await measure(load, seconds))].join(' | ')} |`)
