/**
 * What it costs to append to a log or an archive in the database, in rows of about 330 bytes, and how long the promise
 * takes. In `archive, settled` each message is pending, and 20 at a time are settled after that.
 *
 *     node build/bench/storage.js [SECONDS] [DATABASE]...
 *
 * Databases are sqlite3, better-sqlite3, pg and mysql2: all unless some are named. PostgreSQL and MariaDB are Debian's,
 * started for this with their own settings; every commit waits for the disk. CPU-µs per row are of the main thread, and
 * of everything: SQLite works in threads of our process, the others in processes of their own. Needs Linux.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalBus } from '../src/core/bus.js'
import { silentLog } from '../src/core/log.js'
import type { Storage } from '../src/core/stores.js'
import { type DatabasePlace, openDatabase } from '../src/storage/index.js'
import { type Jid, parseJid } from '../src/xmpp/jid.js'
import { type DatabaseProgram, mariadb, postgres } from '../test/databases/programs.js'
import { DatabaseServer } from '../test/databases/server.js'
import { Histogram } from './histogram.js'
import { usage } from './proc.js'

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

type Appends = (storage: Storage) => (owner: Jid) => Promise<unknown>

const XML = 'x'.repeat(240)
const OTHER = parseJid('juliet@localhost/balcony')

const archived =
  ({ isPending }: { readonly isPending: boolean }): Appends =>
  storage => {
    const archive = storage.archive('bench/messages')
    const given = new Map<Jid, string[]>()
    let count = 0
    return async owner => {
      const origin = { sender: owner, id: `c0ffee00-0000-4000-8000-${count++}` }
      const message = { at: Date.now(), with: OTHER, xml: XML, isPending, isArchived: true, origin }
      const id = await archive.append(owner, message, QUOTA)
      if (!isPending) return
      const ids = given.get(owner) ?? []
      given.set(owner, ids)
      if (ids.push(id) === 20) await archive.settle(owner, ids.splice(0))
    }
  }

/** What is appended to. */
const STORES: Readonly<Record<string, Appends>> = {
  log(storage) {
    const log = storage.log('bench/messages')
    return owner => log.append(owner, { at: Date.now(), xml: XML }, QUOTA)
  },
  archive: archived({ isPending: false }),
  'archive, settled': archived({ isPending: true }),
}

/** A database that is empty, and what else runs for it. */
interface Site {
  readonly place: DatabasePlace
  /** Of the database, where it has one. */
  readonly pid?: number
  close(): Promise<void>
}

const SITES: Readonly<Record<string, () => Promise<Site>>> = {
  sqlite3: () => file('sqlite3'),
  'better-sqlite3': () => file('better-sqlite3'),
  pg: () => served(postgres({ durable: true })),
  mysql2: () => served(mariadb({ durable: true })),
}

async function file(client: 'sqlite3' | 'better-sqlite3'): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'parlance-bench-'))
  const connection = { filename: join(folder, 'parlance.sqlite') }
  return { place: { client, connection }, close: () => rm(folder, { recursive: true }) }
}

async function served(program: DatabaseProgram): Promise<Site> {
  const server = await DatabaseServer.start(program)
  const connection = await server.makeDatabase()
  return {
    place: { client: program.client, connection },
    pid: server.process.pid,
    close: () => server.process.dispose(),
  }
}

async function measure(load: Load, seconds: number, make: () => Promise<Site>, appends: Appends) {
  const site = await make()
  const database = await openDatabase({ ...site.place, bus: new LocalBus(), log: silentLog })
  const appendTo = appends(database.storage)
  let times = new Histogram()
  let rows = 0
  const append = async () => {
    const start = performance.now()
    const owner = OWNERS[rows++ % OWNERS.length] ?? parseJid('localhost')
    await appendTo(owner)
    times.add(Math.round((performance.now() - start) * 1000))
  }
  await load(append, performance.now() + 500)
  times = new Histogram()
  rows = 0

  const before = cpu(site)
  const start = performance.now()
  await load(append, start + seconds * 1000)
  const took = performance.now() - start
  const after = cpu(site)

  await database.close()
  await site.close()
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
function cpu({ pid }: Site) {
  const { user, system } = process.cpuUsage()
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  const database = pid === undefined ? 0 : usage(pid).cpu
  return { main: Number(nanoseconds) / 1000, all: user + system + database }
}

const [, , length = '3', ...named] = process.argv
const head = ['database', 'load', 'store', 'rows/s', 'main CPU-µs/row', 'all CPU-µs/row', 'p50 ms', 'p99 ms', 'max ms']
const line = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
line(head)
line(['---', '---', '---', ...head.slice(3).map(() => '---:')])
for (const [database, make] of Object.entries(SITES))
  if (named.length === 0 || named.includes(database))
    for (const [name, load] of Object.entries(LOADS))
      for (const [store, appends] of Object.entries(STORES))
        line([database, name, store, ...(await measure(load, Number(length), make, appends))])
