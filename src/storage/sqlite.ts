import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Knex } from 'knex'
import { hasCode, reasonOf } from '../core/system-error.js'
import type { DatabaseOptions } from './database.js'
import type { Backup, Dialect } from './dialect.js'
import { DatabaseError, driverReason } from './errors.js'

export const sqlite3: Dialect = {
  driver: 'sqlite3',
  prepare,
  pool,
  setUp,
  // a transaction that begins by reading cannot always go on to write, and no time-out helps it
  begin: 'BEGIN IMMEDIATE',
  // a first statement that writes waits for the lock. The number marks the file as Parlance's
  lockSchema: 'PRAGMA application_id = 1348563564',
  key: () => 'text', // of any length, compared by its bytes
  counter: 'integer primary key', // the row's own number: it costs nothing
  backUp,
  isOutage: fault => OUTAGE.test(codeOf(fault)) || (fault instanceof Error && POOL.test(fault.message)),
  explain,
}

/** The data of all users: nobody else on the machine may read it. */
async function prepare({ connection: { filename } }: DatabaseOptions): Promise<void> {
  if (filename === '' || filename.startsWith(':'))
    throw new DatabaseError(`"${filename}" is no name of a database file.`)
  const folder = path.dirname(path.resolve(filename))
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // SQLite makes further files beside it
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new DatabaseError(`Nothing can be written in the database's folder ${folder}: ${reasonOf(cause)}.`, { cause })
  }
  await makePrivate(filename)
}

async function makePrivate(filename: string): Promise<void> {
  try {
    const file = await open(filename, 'r+').catch(fault => {
      if (hasCode(fault, 'ENOENT')) return open(filename, 'a', 0o600)
      throw fault
    })
    await file.close()
  } catch (cause) {
    throw new DatabaseError(`The database file ${filename} cannot be opened: ${reasonOf(cause)}.`, { cause })
  }
}

function pool({ connection, busyTimeout = BUSY_TIMEOUT }: DatabaseOptions, size: Knex.PoolConfig): Knex.Config {
  const pragmas = [
    // first, so that the others wait as well
    `busy_timeout = ${Math.floor(busyTimeout)}`,
    'synchronous = FULL',
    'foreign_keys = ON',
    `journal_size_limit = ${64 * 1024 ** 2}`,
  ]
  const afterCreate = (opened: Connection, done: (fault: Error | null) => void) =>
    opened.exec(pragmas.map(pragma => `PRAGMA ${pragma};`).join(' '), done)
  return { client: 'sqlite3', connection: { ...connection }, useNullAsDefault: true, pool: { ...size, afterCreate } }
}

/** The part of the driver's connections that is used here. */
interface Connection {
  exec(sql: string, done: (fault: Error | null) => void): void
}

async function setUp(db: Knex, { connection: { filename }, log }: DatabaseOptions): Promise<void> {
  const [{ journal_mode: mode } = {}]: readonly { journal_mode?: string }[] = await db.raw('PRAGMA journal_mode = WAL')
  if (mode !== 'wal') log.warn({ filename, mode }, 'SQLite cannot use a write-ahead log here: reads wait for writes')
}

async function backUp(db: Knex, { connection: { filename } }: DatabaseOptions, name: string): Promise<Backup> {
  const [copy, unfinished] = [`${filename}.${name}`, `${filename}.${name}.${randomUUID()}.part`]
  await (await open(unfinished, 'wx', 0o600)).close()
  await db.raw('VACUUM INTO ?', [unfinished])
  return {
    async keep() {
      await rename(unfinished, copy)
      return copy
    },
    discard: () => rm(unfinished, { force: true }),
  }
}

function explain(cause: unknown, { connection: { filename } }: DatabaseOptions): DatabaseError {
  const [, say] = SENTENCES.find(([code]) => codeOf(cause).startsWith(code)) ?? []
  const sentence = say ?? (() => `The database ${filename} cannot be opened: ${driverReason(cause)}.`)
  return new DatabaseError(sentence(filename), { cause })
}

const SENTENCES: readonly (readonly [code: string, say: (filename: string) => string])[] = [
  ['SQLITE_NOTADB', filename => `${filename} is not a database of SQLite.`],
  ['SQLITE_BUSY', filename => `The database ${filename} is in use by another program that does not let go of it.`],
  ['SQLITE_CORRUPT', filename => `The database ${filename} is damaged; restore it from a backup.`],
  ['SQLITE_READONLY', filename => `The database ${filename} may only be read.`],
  ['SQLITE_CANTOPEN', filename => `The database ${filename} cannot be opened or made there.`],
  ['SQLITE_FULL', filename => `There is no room left for the database ${filename}.`],
]

const codeOf = (fault: unknown): string => (fault instanceof Error && 'code' in fault ? String(fault.code) : '')

// MISUSE: the connection is closed
const OUTAGE = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL|MISUSE)/
// Knex's pool gives no connection
const POOL = /Timeout acquiring a connection|Unable to acquire a connection|aborted/
const BUSY_TIMEOUT = 5000
