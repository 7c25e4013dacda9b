import type { Knex } from 'knex'

/** Where statements are sent: any connection of a pool, or the one that a transaction is on. */
export interface Statements {
  table<Row extends object>(name: string): ReturnType<typeof tableOf<Row>>
  raw(sql: string, bindings?: readonly Knex.RawBinding[]): PromiseLike<unknown>
}

export const onPool = (db: Knex): Statements => ({
  table: name => tableOf(db, name),
  raw: (sql, bindings = []) => db.raw(sql, bindings),
})

/**
 * All of the work or nothing of it. Knex's own transactions do not roll back when the commit fails, which leaves an open
 * transaction on the connection, and they cost twice as much.
 */
export async function transact<T>(db: Knex, begin: string, work: (on: Statements) => Promise<T>): Promise<T> {
  const connection = await db.client.acquireConnection()
  const on: Statements = {
    table: <Row extends object>(name: string) => tableOf<Row>(db, name).connection(connection),
    raw: (sql, bindings = []) => db.raw(sql, bindings).connection(connection),
  }
  try {
    await on.raw(begin)
    return await finish(on, work).catch(async fault => {
      await Promise.resolve(on.raw('ROLLBACK')).catch(() => {
        // in what state it is nobody knows: Knex's pool opens another one in its place
        connection.__knex__disposed = fault
      })
      throw fault
    })
  } finally {
    await db.client.releaseConnection(connection)
  }
}

async function finish<T>(on: Statements, work: (on: Statements) => Promise<T>): Promise<T> {
  const result = await work(on)
  await on.raw('COMMIT')
  return result
}

const tableOf = <Row extends object>(db: Knex, name: string) => db<Row>(name)
