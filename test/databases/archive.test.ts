import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LocalBus } from '../../src/core/bus.js'
import { systemClock } from '../../src/core/clock.js'
import { silentLog } from '../../src/core/log.js'
import type { ArchiveFilter, ArchiveStore } from '../../src/core/stores.js'
import { type Database, openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { type Find, inFile, served } from './shared.js'

const MESSAGES = 100_000
/** Nine in ten are Romeo's. */
const ALL = Math.ceil((MESSAGES * 10) / 9)
const MINUTE = 60_000
const BEGINNING = Date.UTC(2026, 0, 1)
const PAGE = 100

const DATABASES: Readonly<Record<string, Find>> = {
  'SQLite by sqlite3': inFile('sqlite3'),
  'SQLite by better-sqlite3': inFile('better-sqlite3'),
  PostgreSQL: served('pg'),
  MariaDB: served('mysql2'),
}

for (const [name, find] of Object.entries(DATABASES))
  describe(`an archive of ${MESSAGES.toLocaleString('en')} messages in ${name}`, function () {
    this.timeout(120_000)
    const romeo = parseJid('romeo@montague.example')
    const juliet = parseJid('juliet@capulet.example')
    const paris = parseJid('paris@verona.example')
    let folder: string
    let database: Database
    let archive: ArchiveStore
    let ids: readonly string[]
    let now = BEGINNING

    before(async function () {
      folder = await mkdtemp(path.join(tmpdir(), 'parlance-archive-'))
      const place = await find(this, folder)
      const clock = { ...systemClock, now: () => now }
      database = await openDatabase({ ...place, clock, bus: new LocalBus(), log: silentLog })
      archive = database.storage.archive('archive/messages')
      ids = await fill()
    })

    after(async () => {
      await database?.close()
      await rm(folder, { recursive: true })
    })

    /** A message each minute; the first and the last of Romeo's are with Paris, all others with Juliet. */
    async function fill(): Promise<readonly string[]> {
      const asked: Promise<string>[] = []
      let theirs = 0
      for (let n = 0; n < ALL; n++) {
        now = BEGINNING + n * MINUTE
        const isTheirs = n % 10 > 0
        if (isTheirs) theirs++
        const other = isTheirs && (theirs <= 5 || theirs > MESSAGES - 5) ? paris : juliet
        const message = { at: now, with: other, xml: `<message>${n}</message>`.padEnd(240), isArchived: true }
        const owner = isTheirs ? romeo : juliet
        const id = archive.append(owner, { ...message, isPending: n % 1000 === 1 }, 1000)
        if (isTheirs) asked.push(id)
        if (n % 20_000 === 0) await id // there is a limit to what waits to be written
      }
      return Promise.all(asked)
    }

    it('is paged through from both ends, which gives each once, and costs the same everywhere', async () => {
      for (const from of ['first', 'last'] as const) {
        const times: number[] = []
        const seen: string[][] = []
        let place: ArchiveFilter = {}
        for (let isMore = true; isMore; ) {
          const begun = performance.now()
          const page = await archive.page(romeo, { ...place, from, limit: PAGE })
          times.push(performance.now() - begun)
          seen.push(page.entries.map(({ id }) => id))
          isMore = page.isMore
          const [first, last] = [page.entries[0], page.entries.at(-1)]
          place = from === 'first' ? { after: last?.id ?? '' } : { before: first?.id ?? '' }
        }
        const pages = from === 'first' ? seen : seen.reverse()

        assert.equal(ids.length, MESSAGES)
        assert.deepEqual(pages.flat(), ids)
        const [beginning, end] = [median(times.slice(0, 100)), median(times.slice(-100))]
        console.log(`        from the ${from}: ${ms(beginning)} a page in the beginning, ${ms(end)} in the end`)
        assert.ok(end < 5 * beginning + 5, `${ms(beginning)}, ${ms(end)}`)
      }
    })

    it('has its pages found by time and by whom they are with, as fast as the first', async () => {
      const usual = median(await timesOf({}, 'first', PAGE))
      const middle = BEGINNING + (ALL / 2) * MINUTE
      const queries: readonly (readonly [ArchiveFilter, number])[] = [
        [{ start: middle }, PAGE],
        [{ end: middle }, PAGE],
        [{ start: middle + MINUTE, end: middle + 30 * MINUTE }, 27],
        [{ with: juliet, start: middle }, PAGE],
        [{ with: juliet, end: middle }, PAGE],
        [{ with: paris }, 10],
        [{ with: parseJid('nurse@capulet.example') }, 0],
      ]
      for (const [filter, expected] of queries)
        for (const from of ['first', 'last'] as const) {
          const time = median(await timesOf(filter, from, expected))
          assert.ok(time < 5 * usual + 5, `${ms(usual)}, ${ms(time)} for ${JSON.stringify(filter)} from the ${from}`)
        }
    })

    it('is counted, and pruned in small batches between which others write', async () => {
      const counted = await timed(() => archive.count(romeo))
      const again = await timed(() => archive.count(romeo))
      const ofJuliet = await timed(() => archive.count(romeo, { with: juliet }))
      assert.deepEqual([counted.value, again.value, ofJuliet.value], [MESSAGES, MESSAGES, MESSAGES - 10])
      assert.equal(await archive.countPending(romeo), Math.ceil(ALL / 1000))
      console.log(`        counted in ${ms(counted.took)}, then ${ms(again.took)}; with Juliet ${ms(ofJuliet.took)}`)

      const owners: string[] = []
      const rule = { keep: MESSAGES - 3000, before: BEGINNING + 1000 * MINUTE }
      for await (const owner of archive.prunable(() => rule)) owners.push(owner.local)
      assert.deepEqual(owners, ['juliet', 'romeo'])
      const times: number[] = []
      for (let left = 1; left > 0; ) {
        const { took, value } = await timed(() => archive.prune(romeo, rule))
        times.push(took)
        left = value.left
      }
      console.log(`        pruned 3,000 by 500 in ${ms(median(times))} each`)
      assert.equal(times.length, 6)
      assert.equal(await archive.count(romeo), MESSAGES - 3000)
      assert.equal((await archive.ends(romeo))?.first.id, ids[3000])
      assert.equal(await archive.countPending(romeo), Math.ceil(ALL / 1000))
    })

    it('goes with its owner', async () => {
      const { took } = await timed(() => database.erase(romeo))
      console.log(`        erased in ${ms(took)}`)
      assert.equal(await archive.count(romeo), 0)
      assert.ok((await archive.count(juliet)) > 0)
    })

    async function timesOf(
      filter: ArchiveFilter,
      from: 'first' | 'last',
      expected: number,
    ): Promise<readonly number[]> {
      const times: number[] = []
      for (let n = 0; n < 15; n++) {
        const { took, value } = await timed(() => archive.page(romeo, { ...filter, from, limit: PAGE }))
        assert.equal(value.entries.length, expected, JSON.stringify(filter))
        times.push(took)
      }
      return times
    }
  })

async function timed<T>(work: () => Promise<T>): Promise<{ readonly took: number; readonly value: T }> {
  const begun = performance.now()
  const value = await work()
  return { took: performance.now() - begun, value }
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN

const ms = (time: number): string => `${time.toFixed(2)} ms`
