import { userInfo } from 'node:os'
import path from 'node:path'
import {
  ConfigError,
  duration,
  type Field,
  integer,
  readFields,
  text,
  unknownKey,
  type Values,
  wrong,
} from '../core/config.js'
import {
  ACQUIRE_TIMEOUT_MS,
  type Client,
  type DatabasePlace,
  type NetworkConnection,
  type Patience,
} from './options.js'

/** The words for databases and their drivers, and which of ours each one means. */
const CLIENTS: ReadonlyMap<unknown, Client> = new Map([
  ['sqlite3', 'sqlite3'],
  ['better-sqlite3', 'better-sqlite3'],
  ['pg', 'pg'],
  ['mysql2', 'mysql2'],
  // as Knex calls them, too
  ['sqlite', 'sqlite3'],
  ['postgres', 'pg'],
  ['postgresql', 'pg'],
  ['mysql', 'mysql2'],
  ['mariadb', 'mysql2'],
])

const client: Field<Client> = {
  default: 'sqlite3',
  doc: 'The driver: sqlite3, better-sqlite3, pg (PostgreSQL), or mysql2 (MySQL, MariaDB).',
  expects: 'one of sqlite3, better-sqlite3, pg, mysql2',
  parse: raw => CLIENTS.get(raw),
  format: String,
}

const connection: Field<unknown> = {
  default: undefined,
  doc:
    'Where the database is. A file is relative to this one, and else in the data folder:\n' +
    '{ filename: ./data/parlance.sqlite }\n' +
    'PostgreSQL and MySQL, where host may be the path of a socket, and ssl is true or { ca: FILE }:\n' +
    '{ host: db.example.org, port: 5432, user: parlance, password: "...", database: parlance, ssl: true }\n' +
    'or the same as an address: postgres://parlance:PASSWORD@db.example.org/parlance?ssl=true',
  expects: 'a database', // `placeOf` says which
  parse: raw => raw ?? undefined,
  format: () => '{ filename: ./data/parlance.sqlite }',
}

const POOL = { min: 0, max: 4, acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS }

const pool: Field<typeof POOL> = {
  default: POOL,
  doc: 'How many connections read, while one more writes, and how long a read waits for its turn.',
  expects: `numbers such as ${formatPool(POOL)}`,
  parse: raw => {
    if (typeof raw !== 'object' || raw === null) return undefined
    const { min, max, acquireTimeoutMillis, ...others } = { ...POOL, ...raw }
    const whole = [min, max, acquireTimeoutMillis].every(Number.isSafeInteger)
    const fits = whole && min >= 0 && max >= Math.max(min, 1) && acquireTimeoutMillis > 0
    return fits && Object.keys(others).length === 0 ? { min, max, acquireTimeoutMillis } : undefined
  },
  format: formatPool,
}

function formatPool({ min, max, acquireTimeoutMillis }: typeof POOL): string {
  return `{ min: ${min}, max: ${max}, acquireTimeoutMillis: ${acquireTimeoutMillis} }`
}

/** All there is to set about the database. */
export const storageFields = {
  client,
  connection,
  pool,
  wait: duration({
    default: '5 seconds',
    doc: 'How long to wait for a database that is away for a moment, or for what another program holds, before what is to be kept is refused.',
  }),
  statementTimeout: duration({
    default: '30 seconds',
    doc: 'How long one statement may take in PostgreSQL and MySQL; then it is given up.',
  }),
}

/** Which database it is, and how patient to be with it. */
export type StorageSettings = DatabasePlace & Required<Patience>

/** What stands in the file. Throws a ConfigError when it is none of these databases. Its paths are relative to `base`. */
export function readStorage(
  { client, connection, ...patience }: Values<typeof storageFields>,
  where: string,
  folders: { readonly base: string; readonly data: string },
): StorageSettings {
  const at = `${where}.connection`
  if (client === 'sqlite3' || client === 'better-sqlite3')
    return { client, connection: { filename: readFile(connection, at, folders) }, ...patience }
  return { client, connection: readNetwork(connection, at, { client, base: folders.base }), ...patience }
}

interface Folders {
  readonly base: string
  readonly data: string
}

function readFile(raw: unknown, where: string, { base, data }: Folders): string {
  if (raw === undefined) return path.join(data, 'parlance.sqlite')
  if (isRecord(raw)) {
    const { filename, ...others } = raw
    const [other] = Object.keys(others)
    if (other !== undefined) throw unknownKey(where, other, ['filename'])
    if (typeof filename === 'string' && filename !== '') return path.resolve(base, filename)
  }
  throw unsaid(where, 'a file such as { filename: ./data/parlance.sqlite }')
}

type Served = Exclude<Client, 'sqlite3' | 'better-sqlite3'>

const SCHEMES: Readonly<Record<Served, readonly string[]>> = {
  pg: ['postgres:', 'postgresql:'],
  mysql2: ['mysql:', 'mysql2:', 'mariadb:'],
}

const networkFields = {
  host: text({ default: 'localhost', doc: '' }),
  port: integer({ default: 0, min: 1, max: 65_535, doc: '' }),
  user: text({ default: '', doc: '' }),
  password: text({ default: '', doc: '' }),
  database: text({ default: '', doc: '' }),
}

function readNetwork(
  raw: unknown,
  where: string,
  { client, base }: { readonly client: Served; readonly base: string },
): NetworkConnection {
  const written = typeof raw === 'string' ? readAddress(raw, where, client) : raw
  const example = `a database such as { host: localhost, user: parlance, password: "...", database: parlance }, or ${SCHEMES[client][0]}//...,`
  if (!isRecord(written)) throw unsaid(where, example)
  const { ssl, password, ...others } = written
  // which is not said again: it would be seen on the screen, and in the log
  if (password !== undefined && typeof password !== 'string') throw unsaid(`${where}.password`, 'a text in quotes')
  const known = [...Object.keys(networkFields), 'ssl']
  const unknown = Object.keys(others).find(name => !known.includes(name))
  if (unknown !== undefined) throw unknownKey(where, unknown, known)
  const { host, port, user, database } = readFields(networkFields, others, where)
  if (database === '' || host === '') throw unsaid(`${where}.${host === '' ? 'host' : 'database'}`, 'a name')
  return {
    host,
    ...(port > 0 && { port }),
    user: user || userInfo().username,
    ...(password && { password }),
    database,
    ssl: readEncryption(ssl, `${where}.ssl`, base),
  }
}

function readEncryption(raw: unknown, where: string, base: string): boolean | { readonly ca: string } {
  if (raw === undefined || typeof raw === 'boolean') return raw ?? false
  if (isRecord(raw) && typeof raw.ca === 'string' && Object.keys(raw).length === 1)
    return { ca: path.resolve(base, raw.ca) }
  throw wrong(where, raw, 'true, false or { ca: FILE }')
}

/** An address says the same as a section. */
function readAddress(written: string, where: string, client: Served): Readonly<Record<string, unknown>> {
  const url = URL.canParse(written) ? new URL(written) : undefined
  const schemes = SCHEMES[client]
  if (!url || !schemes.includes(url.protocol))
    throw unsaid(where, `an address such as ${schemes[0]}//user:password@host/database`)
  const options = [...url.searchParams]
  const [ssl] = options.map(([name, value]) => ENCRYPTION.get(`${name}=${value}`))
  if (options.length > 1 || (options.length === 1 && ssl === undefined))
    throw new ConfigError(where, `something else was found behind the "?", ssl=true or ssl=false was expected`)
  return {
    ...textsIn(url, where),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(ssl !== undefined && { ssl }),
  }
}

/** Without those that are left out. */
function textsIn(url: URL, where: string): Readonly<Record<string, string>> {
  const { hostname, username: user, password, pathname } = url
  const written = Object.entries({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...{ user, password, database: pathname.slice(1) },
  })
  try {
    const said = written.flatMap(([name, value]) => (value === '' ? [] : [[name, decodeURIComponent(value)] as const]))
    return Object.fromEntries(said)
  } catch {
    throw unsaid(where, 'an address in which a % is followed by two digits')
  }
}

const ENCRYPTION: ReadonlyMap<string, boolean> = new Map([
  ['ssl=true', true],
  ['ssl=false', false],
  // as the tools of PostgreSQL say it; who asks for encryption gets certificates checked as well
  ['sslmode=disable', false],
  ['sslmode=require', true],
  ['sslmode=verify-ca', true],
  ['sslmode=verify-full', true],
])

/** What stands there may be a secret. */
const unsaid = (where: string, expected: string): ConfigError =>
  new ConfigError(where, `something else was found, ${expected} was expected`)

const isRecord = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)
