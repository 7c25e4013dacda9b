import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { hasCode, reasonOf } from '../core/system-error.js'
import { Connections } from './connections.js'
import { fill, intoDatabase, type Say } from './copy.js'
import { dialectOf } from './dialect.js'
import { DatabaseError } from './errors.js'
import { type DatabaseSource, type FilePlace, isFile } from './options.js'
import { type Looked, lookInto, withLooking } from './snapshot.js'
import { vacuumInto } from './sqlite-file.js'

/**
 * Makes a copy of a database, as it is at this moment, in a file that only its owner can read: a database of SQLite,
 * whatever it was. Others may go on writing. Rejects with a DatabaseError, also when there is such a file.
 */
export async function backUp(source: Looked, file: string, say: Say): Promise<void> {
  await reserve(file)
  const unfinished = `${file}.${randomUUID()}.part`
  try {
    await (isFile(source) ? copyFile(source, unfinished) : copyRows(source, unfinished, say))
    await rename(unfinished, file)
  } catch (fault) {
    await Promise.all([remove(unfinished), rm(file, { force: true })])
    throw fault
  }
  await syncFolder(file)
}

/** Nobody else can make it from now on, and it is not one that is there. */
async function reserve(file: string): Promise<void> {
  try {
    const made = await open(file, 'wx', 0o600)
    await made.close()
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) throw new DatabaseError(`${file} is there already: a backup never replaces a file.`)
    throw new DatabaseError(`The backup ${file} cannot be made: ${reasonOf(cause)}.`, { cause })
  }
}

/** A copy of a file of SQLite that is a database of Parlance, in whatever version. */
export const copyFile = (source: DatabaseSource, copy: string): Promise<void> =>
  withLooking(source, ({ db }) => vacuumInto(db, copy))

async function copyRows(source: Looked, copy: string, say: Say): Promise<void> {
  const to = fileAt(copy, source)
  const { title } = dialectOf(to)
  await lookInto(source, from => intoDatabase(to, target => fill({ source: from, target, title, say })))
  await makeSingle(to)
}

/** A database of SQLite, of the same kind as another where that is one: within a process two drivers see no locks. */
export const fileAt = (filename: string, { client, log, migrations }: Looked): Looked & FilePlace => ({
  client: client === 'better-sqlite3' ? client : 'sqlite3',
  connection: { filename },
  log,
  ...(migrations && { migrations }),
})

/** Puts all of a database into its one file. Rejects with a DatabaseError, also when somebody else has it open. */
export async function makeSingle(database: DatabaseSource): Promise<void> {
  const dialect = dialectOf(database)
  const connections = new Connections({ dialect, purpose: 'maintain', max: 1, wait: 0, log: database.log })
  try {
    // which nobody can while others are there
    await connections.db.raw('PRAGMA journal_mode = DELETE')
  } catch (fault) {
    throw dialect.explain(fault)
  } finally {
    await connections.close()
  }
}

/** Removes a database's files. */
export async function remove(filename: string): Promise<void> {
  for (const ending of ENDINGS) await rm(`${filename}${ending}`, { force: true })
}

/** What SQLite puts beside a database, and the database itself. */
export const ENDINGS = ['', '-wal', '-shm', '-journal']

/** So that a name is there after a power cut as well. */
export async function syncFolder(file: string): Promise<void> {
  const folder = await open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
