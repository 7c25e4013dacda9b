import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import knex, { type Knex } from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { bringUpToDate } from '../../src/storage/database.js'
import { dialectOf } from '../../src/storage/dialect.js'
import { type DatabasePlace, openDatabase } from '../../src/storage/index.js'
import { type Migration, migrations } from '../../src/storage/migrations.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { projectRoot } from '../server-process.js'
import { contentOf } from './filled.js'

/** A database that an earlier version has left. */
const SCHEMA = path.join(projectRoot, 'test/databases/schema-0001.sql')

describe('a database of the schema 0001', () => {
  const romeo = parseJid('romeo@montague.example')
  const juliet = parseJid('juliet@capulet.example')
  const moods: Migration = {
    name: '9999_moods',
    async up(db) {
      await db.schema.createTable('moods', table => void table.text('mood'))
      await db.schema.alterTable('accounts', table => void table.text('mood'))
    },
  }
  let folder: string
  let place: DatabasePlace & { readonly connection: { readonly filename: string } }

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parlance-schema-'))
    place = at('parlance.sqlite')
    await load(place.connection.filename)
  })

  afterEach(() => rm(folder, { recursive: true }))

  const at = (name: string) => ({ client: 'sqlite3', connection: { filename: path.join(folder, name) } }) as const
  const open = (steps = migrations) =>
    openDatabase({ ...place, migrations: steps, bus: new LocalBus(), log: silentLog })

  it('has what was kept in it', async () => {
    const { accounts, storage, close } = await open()

    assert.deepEqual((await accounts.list()).map(String), ['juliet@capulet.example', 'romeo@montague.example'])
    assert.deepEqual((await accounts.keys(juliet, 'SHA-256'))?.salt, Buffer.alloc(16, 13))
    assert.deepEqual(await storage.value('vcard/card').get(juliet), { FN: "Juliet O'Capulet \ud800 é😀" })
    assert.deepEqual(
      [...(await storage.map('roster/items').all(romeo))],
      [
        [' \0', 'a strange key'],
        ['juliet@capulet.example', { subscription: 'both' }],
        ['x'.repeat(1300), 'a long key'],
      ],
    )
    assert.deepEqual((await storage.addresses('blocking/list').all(juliet)).map(String).sort(), [
      'paris@verona.example',
      `paris@verona.example/${'x'.repeat(1023)}`,
    ])
    const letters = await storage.log<{ readonly xml: string }>('offline/messages').read(romeo, { limit: 10 })
    assert.deepEqual(
      letters.map(({ value }) => /<body>(.*)\n<\/body>/.exec(value.xml)?.[1]),
      ['one', 'two', 'three'],
    )
    assert.equal(await storage.archive('archive/messages').ends(romeo), undefined)
    await close()
  })

  it('is brought up to date with all that is in it, and kept as it was beside', async () => {
    const before = await contentOf(place)
    await (await open([...migrations, moods])).close()

    const after = await contentOf(place)
    for (const [table, rows] of before)
      assert.deepEqual(
        after.get(table)?.map(row => row.replace(/mood=undefined ?| mood=undefined/, '')),
        rows,
        table,
      )
    const [copy = ''] = (await readdir(folder)).filter(name => name.includes('before'))
    const [first] = [...migrations, moods].slice(1)
    assert.equal(copy, `parlance.sqlite.before-${first?.name}`)
    assert.equal((await stat(path.join(folder, copy))).mode & 0o777, 0o600)
    assert.deepEqual(await contentOf(at(copy)), before)
  })

  it('is what its step makes today: what has been released is never changed', async () => {
    const fresh = at('fresh.sqlite')
    const looked = { ...fresh, log: silentLog, migrations: migrations.slice(0, 1) }
    await bringUpToDate(dialectOf(looked), looked)
    const schemaOf = (filename: string) =>
      look(filename, db => db.raw(`SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name`))

    assert.deepEqual(await schemaOf(fresh.connection.filename), await schemaOf(place.connection.filename))
  })
})

async function load(filename: string): Promise<void> {
  const sql = await readFile(SCHEMA, 'utf8')
  await look(filename, async db => {
    for (const statement of sql.trim().split(/;\n/)) await db.raw(statement)
  })
}

async function look<T>(filename: string, work: (db: Knex) => Promise<T>): Promise<T> {
  const db = knex({ client: 'sqlite3', connection: { filename }, useNullAsDefault: true })
  return work(db).finally(() => db.destroy())
}
