import { randomBytes } from 'node:crypto'
import knex from 'knex'
import { DatabaseProcess } from './process.js'
import { type DatabaseProgram, USER } from './programs.js'

/** Where a database is, for a user who may do everything with it and with nothing else. */
export interface Reached {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** A database server of the tests' own. */
export class DatabaseServer {
  #databases = 0
  readonly #empty: string[] = []
  readonly #password = randomBytes(9).toString('base64url')

  private constructor(
    readonly program: DatabaseProgram,
    readonly process: DatabaseProcess,
  ) {}

  static async start(program: DatabaseProgram): Promise<DatabaseServer> {
    const server = new DatabaseServer(program, await DatabaseProcess.start(program))
    await server.administer(program.makeUsers(server.#password))
    return server
  }

  /** A database with nothing in it. */
  async makeDatabase(): Promise<Reached> {
    const { host, port } = this.process.place
    const database = this.#empty.pop() ?? (await this.#makeAnother())
    return { host, port, user: USER, password: this.#password, database }
  }

  /** Takes back a database to which nobody is connected any more. */
  async takeBack({ database }: Reached): Promise<void> {
    await this.administer(this.program.emptyDatabase(database), database)
    this.#empty.push(database)
  }

  async #makeAnother(): Promise<string> {
    const database = `parlance_${++this.#databases}`
    await this.administer(this.program.makeDatabase(database))
    return database
  }

  /** Has statements run by the one who may do everything, one after the other. */
  async administer(statements: readonly string[], database?: string): Promise<void> {
    const db = knex(this.program.administer(this.process.place, database))
    try {
      for (const statement of statements) await db.raw(statement)
    } finally {
      await db.destroy()
    }
  }
}
