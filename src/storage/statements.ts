import type { Knex } from 'knex'
import type { Dialect } from './dialect.js'

/** Where statements are sent: one connection, and perhaps the transaction that it is in. */
export interface Statements {
  /** Rows are to be found by this index, where that has to be said. */
  table<Row extends object>(name: string, index?: string): ReturnType<typeof tableOf<Row>>
  raw(sql: string, bindings?: readonly Knex.RawBinding[]): PromiseLike<unknown>
}

/** How they are sent, as far as databases differ. */
export interface Manner {
  readonly unansweredAfter: number | undefined
  readonly using: Dialect['using']
}

/** Statements on one connection; each is given up after so many milliseconds without an answer. */
export function statementsOn(db: Knex, connection: unknown, { unansweredAfter, using }: Manner): Statements {
  const named = (name: string, index: string | undefined) =>
    index !== undefined && using ? db.raw(using(name, index)) : name
  if (unansweredAfter === undefined)
    return {
      table: <Row extends object>(name: string, index?: string) =>
        tableOf<Row>(db, named(name, index)).connection(connection),
      raw: (sql, bindings = []) => db.raw(sql, bindings).connection(connection),
    }
  return {
    table: <Row extends object>(name: string, index?: string) =>
      tableOf<Row>(db, named(name, index)).connection(connection).timeout(unansweredAfter),
    raw: (sql, bindings = []) => db.raw(sql, bindings).connection(connection).timeout(unansweredAfter),
  }
}

const tableOf = <Row extends object>(db: Knex, name: string | Knex.Raw) => db<Row>(name)
