import assert from 'node:assert/strict'
import type { Knex } from 'knex'
import { type Log, silentLog } from '../core/log.js'
import { Connections } from './connections.js'
import { type Dialect, dialectOf } from './dialect.js'
import { DatabaseError } from './errors.js'
import { TestFile } from './fixture.test.js'
import type { Statements } from './statements.js'
import { once, type Work, Writer } from './writer.js'

describe('writer', () => {
  let file: TestFile
  let connections: Connections
  let dialect: Dialect
  let db: Knex
  let writer: Writer
  /** The payloads of each run of the work below. */
  let runs: number[][]
  let errors: object[]

  const say: Work<number, number> = {
    isSingle: () => true,
    async run(on, payloads) {
      runs.push([...payloads])
      await on.raw(`INSERT INTO said VALUES ${payloads.map(() => '(?)').join()}`, payloads)
      return payloads.map(value => ({ value }))
    },
  }
  const write = (payload: number, owner = 'romeo') => writer.write({ owner, work: say, payload })
  const said = async () => (await db('said').orderBy('rowid').pluck('n')).map(Number)
  const statuses = async (asked: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(asked)).map(({ status }) => status === 'fulfilled')

  beforeEach(async () => {
    file = await TestFile.make()
    dialect = dialectOf(file.options())
    connections = new Connections({ dialect, purpose: 'serve', max: 1, wait: 0, log: silentLog })
    db = connections.db
    await db.raw('PRAGMA journal_mode = WAL')
    await db.raw('CREATE TABLE said (n integer)')
    await db.raw(`CREATE TRIGGER poison BEFORE INSERT ON said WHEN NEW.n < 0 BEGIN SELECT RAISE(ABORT, 'poison'); END`)
    runs = []
    errors = []
    const log: Log = { ...silentLog, error: facts => errors.push(facts) }
    writer = new Writer({ connections, dialect, log })
  })

  afterEach(async () => {
    await writer.close()
    await connections.close()
    await file.dispose()
  })

  it('commits at once what one turn brings, and gathers while a commit is under way', async () => {
    const first = [write(0), write(1)]
    await new Promise(setImmediate) // its commit has begun
    const second = [write(2), write(3), write(4)]
    await Promise.all([...first, ...second])

    assert.deepEqual(runs, [
      [0, 1],
      [2, 3, 4],
    ])
    assert.deepEqual(await said(), [0, 1, 2, 3, 4])
  })

  it('promises nothing before it is committed', async () => {
    const other = file.look()
    for (const n of [0, 1, 2]) {
      const transactions = [write(n), writer.write({ owner: 'juliet', work: once(async () => n), payload: undefined })]
      await transactions[0]
      assert.equal((await other('said').where({ n })).length, 1)
      await transactions[1]
    }
  })

  it('writes in the order in which it was asked, and promises in that order', async () => {
    const promised: number[] = []
    const other = once(async on => void (await on.raw('INSERT INTO said VALUES (?)', [1000])))
    const asked = Array.from({ length: 100 }, (_, n) =>
      (n % 10 === 5 ? writer.write({ owner: 'nurse', work: other, payload: undefined }) : write(n)).then(() =>
        promised.push(n),
      ),
    )
    await Promise.all(asked)

    assert.deepEqual(
      promised,
      Array.from({ length: 100 }, (_, n) => n),
    )
    assert.deepEqual(
      await said(),
      Array.from({ length: 100 }, (_, n) => (n % 10 === 5 ? 1000 : n)),
    )
  })

  it('makes batches of a bounded number and size', async () => {
    await Promise.all(Array.from({ length: 1200 }, (_, n) => write(n)))
    assert.deepEqual(
      runs.map(run => run.length),
      [500, 500, 200],
    )

    runs = []
    const megabyte = 1024 ** 2
    await Promise.all(
      [3, 2, 5, 1, 1].map(size => writer.write({ owner: 'romeo', work: say, payload: size, bytes: size * megabyte })),
    )
    assert.deepEqual(runs, [[3], [2], [5], [1, 1]])
  })

  it('lets only the write reject that is to blame', async () => {
    const results = await statuses([1, 2, -3, 4, -5, 6].map(n => write(n)))

    assert.deepEqual(results, [true, true, false, true, false, true])
    assert.deepEqual(await said(), [1, 2, 4, 6])
    assert.deepEqual(errors, [
      { writes: 1, reason: 'SQLITE_CONSTRAINT: poison' },
      { writes: 1, reason: 'SQLITE_CONSTRAINT: poison' },
    ])
  })

  it('keeps none of a write that fails half-way', async () => {
    const half = once(async on => {
      await on.raw('INSERT INTO said VALUES (7)')
      await on.raw('INSERT INTO said VALUES (-7)')
    })
    const results = await statuses([
      write(1),
      writer.write({ owner: 'romeo', work: half, payload: undefined }),
      write(2),
    ])

    assert.deepEqual(results, [true, false, true])
    assert.deepEqual(await said(), [1, 2])
  })

  it('goes on after a commit that fails', async () => {
    await db.raw('CREATE TABLE children (n integer REFERENCES said (n) DEFERRABLE INITIALLY DEFERRED)')
    await db.raw('CREATE UNIQUE INDEX parents ON said (n)')
    // only the commit finds out that there is no such parent
    const orphan = once(async on => void (await on.raw('INSERT INTO children VALUES (9)')))

    await assert.rejects(writer.write({ owner: 'romeo', work: orphan, payload: undefined }), /FOREIGN KEY/)
    assert.deepEqual(await statuses([write(1), writer.write({ owner: '', work: once(noop), payload: undefined })]), [
      true,
      true,
    ])
    assert.deepEqual(await said(), [1])
  })

  it('goes on after a transaction that nobody knows the state of', async () => {
    const lost = once(async on => {
      await on.raw('ROLLBACK') // as SQLite does by itself when it cannot go on
      throw new Error('what now?')
    })

    await assert.rejects(writer.write({ owner: 'romeo', work: lost, payload: undefined }), /what now\?/)
    await Promise.all([write(1), writer.write({ owner: '', work: once(noop), payload: undefined })])
    assert.deepEqual(await said(), [1])
  })

  it('tries no more of a batch one by one once the database itself fails', async () => {
    const faults = [false, true]
    writer = new Writer({
      connections,
      dialect: { ...dialect, isOutage: () => faults.shift() ?? false },
      log: silentLog,
    })

    assert.deepEqual(await statuses([1, -2, 3, 4].map(n => write(n))), [true, false, false, false])
    assert.deepEqual(await said(), [1])
    await write(5)
  })

  it('does again what another process came in between of, but not for ever', async () => {
    const conflict = new Error('a deadlock')
    writer = new Writer({
      connections,
      dialect: { ...dialect, isConflict: fault => fault === conflict },
      log: silentLog,
    })
    const disturbed = (times: number, n: number) => {
      let left = times
      const work = once(async on => {
        await on.raw('INSERT INTO said VALUES (?)', [n])
        if (left-- > 0) throw conflict
      })
      return writer.write({ owner: 'romeo', work, payload: undefined })
    }

    assert.deepEqual(await statuses([write(1), disturbed(2, 2), write(3)]), [true, true, true])
    assert.deepEqual(await said(), [1, 2, 3])
    assert.deepEqual(await statuses([write(4), disturbed(100, 5), write(6)]), [true, false, true])
    assert.deepEqual(await said(), [1, 2, 3, 4, 6])
  })

  it('goes on when a full disk has room again', async () => {
    const [{ page_count: pages }] = await db.raw('PRAGMA page_count')
    await db.raw(`PRAGMA max_page_count = ${pages}`)
    const large = once(async on => void (await on.raw('INSERT INTO said VALUES (zeroblob(1000000))')))
    const ask = () => writer.write({ owner: 'romeo', work: large, payload: undefined })

    assert.deepEqual(await statuses([write(1), ask(), write(2)]), [true, false, true])
    await assert.rejects(ask(), /database or disk is full/)
    await db.raw('PRAGMA max_page_count = 100000')
    await ask()
    assert.equal((await said()).length, 3)
  })

  it('rejects what is in a batch together while the database is locked, and goes on when it is not', async () => {
    const other = file.look()
    await other.raw('BEGIN IMMEDIATE')
    const start = performance.now()
    const asked = Array.from({ length: 100 }, (_, n) => write(n))
    const mixed = writer.write({ owner: 'romeo', work: once(noop), payload: undefined })

    assert.deepEqual(await statuses([...asked, mixed]), Array(101).fill(false))
    assert.ok(performance.now() - start < 2000, 'one by one, each would have waited for the lock')
    assert.deepEqual(errors, [{ writes: 101, reason: 'SQLITE_BUSY: database is locked' }])
    await assert.rejects(write(0), DatabaseError)

    await other.raw('ROLLBACK')
    await write(7)
    assert.deepEqual(await said(), [7])
  })

  it('waits for another process that writes', async () => {
    const other = file.look()
    await other.raw('BEGIN IMMEDIATE')
    const asked = [write(1), writer.write({ owner: 'romeo', work: once(noop), payload: undefined })]
    await new Promise(resolve => setTimeout(resolve, 20))
    await other.raw('COMMIT')

    assert.deepEqual(await statuses(asked), [true, true])
  })

  it('says nothing of what was to be written', async () => {
    const secret = once(async on => void (await on.raw('INSERT INTO nowhere VALUES (?)', ['my love'])))

    await assert.rejects(writer.write({ owner: 'romeo', work: secret, payload: undefined }), fault => {
      assert.ok(fault instanceof DatabaseError)
      assert.equal(fault.message, 'The database failed to write: SQLITE_ERROR: no such table: nowhere.')
      assert.doesNotMatch(String(fault.cause), /my love/)
      return true
    })
  })

  it('has readers of one owner wait for nobody else', async () => {
    const seen: string[] = []
    await Promise.all([
      write(1, 'romeo').then(() => seen.push('romeo wrote')),
      writer.settled('romeo')?.then(() => seen.push('romeo reads')),
      writer.settled()?.then(() => seen.push('all read')),
      write(2, 'juliet').then(() => seen.push('juliet wrote')),
    ])

    assert.equal(writer.settled('nurse'), undefined)
    assert.equal(writer.settled(), undefined)
    assert.deepEqual(seen, ['romeo wrote', 'juliet wrote', 'romeo reads', 'all read'])
    const late = write(3, 'juliet')
    assert.equal(writer.settled('romeo'), undefined)
    await late
  })

  it('refuses more than it can hold, until there is room', async () => {
    const huge = writer.write({ owner: 'romeo', work: say, payload: 1, bytes: 300 * 1024 ** 2 })
    await assert.rejects(write(2), /does not keep up/)
    await huge

    await write(3)
    assert.deepEqual(await said(), [1, 3])
  })

  it('writes what it has before it closes, and takes no more', async () => {
    const asked = [write(1), write(2)]
    const closed = writer.close()
    await assert.rejects(write(3), /has been closed/)
    await closed

    assert.deepEqual(await said(), [1, 2])
    await Promise.all(asked)
  })

  it('lies when a test wants it to', async () => {
    process.env.PARLANCE_TEST_ACK_BEFORE_COMMIT = '1'
    const liar = new Writer({ connections, dialect, log: silentLog })
    delete process.env.PARLANCE_TEST_ACK_BEFORE_COMMIT
    await liar.write({ owner: 'romeo', work: say, payload: 1, foreseen: { value: 1 } })
    assert.deepEqual(await said(), [])

    await liar.close()
    assert.deepEqual(await said(), [1])
  })
})

const noop = async (on: Statements) => void (await on.raw('SELECT 1'))
