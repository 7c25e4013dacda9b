import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import knex from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { backUp, copyDatabase, type DatabasePlace, openDatabase, restore } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { contentOf, fillDatabase } from './filled.js'
import type { DatabaseServer, Reached } from './server.js'
import { SERVERS, sharedServer } from './shared.js'

const NOW = Date.UTC(2026, 1, 14, 12, 30)

for (const { name, client } of SERVERS)
  describe(`backup and restore of ${name}`, function () {
    this.timeout(60_000)
    const romeo = parseJid('romeo@montague.example')
    let folder: string
    let backup: string
    let server: DatabaseServer
    let reached: Reached
    let place: DatabasePlace

    before(async function () {
      server = await sharedServer(this, client)
    })

    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'parlance-backup-'))
      backup = path.join(folder, 'backup.sqlite')
      reached = await server.makeDatabase()
      place = { client, connection: reached }
    })

    afterEach(async () => {
      await server.takeBack(reached)
      await rm(folder, { recursive: true })
    })

    const file = (filename: string): DatabasePlace => ({ client: 'sqlite3', connection: { filename } })
    const open = (at = place) => openDatabase({ ...at, bus: new LocalBus(), log: silentLog })
    const make = () => backUp({ ...place, log: silentLog }, backup, () => {})
    const putBack = (target = place) =>
      restore({ file: backup, target: { ...target, log: silentLog }, folder, now: NOW, say: () => {} })

    it('is one file for every database, made while the server goes on writing', async () => {
      await fillDatabase(place, { accounts: 20, messages: 300 })
      const { storage, close } = await open()
      const log = storage.log<number>('test/mail')
      await log.append(romeo, 0)
      let writing = true
      const later = (async () => {
        for (let n = 1; writing; n++) await log.append(romeo, n)
      })()
      await make()
      writing = false
      await later
      await close()

      assert.equal((await stat(backup)).mode & 0o777, 0o600)
      assert.deepEqual(await readdir(folder), ['backup.sqlite'])
      const [all, kept] = await Promise.all([contentOf(place), contentOf(file(backup))])
      for (const [table, rows] of kept)
        if (table === 'log_entries') assert.ok(rows.length > 300 && rows.every(row => all.get(table)?.includes(row)))
        else assert.deepEqual(rows, all.get(table))
    })

    it('gives back what was there, and keeps what has been since', async () => {
      await fillDatabase(place, { accounts: 20, messages: 300 })
      await make()
      const before = await contentOf(place)
      const { storage, accounts, close } = await open()
      await accounts.remove(parseJid('user1@verona.example'))
      await storage.value('test/mood').set(romeo, 'in exile')
      await close()
      const since = await contentOf(place)

      const former = await putBack()

      assert.deepEqual(await contentOf(place), before)
      assert.equal(former, path.join(folder, `${reached.database}.sqlite.before-restore-2026-02-14T123000.000Z`))
      assert.deepEqual(await contentOf(file(former ?? '')), since)
      assert.deepEqual((await readdir(folder)).sort(), ['backup.sqlite', path.basename(former ?? '')])
      await fillDatabase(place, { accounts: 30, messages: 10 }) // and it works
    })

    it('moves everything into another kind of database', async () => {
      const small = file(path.join(folder, 'small.sqlite'))
      await fillDatabase(small, { accounts: 10, messages: 20 })
      await backUp({ ...small, log: silentLog }, backup, () => {})

      assert.equal(await putBack(), undefined)
      assert.deepEqual(await contentOf(place), await contentOf(small))
    })

    it('changes nothing when a row would not be what it was', async () => {
      await fillDatabase(place, { accounts: 3, messages: 5 })
      await make()
      const { storage, close } = await open()
      await storage.value('test/mood').set(romeo, 'in exile')
      await close()
      const since = await contentOf(place)
      const db = knex({ client, connection: { ...reached } })
      for (const statement of SPOIL[client]) await db.raw(statement)
      await db.destroy()

      await assert.rejects(putBack(), {
        name: 'DatabaseError',
        message: /^What was copied of log_entries is not what is in /,
      })
      assert.deepEqual(await contentOf(place), since)
    })

    it('copies into an empty database only', async () => {
      const small = file(path.join(folder, 'small.sqlite'))
      await fillDatabase(small, { accounts: 1, messages: 1 })
      const { secret, close } = await open()
      await secret('sasl')
      await close()

      await assert.rejects(
        copyDatabase({ ...small, log: silentLog }, { ...place, log: silentLog }, () => {}),
        { name: 'DatabaseError', message: /^There is something in the database "parlance_\d+" .* \(secrets: 1\)/ },
      )
    })
  })

/** What changes entries of logs on their way in. */
const SPOIL = {
  pg: [
    `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.value = '{}'; RETURN NEW; END $$`,
    'CREATE TRIGGER spoil BEFORE INSERT ON log_entries FOR EACH ROW EXECUTE FUNCTION spoil()',
  ],
  mysql2: [`CREATE TRIGGER spoil BEFORE INSERT ON log_entries FOR EACH ROW SET NEW.value = '{}'`],
}
