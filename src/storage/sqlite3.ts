import { pathToFileURL } from 'node:url'
import type { Dialect } from './dialect.js'
import { type SqliteDriver, type SqliteFile, sqliteFile } from './sqlite-file.js'

/** SQLite through the package sqlite3, which works in threads of its own. */
export const sqlite3 = (file: SqliteFile): Dialect => sqliteFile(file, driver)

/** The part of the driver's connections that is used here. */
interface Connection {
  exec(sql: string, done: (fault: Error | null) => void): void
}

const driver: SqliteDriver<Connection> = {
  name: 'sqlite3',
  isSynchronous: false,
  exec: (connection, sql, done) => connection.exec(sql, done),
  // Knex adds that it may be written, which SQLite does not take together with a flag that it may not
  readOnly: filename => ({ filename: `${pathToFileURL(filename)}?mode=ro`, flags: ['OPEN_URI'] }),
}
