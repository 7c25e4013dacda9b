import assert from 'node:assert/strict'
import knex from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { type Log, silentLog } from '../../src/core/log.js'
import { bringUpToDate } from '../../src/storage/database.js'
import { dialectOf } from '../../src/storage/dialect.js'
import { checkDatabase, type Database, type DatabaseOptions, openDatabase } from '../../src/storage/index.js'
import { type Migration, migrations } from '../../src/storage/migrations.js'
import { TABLES } from '../../src/storage/tables.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { ENCRYPTED_USER } from './programs.js'
import type { DatabaseServer, Reached } from './server.js'
import { SERVERS, sharedServer } from './shared.js'

for (const { name, client } of SERVERS)
  describe(`a database of ${name}`, () => {
    const romeo = parseJid('romeo@montague.example')
    const moods: Migration = {
      name: '0002_moods',
      up: db => db.schema.createTable('moods', table => void table.text('mood')),
    }
    let server: DatabaseServer
    let reached: Reached
    let opened: Database[]

    before(async function () {
      server = await sharedServer(this, client)
    })

    beforeEach(async () => {
      opened = []
      reached = await server.makeDatabase()
    })

    afterEach(async () => {
      for (const database of opened) await database.close()
      await server.takeBack(reached)
    })

    type Said = Pick<Partial<DatabaseOptions>, 'migrations' | 'wait' | 'log'> & { readonly connection?: Reached }
    const options = ({ connection = reached, ...said }: Said = {}): DatabaseOptions => ({
      ...{ client, connection, wait: 100, bus: new LocalBus(), log: silentLog },
      ...said,
    })
    const open = async (said?: Said) => {
      const database = await openDatabase(options(said))
      opened.push(database)
      return database
    }
    const look = async <T>(work: (db: knex.Knex) => Promise<T>): Promise<T> => {
      const db = knex({ client, connection: { ...reached } })
      return work(db).finally(() => db.destroy())
    }
    /** Both by what starts a server and by what only looks whether one could. */
    const refuses = async (connection: Reached, message: RegExp) => {
      await assert.rejects(open({ connection }), { name: 'DatabaseError', message })
      await assert.rejects(checkDatabase(options({ connection })), { name: 'DatabaseError', message })
    }

    it('is made when it is empty, also by several at once', async () => {
      const databases = await Promise.all(Array.from({ length: 4 }, () => open({ wait: 10_000 })))
      for (const [n, { storage }] of databases.entries()) await storage.value('test/mood').set(romeo, n)

      assert.equal(await databases[0]?.storage.value('test/mood').get(romeo), 3)
      await checkDatabase(options())
    })

    it('has the tables that are copied, with all of their columns', async () => {
      await open()

      await look(async db => {
        for (const { name, columns } of TABLES)
          assert.deepEqual(
            Object.keys(await db(name).columnInfo()).filter(column => column !== 'n'),
            Object.keys(columns),
          )
      })
    })

    it('is brought up to date, also by several at once', async () => {
      await (await open()).storage.value('test/mood').set(romeo, 'in love')
      const steps = [...migrations, moods]
      const databases = await Promise.all(Array.from({ length: 3 }, () => open({ migrations: steps, wait: 10_000 })))

      assert.equal(await databases[2]?.storage.value('test/mood').get(romeo), 'in love')
      assert.deepEqual(await look(async db => db('moods')), [])
    })

    it('is brought up to date from each schema that there was, also when that was cut off', async () => {
      for (let done = 1; done < migrations.length; done++) {
        const old = { ...options(), migrations: migrations.slice(0, done) }
        await bringUpToDate(dialectOf(old), old)
        const before = await look(db => db('knex_migrations').pluck('name'))
        // MySQL keeps what was done of a step
        if (client === 'mysql2') await look(db => db.raw('CREATE TABLE archive_entries (n int)'))
        const { storage } = await open()
        const at = Date.now()
        const id = await storage
          .archive('test/messages')
          .append(romeo, { at, with: romeo, xml: 'a', isPending: true, isArchived: true })

        assert.equal(before.length, done)
        assert.deepEqual(await storage.archive('test/messages').ends(romeo), { first: { id, at }, last: { id, at } })
      }
    })

    it('is refused when a newer version has used it', async () => {
      await open({ migrations: [...migrations, moods] })

      await refuses(
        reached,
        /^The database "parlance_\d+" of .* was used by a newer version of Parlance \(its schema has "0002_moods"\)/,
      )
    })

    it('is as it was when a step failed, and can be tried again', async () => {
      await open()
      const broken: Migration = {
        name: '0002_moods',
        async up(db, dialect) {
          if (client === 'pg') await moods.up(db, dialect) // MySQL would keep what was done before the fault
          await db.raw('SELECT nonsense')
        },
      }
      const steps = [...migrations, broken]
      await assert.rejects(open({ migrations: steps }), {
        name: 'DatabaseError',
        message: /cannot be used: .*nonsense/,
      })
      await assert.rejects(open({ migrations: steps }), {
        name: 'DatabaseError',
        message: /cannot be used: .*nonsense/,
      })

      await open()
      await open({ migrations: [...migrations, moods] })
    })

    it('goes on after a process that was cut off while it changed the schema', async () => {
      await open()
      await look(db => db('knex_migrations_lock').update({ is_locked: 1 }))

      await open({ migrations: [...migrations, moods] })
    })

    it('is refused in a sentence that says what is wrong', async () => {
      const wrong = { ...reached, password: 'no s3cret' }
      await refuses(
        wrong,
        /^The user "parlance" is not let into the database "parlance_\d+" of .* at 127\.0\.0\.1:\d+: /,
      )
      await refuses(
        { ...reached, database: 'verona' },
        /(has no database "verona": "|not let into the database "verona")/,
      )
      await refuses(
        { ...reached, port: 1 },
        /^There is no way to the database .* at 127\.0\.0\.1:1: connection refused\.$/,
      )
      await refuses({ ...reached, host: 'nowhere.invalid' }, /^There is no way to the database .* at nowhere\.invalid:/)
      await refuses({ ...reached, host: '/nowhere' }, /^There is no way to the database .* at \/nowhere: no such file/)
    })

    it('is refused when it has tables of somebody else', async () => {
      await look(db => db.schema.createTable('accounts', table => void table.text('iban')))

      await assert.rejects(open(), { name: 'DatabaseError', message: /there are tables that are not Parlance's/ })
      assert.deepEqual(await look(async db => db('accounts').columnInfo().then(Object.keys)), ['iban'])
    })

    it('is reached through encryption that the authority of the operator vouches for', async () => {
      const place = { ...reached, host: 'localhost', user: ENCRYPTED_USER }
      const ca = server.process.place.certificate
      const openWith = async (ssl: boolean | { readonly ca: string }) =>
        opened.push(await openDatabase({ ...options(), client, connection: { ...place, ssl } }))
      await openWith({ ca })

      await assert.rejects(openWith(false), {
        name: 'DatabaseError',
        message: /^The user "parlance_encrypted" is not let/,
      })
      // those of the system vouch for nothing of the kind
      await assert.rejects(openWith(true), { name: 'DatabaseError', message: /self-signed certificate/ })
      await assert.rejects(openWith({ ca: '/nowhere.pem' }), {
        name: 'DatabaseError',
        message: /nowhere\.pem: no such file/,
      })
    })

    it('is reached through its socket', async () => {
      const host = server.program.socket(server.process.place)
      const { storage } = await open({ connection: { ...reached, host } })
      await storage.value('test/mood').set(romeo, 'in love')

      assert.equal(await storage.value('test/mood').get(romeo), 'in love')
    })

    it('does not keep it to itself when a power cut would lose what is acknowledged', async () => {
      const warnings: string[] = []
      const log: Log = { ...silentLog, warn: (_, text) => warnings.push(text) }
      await open({ log })

      // the databases of the tests do not wait for the disk
      assert.match(warnings.join(), /a power cut loses what was acknowledged/)
    })
  })
