import assert from 'node:assert/strict'
import type { Knex } from 'knex'
import { systemClock } from '../core/clock.js'
import { LogFull } from '../core/stores.js'
import { parseJid } from '../xmpp/jid.js'
import { ArchiveCounts } from './archive-counts.js'
import { Growth } from './archive-owners.js'
import { matching, matchingPending, rowOf } from './archive-rows.js'
import { ArchiveWrites } from './archive-writes.js'
import { TestFile } from './fixture.test.js'
import type { Statements } from './statements.js'

describe('archives', () => {
  const romeo = parseJid('romeo@montague.example')
  const juliet = parseJid('juliet@capulet.example')
  const place = { owner: romeo.toString(), store: 'archive/messages' }
  const message = { at: Date.now(), with: juliet, xml: '', isPending: true, isArchived: true }
  let file: TestFile

  beforeEach(async () => {
    file = await TestFile.make()
  })

  afterEach(() => file.dispose())

  /** Statements, and what has been sent. */
  function watched() {
    const db = file.look()
    const sent: string[] = []
    db.on('query', ({ sql }: { sql: string }) => sent.push(sql.replace(/ .*/, '')))
    const on: Statements = { table: name => db(name), raw: (sql, bindings = []) => db.raw(sql, bindings) }
    return { db, on, sent }
  }

  it('read nothing before they append, and write all that comes together by a few statements', async () => {
    await file.open()
    const { on, sent } = watched()
    const writes = new ArchiveWrites(new ArchiveCounts(systemClock))
    let count = 0
    const append = (owner: string, max?: number) => ({
      row: rowOf({ ...place, owner }, `00${count++}`.padEnd(26, '0'), message),
      max,
    })
    const owners = Array.from({ length: 50 }, (_, n) => `user${n}@verona.example`)
    const appends = owners.map(owner => append(owner))
    assert.equal(writes.isSingle(appends), true)
    await writes.run(on, appends)
    assert.deepEqual(sent.splice(0), ['INSERT'])

    const mixed = appends.flatMap(({ row }, n) => [
      { place: { owner: row.owner, store: row.store }, ids: [row.id] },
      append(owners[n] ?? ''),
    ])
    assert.equal(writes.isSingle(mixed), false)
    await writes.run(on, mixed)
    assert.deepEqual(sent.splice(0), ['select', 'INSERT', 'update'])

    await writes.run(on, [append(place.owner, 3)])
    await writes.run(on, [append(place.owner, 3), append(place.owner, 3)])
    const [outcome] = await writes.run(on, [append(place.owner, 3)])
    assert.deepEqual(sent, ['select', 'INSERT', 'INSERT'])
    assert.ok(outcome && 'refused' in outcome && outcome.refused instanceof LogFull)
  })

  it('answer every question by an index, in its order', async () => {
    await file.open()
    const { db, on } = watched()
    const plan = async (query: Pick<Knex.QueryBuilder, 'toSQL'>) => {
      const { sql, bindings } = query.toSQL().toNative()
      const steps: readonly { detail: string }[] = await db.raw(`EXPLAIN QUERY PLAN ${sql}`, [...bindings])
      return steps.map(({ detail }) => detail).join('; ')
    }
    const filters = [{}, { after: 'a', end: 1e12 }, { start: 1e12, before: 'b' }, { ids: ['0'.repeat(26)] }]
    for (const filter of filters)
      for (const direction of ['asc', 'desc']) {
        const page = (more: object) =>
          matching(on, place, { ...filter, ...more })
            .orderBy('id', direction)
            .select('xml')
        const seek =
          /^SEARCH archive_entries USING INDEX archive_by_id \(owner=\? AND store=\? AND id[=>]\?( AND id<\?)?\)$/

        assert.match(await plan(page({})), seek)
        assert.match(
          await plan(page({ with: juliet })),
          /^SEARCH .* archive_by_other \(with_bare=\? AND owner=\? AND .*\)$/,
        )
        assert.match(
          await plan(matching(on, place, filter).count('*')),
          /^SEARCH .* USING COVERING INDEX archive_by_id/,
        )
        assert.match(
          await plan(matchingPending(on, place, filter).orderBy('id').select('xml')),
          /^SEARCH archive_entries USING INDEX archive_pending \(pending_for=\? AND store=\? AND id[=>]\?.*\)$/,
        )
      }
  })

  it('are those of two processes at once', async () => {
    const [server, shell] = [await file.open({ wait: 5000 }), await file.open({ wait: 5000 })]
    const archives = [server, shell].map(({ storage }) => storage.archive('archive/messages'))
    const ids = await Promise.all(
      Array.from({ length: 200 }, (_, n) => archives[n % 2]?.append(romeo, message) ?? assert.fail()),
    )
    assert.equal(new Set(ids).size, 200)
    for (const archive of archives) {
      assert.equal((await archive.page(romeo, { from: 'first', limit: 500 })).entries.length, 200)
      assert.equal(await archive.countPending(romeo), 200)
    }
    await archives[1]?.settle(romeo, ids)
    assert.equal((await archives[0]?.pending(romeo, { limit: 1 }))?.length, 0)
  })

  it('go on with greater ids, also when the last message was one of theirs and the clock is behind', async () => {
    const first = await file.open()
    const last = await first.storage.archive('archive/messages').append(romeo, message)
    await first.close()
    const { storage } = await file.open({ clock: { ...systemClock, now: () => 0 } })

    assert.ok((await storage.log('test/mail').append(romeo, 'a')) > last)
  })

  describe('that have grown', () => {
    it('are all, until each was looked at, and then those that were appended to', () => {
      const growth = new Growth()
      growth.begin()
      assert.deepEqual(
        ['a', 'b'].map(owner => growth.take(owner)),
        [true, true],
      )
      growth.note('b')
      growth.end()
      growth.begin()
      assert.deepEqual(
        ['a', 'b'].map(owner => growth.take(owner)),
        [false, true],
      )
      assert.deepEqual(
        ['a', 'b'].map(owner => growth.take(owner)),
        [false, false],
      )
    })

    it('are all again when they are too many to be remembered, also while all are looked at', () => {
      const growth = new Growth(2)
      growth.begin()
      for (const owner of ['a', 'b', 'c']) growth.note(owner)
      growth.end()
      assert.equal(growth.take('x'), true)
      growth.begin()
      growth.end()
      assert.equal(growth.take('x'), false)
      for (const owner of ['a', 'b', 'c']) growth.note(owner)
      assert.equal(growth.take('x'), true)
    })
  })
})
