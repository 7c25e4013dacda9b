import assert from 'node:assert/strict'
import { systemClock } from '../core/clock.js'
import { LogFull } from '../core/stores.js'
import { parseJid } from '../xmpp/jid.js'
import { TestFile } from './fixture.test.js'
import { LogCounts } from './log-counts.js'
import { Appends } from './logs.js'
import type { Statements } from './statements.js'

describe('log counts', () => {
  const romeo = parseJid('romeo@montague.example')
  const place = { owner: 'romeo@montague.example', store: 'offline/messages' }
  let now = 1e12
  const clock = { ...systemClock, now: () => now }

  it('count on from what the database said', () => {
    const counts = new LogCounts(clock)
    assert.equal(counts.take(place, 3), undefined)
    counts.add(place, 7) // of a number that is not known
    assert.equal(counts.take(place, 3), undefined)

    counts.set(place, 2)
    assert.deepEqual([counts.take(place, 3), counts.take(place, 3)], [true, false])
    counts.add(place, -1)
    assert.deepEqual([counts.take(place, 3), counts.take(place, 3)], [true, false])
    assert.equal(counts.take({ ...place, store: 'other/messages' }, 3), undefined)
    counts.clear()
    assert.equal(counts.take(place, 3), undefined)
  })

  it('have the database asked again whether a log is full, after a second', () => {
    const counts = new LogCounts(clock)
    counts.set(place, 3)
    assert.equal(counts.take(place, 3), false)

    now += 1000
    assert.equal(counts.take(place, 3), undefined)
  })

  describe('in a database', () => {
    let file: TestFile

    beforeEach(async () => {
      file = await TestFile.make()
    })

    afterEach(() => file.dispose())

    it('spare it all counting but the first', async () => {
      await file.open()
      const appends = new Appends(new LogCounts(clock))
      const db = file.look()
      const pool: Statements = { table: name => db(name), raw: (sql, bindings = []) => db.raw(sql, bindings) }
      let counted = 0
      const on: Statements = {
        ...pool,
        table(name) {
          counted++
          return pool.table(name)
        },
      }
      for (let n = 0; n < 20; n++) {
        const append = (part: number) => ({ ...place, id: `${n}.${part}`, value: '', max: 10 })
        await appends.run(on, [append(0), append(1)])
      }

      assert.equal(counted, 1)
      assert.equal((await pool.table('log_entries')).length, 10)
    })

    it('see what another process has done to a full log', async () => {
      const [server, shell] = [await file.open({ clock }), await file.open({ clock })]
      const log = server.storage.log('offline/messages')
      await log.append(romeo, 'a', 1)
      await assert.rejects(log.append(romeo, 'b', 1), LogFull)
      await shell.erase(romeo)

      now += 1000
      await log.append(romeo, 'c', 1)
    })
  })
})
