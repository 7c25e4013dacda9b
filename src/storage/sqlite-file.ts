import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Log } from '../core/log.js'
import { hasCode, reasonOf } from '../core/system-error.js'
import type { Backup, Dialect, Purpose } from './dialect.js'
import { codeOf, DatabaseError, driverReason, isPoolFault } from './errors.js'
import { type FileConnection, WAIT_MS } from './options.js'

/** Marks a file as Parlance's: `Parl`. */
export const APPLICATION_ID = 0x5061726c

const BETWEEN_TRIES_MS = 10

/** What differs between the drivers of SQLite. */
export interface SqliteDriver<Connection> {
  /** Its package, and Knex's word for it. */
  readonly name: 'sqlite3' | 'better-sqlite3'
  /** Whether nothing else happens in the process while it works. */
  readonly isSynchronous: boolean
  /** Has several statements run. */
  exec(connection: Connection, sql: string, done: (fault: Error | null) => void): void
  /** What makes connections that cannot write. */
  readOnly(filename: string): object
}

export interface SqliteFile {
  readonly connection: FileConnection
  readonly wait?: number
  readonly log: Log
}

/** SQLite: the database is a file, and this process does all there is to do. */
export function sqliteFile<Connection>(file: SqliteFile, driver: SqliteDriver<Connection>): Dialect {
  const { filename } = file.connection
  return {
    driver: driver.name,
    title: `the database ${filename}`,
    isSynchronous: driver.isSynchronous,
    prepare: purpose => (purpose === 'look' ? mustBeThere(filename) : prepare(filename)),
    pool: (size, purpose) => pool(file, driver, size, purpose),
    setUp: db => setUp(db, file),
    // a transaction that begins by reading cannot always go on to write, and no time-out helps it
    begin: 'BEGIN IMMEDIATE',
    beginSnapshot: ['BEGIN'],
    // a first statement that writes waits for the lock
    lockSchema: async trx => void (await trx.raw(`PRAGMA application_id = ${APPLICATION_ID}`)),
    key: () => 'text', // of any length, compared by its bytes
    counter: 'integer primary key', // the row's own number: it costs nothing
    backUp: (db, name) => backUp(db, filename, name),
    isOutage: fault => OUTAGE.test(codeOf(fault)) || isPoolFault(fault),
    isLost: () => false,
    isConflict: () => false, // who writes has the whole database
    explain: fault => explain(fault, filename),
  }
}

/** The data of all users: nobody else on the machine may read it. */
async function prepare(filename: string): Promise<void> {
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

async function mustBeThere(filename: string): Promise<void> {
  try {
    await access(filename, constants.R_OK)
  } catch (cause) {
    throw new DatabaseError(`The database file ${filename} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
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

function pool<Connection>(
  { connection, wait = WAIT_MS }: SqliteFile,
  { name, exec, readOnly }: SqliteDriver<Connection>,
  size: Knex.PoolConfig,
  purpose: Purpose,
): Knex.Config {
  const pragmas = [
    // first, so that the others wait as well
    `busy_timeout = ${Math.floor(wait)}`,
    'synchronous = FULL',
    'foreign_keys = ON',
    `journal_size_limit = ${64 * 1024 ** 2}`,
  ]
  const afterCreate = (opened: Connection, done: (fault: Error | null) => void) =>
    exec(opened, pragmas.map(pragma => `PRAGMA ${pragma};`).join(' '), done)
  return {
    client: name,
    connection: { ...connection, ...(purpose === 'look' && readOnly(connection.filename)) },
    useNullAsDefault: true,
    pool: { ...size, afterCreate },
  }
}

async function setUp(db: Knex, { connection: { filename }, wait = WAIT_MS, log }: SqliteFile): Promise<void> {
  const mode = await writeAhead(db, performance.now() + wait)
  if (mode !== 'wal') log.warn({ filename, mode }, 'SQLite cannot use a write-ahead log here: reads wait for writes')
}

/** Tries again by itself: while several change the mode at once, SQLite gives up without waiting. */
async function writeAhead(db: Knex, until: number): Promise<string | undefined> {
  try {
    const [{ journal_mode: mode } = {}]: readonly { journal_mode?: string }[] =
      await db.raw('PRAGMA journal_mode = WAL')
    return mode
  } catch (fault) {
    if (codeOf(fault) !== 'SQLITE_BUSY' || performance.now() > until) throw fault
    await pause(BETWEEN_TRIES_MS)
    return writeAhead(db, until)
  }
}

async function backUp(db: Knex, filename: string, name: string): Promise<Backup> {
  const [copy, unfinished] = [`${filename}.${name}`, `${filename}.${name}.${randomUUID()}.part`]
  await vacuumInto(db, unfinished)
  return {
    async keep() {
      await rename(unfinished, copy)
      return copy
    },
    discard: () => rm(unfinished, { force: true }),
  }
}

/** Makes a copy of the database as it is now, for its owner only. On the disk when it resolves; nothing is left if it fails. */
export async function vacuumInto(db: Knex, copy: string): Promise<void> {
  const file = await open(copy, 'wx', 0o600)
  try {
    await db.raw('VACUUM INTO ?', [copy])
    await file.sync() // SQLite leaves that to others here
  } catch (fault) {
    await rm(copy)
    throw fault
  } finally {
    await file.close()
  }
}

function explain(cause: unknown, filename: string): DatabaseError {
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

// MISUSE: the connection is closed
const OUTAGE = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL|MISUSE)/
