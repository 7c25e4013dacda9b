import assert from 'node:assert/strict'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { accountRemoved } from '../core/accounts.js'
import { LocalBus } from '../core/bus.js'
import { systemClock } from '../core/clock.js'
import { parseJid } from '../xmpp/jid.js'
import { type FileOptions, TestFile } from './fixture.test.js'
import { type Migration, migrations, OWNED } from './migrations.js'

describe('database', () => {
  const romeo = parseJid('romeo@montague.example')
  const juliet = parseJid('juliet@capulet.example')
  /** A step that may come after the program's. */
  const moods: Migration = {
    name: '0002_moods',
    up: db => db.schema.createTable('moods', table => void table.text('mood')),
  }
  let file: TestFile

  beforeEach(async () => {
    file = await TestFile.make()
  })

  afterEach(() => file.dispose())

  describe('opens', () => {
    const refuses = (options: FileOptions, message: RegExp | string) =>
      assert.rejects(file.open(options), { name: 'DatabaseError', message })

    it('a file that is not there yet, in a folder that is not there yet, for its owner only', async () => {
      const filename = path.join(file.folder, 'data/here/parlance.sqlite')
      const { storage } = await file.open({ connection: { filename } })
      await storage.value('test/mood').set(romeo, 'in love')

      for (const name of await readdir(path.dirname(filename)))
        assert.equal((await stat(path.join(path.dirname(filename), name))).mode & 0o777, 0o600, name)
      assert.equal((await stat(path.dirname(filename))).mode & 0o777, 0o700)
    })

    it('with a log that survives a power cut', async () => {
      await file.open()

      assert.deepEqual(await file.look().raw('PRAGMA journal_mode'), [{ journal_mode: 'wal' }])
      assert.deepEqual(await file.look().raw('PRAGMA application_id'), [{ application_id: 0x5061726c }])
    })

    it('not what is no database', async () => {
      await writeFile(file.filename, 'But, soft! what light through yonder window breaks?'.repeat(100))

      await refuses({}, `${file.filename} is not a database of SQLite.`)
    })

    it('not a folder', async () => {
      await mkdir(file.filename)

      await refuses({}, /parlance\.sqlite cannot be opened: illegal operation on a directory\.$/)
    })

    it('not in a folder that cannot be', async () => {
      await writeFile(path.join(file.folder, 'data'), '')
      const folder = path.join(file.folder, 'data/here')

      await refuses(
        { connection: { filename: path.join(folder, 'parlance.sqlite') } },
        `Nothing can be written in the database's folder ${folder}: not a directory.`,
      )
    })

    it('not what has no name', async () => {
      for (const filename of ['', ':memory:'])
        await refuses({ connection: { filename } }, /is no name of a database file/)
    })

    it('not while another program does not let go', async () => {
      await (await file.open()).close()
      const other = file.look()
      await other.raw('PRAGMA journal_mode = DELETE')
      await other.raw('BEGIN EXCLUSIVE')

      await refuses({}, /is in use by another program/)
    })

    it('a file that is there already', async () => {
      for (const mood of ['in love', 'in exile']) {
        const database = await file.open()
        await database.storage.map('test/moods').set(romeo, mood, 1)
        await database.close()
      }
      const { storage } = await file.open()

      assert.deepEqual([...(await storage.map('test/moods').all(romeo)).keys()], ['in exile', 'in love'])
    })

    it('a new file for several at once', async () => {
      const databases = await Promise.all(Array.from({ length: 4 }, () => file.open({ wait: 5000 })))
      for (const [n, { storage }] of databases.entries()) await storage.value('test/mood').set(romeo, n)

      assert.equal(await databases[0]?.storage.value('test/mood').get(romeo), 3)
    })

    it('an older schema after a copy has been made', async () => {
      const older = await file.open()
      await older.storage.value('test/mood').set(romeo, 'in love')
      await older.close()
      const newer = await file.open({ migrations: [...migrations, moods] })

      assert.equal(await newer.storage.value('test/mood').get(romeo), 'in love')
      assert.deepEqual(await file.look()('moods'), [])
      const copy = `${file.filename}.before-0002_moods`
      assert.equal((await stat(copy)).mode & 0o777, 0o600)
      await newer.close()
      const restored = await file.open({ connection: { filename: copy } })
      assert.equal(await restored.storage.value('test/mood').get(romeo), 'in love')
    })

    it('an older schema for several at once', async () => {
      await (await file.open()).close()
      const options = { migrations: [...migrations, moods], wait: 5000 }
      await Promise.all(Array.from({ length: 3 }, () => file.open(options)))

      const copy = `${file.filename}.before-0002_moods`
      const names = await readdir(file.folder)
      assert.deepEqual(
        names.filter(name => /before/.test(name)),
        [path.basename(copy)],
      )
      await file.open({ connection: { filename: copy } }) // of a schema that this program knows
    })

    it('an older schema again when the step failed, which left nothing behind', async () => {
      await (await file.open()).close()
      const broken: Migration = {
        name: '0002_moods',
        async up(db, dialect) {
          await moods.up(db, dialect)
          await db.raw('SELECT nonsense')
        },
      }
      await refuses({ migrations: [...migrations, broken] }, /cannot be opened: SQLITE_ERROR: no such column: nonsense/)
      await refuses({ migrations: [...migrations, broken] }, /no such column: nonsense/)

      await file.open()
      assert.equal(await file.look().schema.hasTable('moods'), false)
    })

    it('not a newer schema', async () => {
      await (await file.open({ migrations: [...migrations, moods] })).close()

      await refuses({}, /was used by a newer version of Parlance \(its schema has "0002_moods"\)/)
    })
  })

  it('knows all tables that say whose a row is', async () => {
    await file.open()
    const tables: readonly { name: string }[] = await file
      .look()
      .raw(`SELECT name FROM sqlite_master WHERE type = 'table'`)
    const owned: string[] = []
    for (const { name } of tables) {
      const columns: readonly { name: string }[] = await file.look().raw(`PRAGMA table_info(${name})`)
      if (columns.some(({ name }) => name === 'owner')) owned.push(name)
    }

    assert.deepEqual(owned.sort(), [...OWNED].sort())
  })

  it('makes a secret once', async () => {
    const first = await file.open()
    const [secret, same, other] = await Promise.all([
      first.secret('scram'),
      first.secret('scram'),
      first.secret('other'),
    ])
    await first.close()
    const second = await file.open()

    assert.equal(secret.length, 32)
    assert.deepEqual(same, secret)
    assert.notDeepEqual(other, secret)
    assert.deepEqual(await second.secret('scram'), secret)
  })

  it('refuses everything once it is closed', async () => {
    const { storage, close } = await file.open()
    const set = storage.value('test/mood').set(romeo, 'in love')
    await close()
    await close()

    await set
    await assert.rejects(storage.value('test/mood').set(romeo, 'in exile'), /has been closed/)
    await assert.rejects(storage.value('test/mood').get(romeo))
  })

  it('refuses a store whose name does not fit', async () => {
    const { storage } = await file.open()

    assert.throws(() => storage.log('x'.repeat(65)), /too long/)
  })

  describe('of two processes', () => {
    let now = 1e12
    const clock = { ...systemClock, now: () => now }

    it('shows each what the other does', async () => {
      const [server, shell] = [await file.open(), await file.open()]
      assert.equal(await server.accounts.exists(romeo), false)
      await shell.accounts.create(romeo, new Map())
      assert.equal(await server.accounts.exists(romeo), true)
      await server.storage.map('roster/items').set(romeo, 'juliet', 'both')
      assert.equal(await shell.storage.map('roster/items').get(romeo, 'juliet'), 'both')
      await shell.accounts.remove(romeo)
      assert.equal(await server.storage.map('roster/items').get(romeo, 'juliet'), undefined)
    })

    it('believes ten seconds long that an account is there', async () => {
      const [server, shell] = [await file.open({ clock }), await file.open({ clock })]
      await shell.accounts.create(romeo, new Map())
      await server.accounts.exists(romeo)
      await shell.accounts.remove(romeo)
      assert.equal(server.accounts.exists(romeo), true) // at once: most messages ask for one that has been asked for

      now += 10_000
      assert.equal(await server.accounts.exists(romeo), false)
    })

    it('hears on the bus that an account is gone', async () => {
      const bus = new LocalBus()
      const [one, other] = [await file.open({ bus, clock }), await file.open({ bus, clock })]
      await one.accounts.create(romeo, new Map())
      assert.equal(await other.accounts.exists(romeo), true)
      const asked = other.accounts.exists(juliet)
      await one.accounts.remove(romeo)

      assert.equal(await other.accounts.exists(romeo), false)
      assert.equal(await asked, false)
    })

    it('does not remember an account that went while it was asked for', async () => {
      const bus = new LocalBus()
      const { accounts } = await file.open({ bus, clock })
      await accounts.create(romeo, new Map())
      const asked = accounts.exists(romeo)
      bus.publish(accountRemoved, romeo.toString())
      await asked

      assert.notEqual(accounts.exists(romeo), true)
    })

    it('appends to the same logs, under ids that differ', async () => {
      const databases = [await file.open({ clock, wait: 5000 }), await file.open({ clock, wait: 5000 })]
      const ids = await Promise.all(
        databases.flatMap(({ storage }) =>
          Array.from({ length: 200 }, (_, n) => storage.log('test/mail').append(romeo, n)),
        ),
      )

      assert.equal(new Set(ids).size, 400)
      assert.equal(await databases[0]?.storage.log('test/mail').count(romeo), 400)
    })
  })
})
