import assert from 'node:assert/strict'
import { FakeClock } from '../../test/kit.js'
import { readings } from '../../test/readings.js'
import { parseJid } from '../xmpp/jid.js'
import type { Database } from './database.js'
import { TestFile } from './fixture.test.js'

describe('what operators watch of the database', () => {
  let file: TestFile
  let clock: FakeClock
  let database: Database

  beforeEach(async () => {
    file = await TestFile.make()
    clock = new FakeClock()
    database = await file.open({ clock })
  })

  afterEach(() => file.dispose())

  const read = () => readings(...database.metrics)
  const exists = (name: string) => database.accounts.create(parseJid(name), new Map())

  it('is how many writes wait, and how many a commit has', async () => {
    const letters = database.storage.log<string>('letters')
    const romeo = parseJid('romeo@verona.example')
    const before = await read()

    const written = ['one', 'two', 'three'].map(letter => letters.append(romeo, letter))
    const waiting = await read()
    await Promise.all(written)
    const after = await read()

    const grown = (name: string) => Number(after[name]) - Number(before[name])
    assert.equal(waiting.parlance_writes_waiting, 3)
    assert.ok(Number(waiting.parlance_writes_waiting_bytes) > 0)
    assert.deepEqual([after.parlance_writes_waiting, after.parlance_writes_waiting_bytes], [0, 0])
    assert.deepEqual([grown('parlance_commit_writes_count'), grown('parlance_commit_writes_sum')], [1, 3])
    assert.deepEqual(
      [grown('parlance_commit_writes_bucket{le="2.0"}'), grown('parlance_commit_writes_bucket{le="5.0"}')],
      [0, 1],
    )
  })

  it('is how long commits take', async () => {
    const before = await read()
    await exists('romeo@verona.example')
    const after = await read()

    const grown = (name: string) => Number(after[name]) - Number(before[name])
    assert.equal(grown('parlance_commit_seconds_count'), 1)
    const seconds = grown('parlance_commit_seconds_sum')
    assert.ok(seconds > 0 && seconds < 10, `${seconds} s`)
  })

  it('is what could not be written', async () => {
    const look = file.look()
    await look.raw('DROP TABLE accounts')

    await assert.rejects(exists('romeo@verona.example'))

    // accounts cannot be counted any more
    const others = database.metrics.filter(({ name }) => name !== 'parlance_accounts')
    assert.equal((await readings(...others)).parlance_writes_failed_total, 1)
  })

  it('is how many accounts there are, counted once a minute', async () => {
    for (const name of ['romeo@verona.example', 'juliet@verona.example', 'apothecary@mantua.example'])
      await exists(name)
    const counted = await read()
    await exists('nurse@verona.example')
    const soon = await read()
    await clock.pass(60_000)
    const later = await read()

    const verona = 'parlance_accounts{domain="verona.example"}'
    assert.deepEqual([counted[verona], soon[verona], later[verona]], [2, 2, 3])
    assert.equal(later['parlance_accounts{domain="mantua.example"}'], 1)
  })

  it('is counted again when it could not be', async () => {
    const look = file.look()
    await look.raw('ALTER TABLE accounts RENAME TO hidden')
    await assert.rejects(read)
    await look.raw('ALTER TABLE hidden RENAME TO accounts')

    await exists('romeo@verona.example')

    assert.equal((await read())['parlance_accounts{domain="verona.example"}'], 1)
  })

  it('is whether it can be read', async () => {
    await database.check()
    await file.look().raw('DROP TABLE accounts')

    await assert.rejects(database.check(), { name: 'DatabaseError' })
  })
})
