import type { Dialect } from './dialect.js'
import { type SqliteDriver, type SqliteFile, sqliteFile } from './sqlite-file.js'

/** SQLite through the package better-sqlite3, for which the whole process waits: each commit as long as the disk takes. */
export const betterSqlite3 = (file: SqliteFile): Dialect => sqliteFile(file, driver)

/** The part of the driver's connections that is used here. */
interface Connection {
  exec(sql: string): void
}

const driver: SqliteDriver<Connection> = {
  name: 'better-sqlite3',
  isSynchronous: true,
  exec(connection, sql, done) {
    try {
      connection.exec(sql)
    } catch (fault) {
      return done(fault instanceof Error ? fault : new Error(String(fault)))
    }
    done(null)
  },
  readOnly: () => ({ options: { readonly: true } }),
}
