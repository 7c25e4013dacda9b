import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import knex, { type Knex } from 'knex'
import type { Place, Program } from './process.js'

/** A database program as Debian has it, and how its administrator talks to it. */
export interface DatabaseProgram extends Program {
  /** Knex's word for its driver. */
  readonly client: 'pg' | 'mysql2'
  /** The packages that have to be installed. */
  readonly packages: readonly string[]
  /** In one of its databases. */
  administer(place: Place, database?: string): Knex.Config
  /** What makes a user of this name that has a password. */
  makeUser(name: string, password: string): readonly string[]
  /** What makes a database that this user may do everything with. */
  makeDatabase(name: string, user: string): readonly string[]
  /** What leaves nothing in it: faster than to make another one. */
  emptyDatabase(name: string): readonly string[]
}

export interface Durability {
  /** Whether a commit waits for the disk: figures need that, and tests need it not. */
  readonly durable?: boolean
}

export const postgres = ({ durable = false }: Durability = {}): DatabaseProgram => ({
  name: 'PostgreSQL',
  client: 'pg',
  packages: ['postgresql'],
  user: 'postgres',
  // SIGTERM waits until all have gone, and SIGKILL leaves processes behind
  signals: { stop: 'SIGINT', crash: 'SIGQUIT' },
  install: ({ folder, run }) =>
    run(path.join(postgresPrograms(), 'initdb'), [
      ...['--pgdata', path.join(folder, 'data'), '--username', 'postgres', '--auth-local', 'reject'],
      ...['--auth-host', 'trust', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
    ]),
  command: ({ folder, host, port }) => ({
    command: path.join(postgresPrograms(), 'postgres'),
    args: [
      ...['-D', path.join(folder, 'data'), '-h', host, '-p', String(port), '-k', ''],
      ...(durable ? [] : ['-c', 'fsync=off']),
    ],
  }),
  ask: place => asked(postgres().administer(place)),
  administer: ({ host, port }, database = 'postgres') => ({
    client: 'pg',
    connection: { host, port, user: 'postgres', database },
  }),
  makeUser: (name, password) => [`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`],
  makeDatabase: (name, user) => [`CREATE DATABASE ${name} OWNER ${user}`],
  emptyDatabase: () => ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public AUTHORIZATION pg_database_owner'],
})

/** The programs of the newest version that is installed, which are not where a shell finds them. */
function postgresPrograms(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return path.join(root, versions[0] ?? '', 'bin')
}

export const mariadb = ({ durable = false }: Durability = {}): DatabaseProgram => ({
  name: 'MariaDB',
  client: 'mysql2',
  packages: ['mariadb-server'],
  user: 'mysql',
  signals: { stop: 'SIGTERM', crash: 'SIGKILL' },
  install: ({ folder, run }) =>
    run('mariadb-install-db', [
      ...['--no-defaults', `--datadir=${path.join(folder, 'data')}`, '--skip-test-db'],
      ...['--auth-root-authentication-method=normal', '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0'],
    ]),
  command: ({ folder, host, port }) => ({
    command: 'mariadbd',
    args: [
      ...['--no-defaults', `--datadir=${path.join(folder, 'data')}`, `--pid-file=${path.join(folder, 'pid')}`],
      ...[`--bind-address=${host}`, `--port=${port}`, `--socket=${path.join(folder, 'socket')}`],
      ...(durable ? [] : ['--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync']),
    ],
  }),
  ask: place => asked(mariadb().administer(place)),
  administer: ({ host, port }) => ({ client: 'mysql2', connection: { host, port, user: 'root' } }),
  makeUser: (name, password) => [`CREATE USER ${name}@'%' IDENTIFIED BY '${password}'`],
  makeDatabase: (name, user) => [`CREATE DATABASE ${name}`, `GRANT ALL ON ${name}.* TO ${user}@'%'`],
  emptyDatabase: name => [`DROP DATABASE ${name}`, `CREATE DATABASE ${name}`],
})

async function asked(config: Knex.Config): Promise<void> {
  const log = { warn() {}, error() {} } // it is asked until it answers
  const db = knex({ ...config, log })
  try {
    await db.raw('SELECT 1')
  } finally {
    await db.destroy()
  }
}
