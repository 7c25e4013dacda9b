import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import knex, { type Knex } from 'knex'
import { LocalBus } from '../core/bus.js'
import { silentLog } from '../core/log.js'
import { type Database, openDatabase } from './database.js'
import type { DatabaseOptions, FileConnection } from './options.js'

/** What can be said otherwise of a database in a file. */
export type FileOptions = Partial<Omit<DatabaseOptions, 'client' | 'connection'>> & {
  readonly client?: 'sqlite3' | 'better-sqlite3'
  readonly connection?: FileConnection
}

/** For tests: a database file in a folder that goes away, and who has it open. */
export class TestFile {
  readonly #open: { close(): Promise<void> }[] = []

  private constructor(readonly folder: string) {}

  static async make(): Promise<TestFile> {
    return new TestFile(await mkdtemp(path.join(tmpdir(), 'parlance-storage-')))
  }

  get filename(): string {
    return path.join(this.folder, 'parlance.sqlite')
  }

  options(options: FileOptions = {}): DatabaseOptions {
    const connection = { filename: this.filename }
    return { client: 'sqlite3', connection, wait: 100, bus: new LocalBus(), log: silentLog, ...options }
  }

  async open(options?: FileOptions): Promise<Database> {
    const database = await openDatabase(this.options(options))
    this.#open.push(database)
    return database
  }

  /** As another program sees the file. */
  look(): Knex {
    const db = knex({ client: 'sqlite3', connection: { filename: this.filename }, useNullAsDefault: true })
    this.#open.push({ close: () => db.destroy() })
    return db
  }

  async dispose(): Promise<void> {
    for (const { close } of this.#open) await close()
    await rm(this.folder, { recursive: true })
  }
}
