import { existsSync } from 'node:fs'
import { Connections } from './connections.js'
import { type Dialect, dialectOf } from './dialect.js'
import { checkDriver } from './driver.js'
import { DatabaseError } from './errors.js'
import { type Migration, stateOf } from './migrations.js'
import { type DatabaseSource, isFile } from './options.js'
import type { Statements } from './statements.js'

/** A database to be looked at, and the steps that its schema should have. */
export type Looked = DatabaseSource & { readonly migrations?: readonly Migration[] }

/**
 * Lets something look at a database as it is at this moment, whatever is written to it meanwhile. It cannot write.
 * Rejects with a DatabaseError when there is none, or its schema is not this program's.
 */
export async function lookInto<T>(source: Looked, look: (on: Statements) => Promise<T>): Promise<T> {
  return withLooking(source, async (connections, dialect) => {
    const { done, next } = await stateOf(connections.db, dialect, source.migrations)
    if (done === 0) throw new DatabaseError(`Nothing of Parlance's is in ${dialect.title}.`)
    if (next)
      throw new DatabaseError(
        `An older version of Parlance made ${dialect.title}: start the server with it once, which brings it up to date.`,
      )
    return connections.transact(dialect.beginSnapshot, look)
  })
}

/** Looks whether a server could start with it: what keeps it from that is rejected with, and nothing is changed. */
export async function checkDatabase(source: Looked): Promise<void> {
  if (isFile(source) && !existsSync(source.connection.filename)) return checkDriver(source.client) // it will be made
  await withLooking(source, ({ db }, dialect) => stateOf(db, dialect, source.migrations))
}

/** Opens a database that nothing is to be written to. Rejects with a DatabaseError. */
export async function withLooking<T>(
  source: DatabaseSource,
  look: (connections: Connections, dialect: Dialect) => Promise<T>,
): Promise<T> {
  const dialect = dialectOf(source)
  await checkDriver(source.client)
  await dialect.prepare('look')
  const connections = new Connections({ dialect, purpose: 'look', max: 1, wait: 0, log: source.log })
  try {
    return await look(connections, dialect)
  } catch (fault) {
    throw fault instanceof DatabaseError ? fault : dialect.explain(fault)
  } finally {
    await connections.close()
  }
}
