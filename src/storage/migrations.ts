import type { Knex } from 'knex'
import type { Log } from '../core/log.js'
import { ORIGIN_BYTES } from './archive-rows.js'
import type { Dialect } from './dialect.js'
import { capitalised, DatabaseError } from './errors.js'
import { KEY_BYTES, STORE_BYTES } from './keys.js'

/** One step of the schema. What has been released is never changed: a further step changes what it made. */
export interface Migration {
  /** Its number and what it is about. */
  readonly name: string
  /**
   * In one transaction with all others, but in MySQL, which commits each change of the schema: a step of several changes
   * has to ask there what has been done already.
   */
  up(db: Knex, dialect: Dialect): Promise<void>
}

export const migrations: readonly Migration[] = [
  { name: '0001_accounts_and_stores', up: accountsAndStores },
  { name: '0002_archives', up: archives },
]

export interface MigrateOptions {
  readonly dialect: Dialect
  readonly log: Log
  readonly steps?: readonly Migration[]
}

/** Brings the schema up to date, in one transaction. Refuses one that has steps which this program does not know. */
export async function migrate(db: Knex, { dialect, log, steps = migrations }: MigrateOptions): Promise<void> {
  const { done, next } = await stateOf(db, dialect, steps)
  if (next === undefined) return
  const copy = done > 0 ? await dialect.backUp?.(db, `before-${next.name}`) : undefined
  try {
    await db.transaction(async trx => {
      await dialect.lockSchema(trx)
      // unless another process has been here since: then it is no copy of what was before
      if (copy && (await stepsDone(trx)).length === done)
        log.info({ copy: await copy.keep(), step: next.name }, 'the schema is brought up to date')
      await runSteps(trx, dialect, steps)
      await dialect.unlockSchema?.(trx)
    })
  } finally {
    await copy?.discard()
  }
}

/** How far a schema is: how many steps are done, and which is next. Throws a DatabaseError when it is a newer one. */
export async function stateOf(
  db: Knex,
  { title }: Dialect,
  steps: readonly Migration[] = migrations,
): Promise<{ readonly done: number; readonly next: Migration | undefined }> {
  const done = await stepsDone(db)
  const unknown = done.find(name => !steps.some(step => step.name === name))
  if (unknown !== undefined)
    throw new DatabaseError(
      `${capitalised(title)} was used by a newer version of Parlance (its schema has "${unknown}"): use that version, or an older backup.`,
    )
  return { done: done.length, next: steps[done.length] }
}

async function stepsDone(db: Knex): Promise<readonly string[]> {
  if (!(await db.schema.hasTable(TABLE))) return []
  return await db<{ id: number; name: string }>(TABLE).orderBy('id').pluck('name')
}

async function runSteps(trx: Knex, dialect: Dialect, steps: readonly Migration[]): Promise<void> {
  const migrator = trx.migrate
  const config = { tableName: TABLE, migrationSource: sourceOf(steps, dialect), disableTransactions: true }
  // the schema is locked by us: whoever left Knex's lock behind was cut off
  await migrator.forceFreeMigrationsLock(config)
  await migrator.latest(config)
}

const sourceOf = (steps: readonly Migration[], dialect: Dialect): Knex.MigrationSource<Migration> => ({
  getMigrations: async () => [...steps],
  getMigrationName: ({ name }) => name,
  getMigration: async step => ({
    up: db => step.up(db, dialect),
    down: async () => {
      throw new DatabaseError('There is no way back to an older schema but a backup.')
    },
  }),
})

/** The tables of the shapes. What an account or room keeps is in rows that name it in the column `owner`. */
export const OWNED = ['value_items', 'map_items', 'address_items', 'log_entries', 'archive_entries'] as const

async function accountsAndStores(db: Knex, dialect: Dialect): Promise<void> {
  for (const [name, columns] of Object.entries(tables(dialect)))
    await db.schema.createTable(name, table => {
      dialect.keep?.(table)
      columns(table)
    })
}

/*
 * One table for what is archived and for what is pending, so that a message is written once. Searching for words is to
 * have a table of its own: what it needs differs between databases (FTS5, tsvector, FULLTEXT), none of which finds words
 * of two characters where no spaces are between them unless it is given a text cut up for it; it is made of `xml`, and
 * made anew if need be; and who has it switched off pays nothing for it.
 */
async function archives(db: Knex, { key, counter, keep }: Dialect): Promise<void> {
  const name = 'archive_entries'
  // MySQL keeps what was done of a step that was cut off
  if ((await db.schema.hasTable(name)) && (await db(name).limit(1)).length === 0) await db.schema.dropTable(name)
  await db.schema.createTable(name, table => {
    keep?.(table)
    const text = (column: string, bytes: number) => table.specificType(column, key(bytes))
    table.specificType('n', counter) // in the order of the commits
    text('owner', KEY_BYTES).notNullable()
    text('store', STORE_BYTES).notNullable()
    text('id', ID_BYTES).notNullable()
    table.bigInteger('at').notNullable()
    text('with_bare', KEY_BYTES).notNullable()
    text('with_resource', PART_BYTES)
    text('pending_for', KEY_BYTES)
    table.smallint('is_archived').notNullable()
    text('origin', ORIGIN_BYTES)
    table.text('xml', 'longtext').notNullable()
    // with the time, so that what matches is found, and counted, without looking at rows
    table.index(['owner', 'store', 'id', 'at'], 'archive_by_id')
    table.index(['with_bare', 'owner', 'store', 'id', 'at'], 'archive_by_other') // nobody takes it for the other one
    // of those that are pending only, where there is such a thing; elsewhere the others are at its very beginning
    const predicate = db.whereNotNull('pending_for')
    table.index(['pending_for', 'store', 'id'], 'archive_pending', { predicate })
  })
}

type Table = Knex.CreateTableBuilder

function tables({ key, counter }: Dialect): Readonly<Record<string, (table: Table) => void>> {
  const keyed = (table: Table, column: string, bytes: number) => table.specificType(column, key(bytes)).notNullable()
  const account = (table: Table) => {
    keyed(table, 'domain', PART_BYTES)
    keyed(table, 'local', PART_BYTES)
  }
  const owned = (table: Table) => {
    keyed(table, 'owner', KEY_BYTES)
    keyed(table, 'store', STORE_BYTES)
  }
  const value = (table: Table) => table.text('value', 'longtext').notNullable()
  return {
    secrets(table) {
      keyed(table, 'name', STORE_BYTES)
      table.binary('value').notNullable()
      table.primary(['name'])
    },
    accounts(table) {
      account(table)
      table.bigInteger('created_at').notNullable()
      table.primary(['domain', 'local'])
    },
    credentials(table) {
      account(table)
      keyed(table, 'hash', STORE_BYTES)
      table.integer('iterations').notNullable()
      for (const column of ['salt', 'stored_key', 'server_key']) table.binary(column).notNullable()
      table.primary(['domain', 'local', 'hash'])
      table.foreign(['domain', 'local']).references(['domain', 'local']).inTable('accounts').onDelete('CASCADE')
    },
    value_items(table) {
      owned(table)
      value(table)
      table.primary(['owner', 'store'])
    },
    map_items(table) {
      owned(table)
      keyed(table, 'item', KEY_BYTES)
      table.text('whole', 'longtext')
      value(table)
      table.primary(['owner', 'store', 'item'])
    },
    address_items(table) {
      owned(table)
      keyed(table, 'address', KEY_BYTES)
      table.text('whole', 'longtext')
      table.primary(['owner', 'store', 'address'])
    },
    log_entries(table) {
      table.specificType('n', counter) // in the order of the commits
      owned(table)
      keyed(table, 'id', ID_BYTES)
      value(table)
      table.unique(['owner', 'store', 'id'])
    },
  }
}

const TABLE = 'knex_migrations'
// of a JID: RFC 7622 §3.1
const PART_BYTES = 1023
const ID_BYTES = 26
