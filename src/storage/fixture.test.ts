import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import knex, { type Knex } from 'knex'
import { LocalBus } from '../core/bus.js'
import { silentLog } from '../core/log.js'
import { type Database, type DatabaseOptions, openDatabase } from './database.js'

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

  options(options: Partial<DatabaseOptions> = {}): DatabaseOptions {
    const connection = { filename: this.filename }
    return { client: 'sqlite3', connection, busyTimeout: 100, bus: new LocalBus(), log: silentLog, ...options }
  }

  async open(options?: Partial<DatabaseOptions>): Promise<Database> {
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
