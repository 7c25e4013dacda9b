import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chown, copyFile, open, readdir, readFile, readlink, rename, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { silentLog } from '../core/log.js'
import { parseJid } from '../xmpp/jid.js'
import { backUp } from './backup.js'
import { TestFile } from './fixture.test.js'
import { type Migration, migrations } from './migrations.js'
import { restore } from './restore.js'

const NOW = Date.UTC(2026, 1, 14, 12, 30)
const BESIDE = '.before-restore-2026-02-14T123000.000Z'

describe('restore', () => {
  const romeo = parseJid('romeo@montague.example')
  const moods: Migration = {
    name: '0002_moods',
    up: db => db.schema.createTable('moods', table => void table.text('mood')),
  }
  let file: TestFile
  let backup: string
  let former: string

  beforeEach(async () => {
    file = await TestFile.make()
    backup = path.join(file.folder, 'backup.sqlite')
    former = `${file.filename}${BESIDE}`
    await feel('in love')
    await backUp(place(), backup, () => {})
    await feel('in exile')
  })

  afterEach(() => file.dispose())

  const place = (steps = migrations) =>
    ({
      client: 'sqlite3',
      connection: { filename: file.filename },
      wait: 100,
      log: silentLog,
      migrations: steps,
    }) as const
  const feel = async (mood: string) => {
    const { storage, close } = await file.open()
    await storage.value('test/mood').set(romeo, mood)
    await close()
  }
  const feelingIn = async (filename: string, steps = migrations) => {
    const { storage, close } = await file.open({ connection: { filename }, migrations: steps })
    const mood = await storage.value('test/mood').get(romeo)
    await close()
    return mood
  }
  const restoreIt = (steps = migrations) =>
    restore({ file: backup, target: place(steps), folder: file.folder, now: NOW, say: () => {} })
  const refuses = (message: RegExp | string) => assert.rejects(restoreIt(), { name: 'DatabaseError', message })

  it('makes the database what it was, and keeps what it has been since', async () => {
    assert.equal(await restoreIt(), former)

    assert.equal(await feelingIn(file.filename), 'in love')
    assert.equal(await feelingIn(former), 'in exile')
    for (const name of [file.filename, former]) assert.equal((await stat(name)).mode & 0o777, 0o600)
    assert.equal(existsSync(backup), true)
    assert.deepEqual(
      (await readdir(file.folder)).filter(name => name.endsWith('.part')),
      [],
    )
  })

  it('needs no database that was there before', async () => {
    const other = await TestFile.make()
    const target = { ...place(), connection: { filename: path.join(other.folder, 'data/new.sqlite') } }
    const kept = await restore({ file: backup, target, folder: other.folder, now: NOW, say: () => {} })

    assert.equal(kept, undefined)
    assert.equal(await feelingIn(target.connection.filename), 'in love')
    await other.dispose()
  })

  it('keeps what a server that was killed had not put into the file yet', async () => {
    const { storage } = await file.open()
    await storage.value('test/mood').set(romeo, 'banished')
    const killed = await TestFile.make()
    for (const ending of ['', '-wal', '-shm'])
      await copyFile(`${file.filename}${ending}`, `${killed.filename}${ending}`)
    const target = { ...place(), connection: { filename: killed.filename } }
    await restore({ file: backup, target, folder: killed.folder, now: NOW, say: () => {} })

    assert.equal(await feelingIn(killed.filename), 'in love')
    assert.equal(await feelingIn(`${killed.filename}${BESIDE}`), 'banished')
    await killed.dispose()
  })

  it('leaves a link that leads to the database where it is', async () => {
    const far = await TestFile.make()
    await rename(file.filename, far.filename)
    await symlink(far.filename, file.filename)

    assert.equal(await restoreIt(), `${far.filename}${BESIDE}`)
    assert.equal(await readlink(file.filename), far.filename)
    assert.equal(await feelingIn(file.filename), 'in love')
    assert.equal(await feelingIn(`${far.filename}${BESIDE}`), 'in exile')
    await far.dispose()
  })

  it('leaves the database to whom it belongs', async function () {
    if (process.getuid?.() !== 0) this.skip() // only the system administrator can do it for somebody else
    await chown(file.filename, 12_345, 12_346)
    await restoreIt()

    const { uid, gid } = await stat(file.filename)
    assert.deepEqual([uid, gid], [12_345, 12_346])
  })

  it('keeps what is damaged as it is', async () => {
    const before = 'Thus with a kiss I die.'.repeat(200)
    await writeFile(file.filename, before)
    await restoreIt()

    assert.equal(await feelingIn(file.filename), 'in love')
    assert.equal(await readFile(former, 'utf8'), before)
  })

  it('changes nothing while somebody has the database open', async () => {
    const { storage } = await file.open()
    await storage.value('test/mood').get(romeo)

    await refuses(/parlance\.sqlite is in use by another program/)
    await storage.value('test/mood').set(romeo, 'in Mantua')
    assert.equal(await storage.value('test/mood').get(romeo), 'in Mantua')
    assert.equal(existsSync(former), false)
  })

  it('brings a backup of an older version up to date, and leaves it as it is', async () => {
    const before = await readFile(backup)
    await restoreIt([...migrations, moods])

    assert.equal(await feelingIn(file.filename, [...migrations, moods]), 'in love')
    assert.deepEqual(await file.look()('moods'), [])
    assert.deepEqual(await readFile(backup), before)
  })

  describe('refuses', () => {
    afterEach(async () => {
      assert.equal(await feelingIn(file.filename), 'in exile')
      assert.deepEqual(
        (await readdir(file.folder)).filter(name => /part$|before-restore/.test(name)),
        [],
      )
    })

    it('a backup of a newer version', async () => {
      await (await file.open({ connection: { filename: backup }, migrations: [...migrations, moods] })).close()

      await refuses(
        `The database ${backup} was used by a newer version of Parlance (its schema has "0002_moods"): use that version, or an older backup.`,
      )
    })

    it('what is no backup', async () => {
      backup = path.join(file.folder, 'other.sqlite')
      await refuses(`The database file ${backup} cannot be read: no such file or directory.`)
      await writeFile(backup, 'O happy dagger!'.repeat(300))
      await refuses(`${backup} is not a database of SQLite.`)
      await writeFile(backup, '')
      await refuses(`${backup} is no backup of Parlance.`)
    })

    it('a backup that is damaged', async () => {
      const { size } = await stat(backup)
      const handle = await open(backup, 'r+')
      await handle.write(Buffer.alloc(size / 2, 0x55), 0, size / 2, size / 2)
      await handle.close()

      await refuses(/backup\.sqlite is damaged/)
    })
  })
})
