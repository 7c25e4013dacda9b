import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { silentLog } from '../core/log.js'
import { parseJid } from '../xmpp/jid.js'
import { copyDatabase } from './copy.js'
import { TestFile } from './fixture.test.js'
import { type Migration, migrations } from './migrations.js'
import { type Looked, lookInto } from './snapshot.js'

describe('storage copy', () => {
  const romeo = parseJid('romeo@montague.example')
  const moods: Migration = {
    name: '0002_moods',
    up: db => db.schema.createTable('moods', table => void table.text('mood')),
  }
  let from: TestFile
  let to: TestFile

  beforeEach(async () => {
    from = await TestFile.make()
    to = await TestFile.make()
  })

  afterEach(async () => {
    await from.dispose()
    await to.dispose()
  })

  const place = ({ filename }: TestFile, steps = migrations): Looked => ({
    client: 'sqlite3',
    connection: { filename },
    log: silentLog,
    migrations: steps,
  })
  const copy = async () => {
    const lines: string[] = []
    await copyDatabase(place(from), place(to), line => lines.push(line))
    return lines
  }
  const refuses = (message: RegExp | string) => assert.rejects(copy(), { name: 'DatabaseError', message })
  const fill = async (file: TestFile, entries = 3) => {
    const { storage, accounts, close } = await file.open()
    await accounts.create(romeo, new Map())
    await Promise.all(Array.from({ length: entries }, (_, n) => storage.log('test/mail').append(romeo, n)))
    await close()
  }

  it('tells what it copies, and that all of it is there', async () => {
    await fill(from, 21_000)

    const lines = await copy()

    assert.deepEqual(
      lines.filter(line => line.startsWith('log_entries')).map(line => line.replace(/ [0-9a-f]{16}$/, ' …')),
      [
        'log_entries      10,000 of 21,000 rows',
        'log_entries      20,000 of 21,000 rows',
        'log_entries           21,000 rows, checksum …',
      ],
    )
    assert.equal(lines.at(-1), 'All 21,001 rows are there, and are the same.')
    const { storage, accounts } = await to.open()
    assert.equal(await storage.log('test/mail').count(romeo), 21_000)
    assert.equal(await accounts.exists(romeo), true)
  })

  it('writes nothing to where it copies from', async () => {
    await fill(from)
    const before = await readFile(from.filename)

    await copy()

    assert.deepEqual(await readFile(from.filename), before)
    await lookInto(place(from), async on => {
      await assert.rejects(Promise.resolve(on.raw('DELETE FROM log_entries')), /SQLITE_READONLY/)
    })
  })

  it('goes on with greater ids, also when the clock is behind', async () => {
    await fill(from)
    await copy()
    const { storage } = await to.open({ clock: { now: () => 0, after: () => ({ cancel() {} }) } })
    const log = storage.log('test/mail')
    const last = (await log.read(romeo, { limit: 10 })).at(-1)?.id ?? ''

    assert.ok((await log.append(romeo, 'new')) > last)
  })

  it('sees what was there at its beginning, whatever is written meanwhile', async () => {
    const { storage } = await from.open()
    const log = storage.log('test/mail')
    await log.append(romeo, 0)

    await lookInto(place(from), async on => {
      assert.equal((await on.table('log_entries')).length, 1)
      await log.append(romeo, 1)
      assert.equal((await on.table('log_entries')).length, 1)
    })
    assert.equal(await log.count(romeo), 2)
  })

  it('leaves alone what is not empty', async () => {
    await fill(from)
    await fill(to, 1)

    await refuses(`There is something in the database ${to.filename} already (accounts: 1): an empty one was expected.`)
    const { storage } = await to.open()
    assert.equal(await storage.log('test/mail').count(romeo), 1)
  })

  it('finds out when a row is not what it was, and keeps nothing then', async () => {
    await fill(from)
    await (await to.open()).close()
    const db = to.look()
    const spoil = (what: string) =>
      db.raw(`CREATE TRIGGER spoil AFTER INSERT ON log_entries WHEN NEW.value = '1' BEGIN ${what}; END`)

    for (const what of [
      `UPDATE log_entries SET value = '7' WHERE id = NEW.id`,
      `DELETE FROM log_entries WHERE id = NEW.id`,
      `UPDATE log_entries SET owner = 'juliet@capulet.example' WHERE id = NEW.id`,
    ]) {
      await spoil(what)
      await refuses(
        /^What was copied of log_entries is not what is in .* now \( +3 rows, .*\): nothing is kept of it\.$/,
      )
      assert.deepEqual(await db('accounts'), [])
      await db.raw('DROP TRIGGER spoil')
    }
    await copy()
  })

  it('wants a database to copy from, of this version', async () => {
    await refuses(`The database file ${from.filename} cannot be read: no such file or directory.`)
    await from.look().raw('PRAGMA user_version = 1')
    await refuses(`Nothing of Parlance's is in the database ${from.filename}.`)

    const steps = [...migrations, moods]
    await (await from.open({ migrations: steps })).close()
    await refuses(/was used by a newer version of Parlance \(its schema has "0002_moods"\)/)
    await fill(to)
    await assert.rejects(
      copyDatabase(place(to, steps), place(from), () => {}),
      { name: 'DatabaseError', message: /^An older version of Parlance made .*: start the server with it once/ },
    )
  })

  it('makes no database of one that is none', async () => {
    await refuses(/cannot be read/)

    assert.ok(!existsSync(from.filename))
    assert.ok(!existsSync(to.filename))
  })
})
