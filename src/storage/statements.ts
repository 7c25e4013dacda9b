import type { Knex } from 'knex'

/** Where statements are sent: one connection, and perhaps the transaction that it is in. */
export interface Statements {
  table<Row extends object>(name: string): ReturnType<typeof tableOf<Row>>
  raw(sql: string, bindings?: readonly Knex.RawBinding[]): PromiseLike<unknown>
}

/** Statements on one connection; each is given up after so many milliseconds without an answer. */
export function statementsOn(db: Knex, connection: unknown, unansweredAfter: number | undefined): Statements {
  if (unansweredAfter === undefined)
    return {
      table: <Row extends object>(name: string) => tableOf<Row>(db, name).connection(connection),
      raw: (sql, bindings = []) => db.raw(sql, bindings).connection(connection),
    }
  return {
    table: <Row extends object>(name: string) => tableOf<Row>(db, name).connection(connection).timeout(unansweredAfter),
    raw: (sql, bindings = []) => db.raw(sql, bindings).connection(connection).timeout(unansweredAfter),
  }
}

const tableOf = <Row extends object>(db: Knex, name: string) => db<Row>(name)
