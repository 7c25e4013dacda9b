import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { silentLog } from '../core/log.js'
import { parseJid } from '../xmpp/jid.js'
import { backUp } from './backup.js'
import { TestFile } from './fixture.test.js'
import type { FilePlace } from './options.js'

describe('backup', () => {
  const romeo = parseJid('romeo@montague.example')
  let file: TestFile
  let backup: string

  beforeEach(async () => {
    file = await TestFile.make()
    backup = path.join(file.folder, 'backup.sqlite')
  })

  afterEach(() => file.dispose())

  const make = (client: FilePlace['client'] = 'sqlite3') =>
    backUp({ client, connection: { filename: file.filename }, log: silentLog }, backup, () => {})
  const refuses = (message: RegExp | string) => assert.rejects(make(), { name: 'DatabaseError', message })

  for (const client of ['sqlite3', 'better-sqlite3'] as const)
    it(`by ${client} has all that was committed before, though the server goes on writing`, async () => {
      const { storage } = await file.open({ client })
      const log = storage.log<number>('test/mail')
      await Promise.all(Array.from({ length: 500 }, (_, n) => log.append(romeo, n)))
      let writing = true
      const later = (async () => {
        for (let n = 500; writing; n++) await log.append(romeo, n)
      })()
      await make(client)
      writing = false
      await later

      const copy = await file.open({ client, connection: { filename: backup } })
      const kept = await copy.storage.log<number>('test/mail').read(romeo, { limit: 1e6 })
      assert.ok(kept.length >= 500)
      assert.deepEqual(
        kept.map(({ value }) => value),
        [...kept.keys()],
      )
    })

  it('is one file, for its owner only', async () => {
    const { storage } = await file.open()
    await storage.value('test/mood').set(romeo, 'in love')
    await make()

    assert.equal((await stat(backup)).mode & 0o777, 0o600)
    assert.deepEqual(
      (await readdir(file.folder)).filter(name => name.startsWith('backup')),
      ['backup.sqlite'],
    )
  })

  it('never takes the place of another file', async () => {
    await file.open()
    await writeFile(backup, 'a letter')

    await refuses(`${backup} is there already: a backup never replaces a file.`)
    assert.equal(await readFile(backup, 'utf8'), 'a letter')
  })

  it('leaves nothing behind when it cannot be made', async () => {
    await refuses(`The database file ${file.filename} cannot be read: no such file or directory.`)
    await writeFile(file.filename, 'But, soft! what light through yonder window breaks?'.repeat(100))
    await refuses(`${file.filename} is not a database of SQLite.`)
    assert.deepEqual(await readdir(file.folder), ['parlance.sqlite'])

    backup = path.join(file.folder, 'nowhere/backup.sqlite')
    await refuses(`The backup ${backup} cannot be made: no such file or directory.`)
  })
})
