import { randomUUID } from 'node:crypto'
import { access, chown, link, mkdir, realpath, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { reasonOf } from '../core/system-error.js'
import { backUp, copyFile, ENDINGS, fileAt, makeSingle, remove, syncFolder } from './backup.js'
import { clear, fill, intoDatabase, rowsIn, type Say } from './copy.js'
import { bringUpToDate } from './database.js'
import { dialectOf } from './dialect.js'
import { codeOf, DatabaseError } from './errors.js'
import { stateOf } from './migrations.js'
import { type FilePlace, isFile } from './options.js'
import { type Looked, lookInto, withLooking } from './snapshot.js'
import { APPLICATION_ID } from './sqlite-file.js'

export interface Restoring {
  /** The backup. */
  readonly file: string
  /** What is to be as it says. */
  readonly target: Looked
  /** The folder for what was in the target before, where that is no file. */
  readonly folder: string
  /** Milliseconds since 1970, for its name. */
  readonly now: number
  readonly say: Say
}

/**
 * Makes a database what a backup says, all or nothing, and keeps what it was before beside it: gives where, or undefined
 * when there was nothing. Rejects with a DatabaseError.
 */
export async function restore(restoring: Restoring): Promise<string | undefined> {
  const { target, folder } = restoring
  const beside = isFile(target)
    ? await realpath(target.connection.filename).catch(() => target.connection.filename) // it may be yet to be made
    : path.join(folder, `${target.connection.database}.sqlite`)
  const former = `${beside}.before-restore-${new Date(restoring.now).toISOString().replaceAll(':', '')}`
  const scratch = `${beside}.${randomUUID()}.part`
  try {
    await makeFolder(path.dirname(beside))
    await unpack(restoring, scratch)
    return await (isFile(target)
      ? putInPlace({ ...target, connection: { filename: beside } }, scratch, former)
      : replaceRows(restoring, scratch, former))
  } finally {
    await remove(scratch)
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new DatabaseError(`The folder ${folder} cannot be made: ${reasonOf(cause)}.`, { cause })
  }
}

/** Checks the backup, and makes of it a database of this version. */
async function unpack({ file, target }: Restoring, scratch: string): Promise<void> {
  const backup = fileAt(file, target)
  await withLooking(backup, async ({ db }, dialect) => {
    const [{ application_id: id } = {}]: readonly { application_id?: number }[] = await db.raw('PRAGMA application_id')
    if (id !== APPLICATION_ID) throw new DatabaseError(`${file} is no backup of Parlance.`)
    await stateOf(db, dialect, target.migrations)
    const [{ integrity_check: state } = {}]: readonly { integrity_check?: string }[] =
      await db.raw('PRAGMA integrity_check')
    if (state !== 'ok') throw new DatabaseError(`The backup ${file} is damaged: ${state}.`)
  })
  await copyFile(backup, scratch)
  const copy = fileAt(scratch, target)
  const { backUp: _, ...dialect } = dialectOf(copy)
  await bringUpToDate(dialect, copy)
  await makeSingle(copy)
}

/** Gives where the former database is; undefined when there was none. */
async function putInPlace(target: Looked & FilePlace, scratch: string, former: string): Promise<string | undefined> {
  const { filename } = target.connection
  const wasThere = await exists(filename)
  await ownAs(scratch, wasThere ? filename : path.dirname(filename))
  if (wasThere) await keepFormer(target, former)
  await rename(scratch, filename)
  await syncFolder(filename)
  return wasThere ? former : undefined
}

/** The server could not open what the system administrator has made, and which is for its owner only. */
async function ownAs(file: string, other: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(other)
  await chown(file, uid, gid)
}

/** It gets another name, and has its own as well until that is the backup's: whatever happens, there is one of the two. */
async function keepFormer(target: Looked & FilePlace, former: string): Promise<void> {
  const { filename } = target.connection
  try {
    await makeSingle(target)
  } catch (fault) {
    // it may be damaged: all the more reason to restore a backup
    if (!(fault instanceof DatabaseError) || codeOf(fault.cause).startsWith('SQLITE_BUSY')) throw fault
  }
  try {
    for (const ending of ENDINGS)
      if (ending !== '' && (await exists(`${filename}${ending}`)))
        await rename(`${filename}${ending}`, `${former}${ending}`)
    // some file systems know one name for a file only
    await link(filename, former).catch(() => rename(filename, former))
  } catch (cause) {
    throw new DatabaseError(`The database ${filename} cannot be kept as ${former}: ${reasonOf(cause)}.`, { cause })
  }
}

/** Gives the file with a backup of what was there; undefined when there was nothing. */
async function replaceRows({ target, say }: Restoring, scratch: string, former: string): Promise<string | undefined> {
  const dialect = dialectOf(target)
  await bringUpToDate(dialect, target)
  const found = await lookInto(target, rowsIn)
  if (found !== undefined) await backUp(target, former, () => {})
  await intoDatabase(target, async on => {
    await clear(on)
    await lookInto(fileAt(scratch, target), source => fill({ source, target: on, title: dialect.title, say }))
  })
  return found === undefined ? undefined : former
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
