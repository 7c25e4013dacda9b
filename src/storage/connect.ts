import knex, { type Knex } from 'knex'
import type { DatabaseOptions } from './database.js'
import type { Dialect } from './dialect.js'

/** A pool of so many connections, which are opened when they are needed. */
export function connect(dialect: Dialect, options: DatabaseOptions, size: Knex.PoolConfig): Knex {
  const say = (message: unknown) => options.log.warn({ message }, 'Knex warns')
  return knex({
    ...dialect.pool(options, size),
    // an error would carry what was to be written, and land in the log
    compileSqlOnError: false,
    log: { warn: say, error: say, deprecate: say, debug: () => {} },
  })
}
