import type { Knex } from 'knex'
import type { Dialect, Purpose } from './dialect.js'
import { DatabaseError, isNetworkFault, isPoolFault } from './errors.js'
import {
  cannotOpen,
  cannotReach,
  connectTime,
  isPath,
  type NetworkPlace,
  type NetworkSource,
  networkPlace,
} from './network.js'
import type { NetworkConnection } from './options.js'

/** MySQL and MariaDB through the package mysql2. */
export function mysql2(source: NetworkSource): Dialect {
  const place = networkPlace('MySQL', source)
  const { title, lockWait, unansweredAfter, prepare } = place
  return {
    driver: 'mysql2',
    title,
    prepare,
    pool: (size, purpose) => pool(source.connection, place, size, purpose),
    setUp: db => setUp(db, source),
    unansweredAfter,
    // it goes through all rows of an owner who has most of a table
    using: (table, index) => `${table} FORCE INDEX (${index})`,
    begin: 'START TRANSACTION',
    beginSnapshot: [
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
    ],
    lockSchema: trx => lockSchema(trx, lockWait),
    unlockSchema: async trx => void (await trx.raw(`SELECT RELEASE_LOCK(${LOCK})`)),
    key: bytes => `varbinary(${bytes})`, // collations of texts ignore blanks at their ends, or count characters four times
    counter: 'bigint unsigned auto_increment primary key',
    keep(table) {
      table.engine('InnoDB')
      table.charset('utf8mb4')
      table.collate('utf8mb4_bin')
    },
    isLost,
    isOutage: fault => isLost(fault) || isPoolFault(fault) || OUTAGE.has(errnoOf(fault)),
    isConflict: fault => CONFLICT.has(errnoOf(fault)),
    explain: fault => explain(fault, source.connection, place),
  }
}

function pool(
  connection: NetworkConnection,
  place: NetworkPlace,
  size: Knex.PoolConfig,
  purpose: Purpose,
): Knex.Config {
  const { host, port, user, password, database } = connection
  const tls = place.tls()
  const ssl = { ...tls, verifyIdentity: true }
  const afterCreate = (opened: Connection, done: (fault: Error | null) => void) =>
    runAll(opened, settings(place, purpose), done)
  return {
    client: 'mysql2',
    connection: {
      ...(isPath(host) ? { socketPath: host } : { host }),
      ...(port !== undefined && { port }),
      ...{ user, database, charset: 'utf8mb4' },
      ...(password !== undefined && { password }),
      ...(tls && { ssl }),
      connectTimeout: connectTime(size),
      // for Knex, which says nothing of types, keys are texts: only blobs are bytes
      typeCast: (field: Field, next: () => unknown) => (field.type === 'VAR_STRING' ? field.string('utf8') : next()),
    },
    pool: { ...size, afterCreate },
  }
}

/** The parts of the driver's connections and columns that are used here. */
interface Connection {
  query(sql: string, done: (fault: Error | null) => void): void
}

interface Field {
  readonly type: string
  string(encoding: string): string | null
}

function settings({ lockWait, statementTimeout }: NetworkPlace, purpose: Purpose): readonly string[] {
  const seconds = Math.max(1, Math.round(lockWait / 1000))
  const limit = purpose === 'serve' ? Math.ceil(statementTimeout) : 0
  return [
    // the driver escapes with backslashes; what does not fit is refused and not cut
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, foreign_key_checks = 1",
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', // no locks on what is not there
    `SET SESSION innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}`,
    // MariaDB stops all statements, MySQL only those that read; each takes the other's for a comment
    `SET SESSION autocommit = 1 /*M!100101 , max_statement_time = ${limit / 1000} */ /*!50708 , max_execution_time = ${limit} */`,
  ]
}

function runAll(on: Connection, [sql, ...others]: readonly string[], done: (fault: Error | null) => void): void {
  if (sql === undefined) return done(null)
  on.query(sql, fault => (fault ? done(fault) : runAll(on, others, done)))
}

async function setUp(db: Knex, { connection: { database }, log }: NetworkSource): Promise<void> {
  const [rows]: readonly [readonly Variables[]] = await db.raw(
    'SELECT @@innodb_flush_log_at_trx_commit AS flushed, @@max_allowed_packet AS packet',
  )
  const { flushed, packet } = rows[0] ?? {}
  if (Number(flushed) !== 1)
    log.warn({ database }, 'innodb_flush_log_at_trx_commit is not 1: a power cut loses what was acknowledged')
  if (Number(packet) < MIN_PACKET)
    log.warn({ database, packet, needed: MIN_PACKET }, 'max_allowed_packet is small: large batches will be refused')
}

interface Variables {
  readonly flushed?: number
  readonly packet?: number
}

/** MySQL commits with every change of the schema; so what is locked is a name, by this connection. */
async function lockSchema(trx: Knex, wait: number): Promise<void> {
  const [rows]: readonly [readonly { taken?: number }[]] = await trx.raw(`SELECT GET_LOCK(${LOCK}, ?) AS taken`, [
    Math.max(1, Math.round(wait / 1000)),
  ])
  if (Number(rows[0]?.taken) !== 1) throw new DatabaseError('Another program is changing the schema of the database.')
}

/** Names are the whole server's, and may have 64 characters. */
const LOCK = "CONCAT('parlance ', SHA1(DATABASE()))"
const MIN_PACKET = 16 * 1024 ** 2

const errnoOf = (fault: unknown): number => (fault instanceof Error && 'errno' in fault ? Number(fault.errno) : 0)

const isLost = (fault: unknown): boolean => isNetworkFault(fault) || isFatal(fault) || LOST.has(errnoOf(fault))

/** The driver says so of faults after which a connection is of no use. */
const isFatal = (fault: unknown): boolean => fault instanceof Error && 'fatal' in fault && fault.fatal === true

/** Shut down, or killed. */
const LOST = new Set([1053, 1927, 4031])

/** By the numbers of MySQL's and MariaDB's errors. No room on the disk is none, for that depends on the write. */
const OUTAGE = new Set([
  // no connection: too many, no rights, blocked
  ...[1040, 1043, 1044, 1045, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 3169],
  ...[1049], // no such database
  ...[1205, 1317, 1969, 3024], // a lock is not given up, or a statement took too long
  ...[1290, 1792, 1836], // only reading is allowed
])
/** A deadlock, a row that has changed, and keys that others have made or removed at the same time. */
const CONFLICT = new Set([1020, 1062, 1213, 1451, 1452, 1761, 1762])

function explain(
  cause: unknown,
  { user, database }: NetworkConnection,
  { title, server }: NetworkPlace,
): DatabaseError {
  const say = SENTENCES.get(errnoOf(cause))
  if (say) return new DatabaseError(say({ title, server, user, database }), { cause })
  return cannotReach(title, cause) ?? cannotOpen(title, cause)
}

interface Named {
  readonly title: string
  readonly server: string
  readonly user: string
  readonly database: string
}

const isNotLetIn = ({ title, user }: Named) =>
  `The user "${user}" is not let into ${title}: the password is wrong, or a GRANT is missing.`

const SENTENCES: ReadonlyMap<number, (named: Named) => string> = new Map([
  [1040, ({ title }: Named) => `There is no connection left for us to ${title}.`],
  [1044, isNotLetIn],
  [1045, isNotLetIn],
  [1049, ({ server, database }: Named) => `${server} has no database "${database}": "CREATE DATABASE ${database}".`],
  [
    1050,
    ({ title }: Named) =>
      `In ${title} there are tables that are not Parlance's, or of a first start that was cut off: give it an empty one.`,
  ],
  [1142, ({ title, user }: Named) => `The user "${user}" may not make tables in ${title}: "GRANT ALL".`],
  [1205, ({ title }: Named) => `Another program holds ${title} and does not let go of it.`],
])
