import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
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
  /** What stands for its host to reach it through its socket. */
  socket(place: Place): string
  /** What makes the users that may do everything with databases of `USER`, and have a password. */
  makeUsers(password: string): readonly string[]
  /** What makes a database, whose name begins with `parlance_`. */
  makeDatabase(name: string): readonly string[]
  /** What leaves nothing in it: faster than to make another one. */
  emptyDatabase(name: string): readonly string[]
}

/** Who everything is done as; and one who is only let in through encryption. */
export const USER = 'parlance'
export const ENCRYPTED_USER = 'parlance_encrypted'

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
  async install({ folder, host, run }) {
    const data = path.join(folder, 'data')
    await run(path.join(postgresPrograms(), 'initdb'), [
      ...['--pgdata', data, '--username', 'postgres', '--auth', 'reject'],
      ...['--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
    ])
    const rules = [
      `local all ${USER} scram-sha-256`,
      `host all postgres ${host}/32 trust`,
      `hostnossl all ${ENCRYPTED_USER} ${host}/32 reject`,
      `host all all ${host}/32 scram-sha-256`,
    ]
    await writeFile(path.join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  },
  command: ({ folder, host, port, certificate, key }) => ({
    command: path.join(postgresPrograms(), 'postgres'),
    args: [
      ...['-c', 'ssl=on', '-c', `ssl_cert_file=${certificate}`, '-c', `ssl_key_file=${key}`],
      ...['-D', path.join(folder, 'data'), '-h', host, '-p', String(port), '-k', folder],
      ...(durable ? [] : ['-c', 'fsync=off']),
    ],
  }),
  ask: place => asked(postgres().administer(place)),
  administer: ({ host, port }, database = 'postgres') => ({
    client: 'pg',
    connection: { host, port, user: 'postgres', database },
  }),
  socket: ({ folder }) => folder,
  makeUsers: password => [
    `CREATE ROLE ${USER} LOGIN PASSWORD '${password}'`,
    `CREATE ROLE ${ENCRYPTED_USER} LOGIN PASSWORD '${password}' IN ROLE ${USER}`,
  ],
  makeDatabase: name => [`CREATE DATABASE ${name} OWNER ${USER}`],
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
  command: ({ folder, host, port, certificate, key }) => ({
    command: 'mariadbd',
    args: [
      ...['--no-defaults', `--datadir=${path.join(folder, 'data')}`, `--pid-file=${path.join(folder, 'pid')}`],
      ...[`--bind-address=${host}`, `--port=${port}`, `--socket=${path.join(folder, 'socket')}`],
      ...[`--ssl-cert=${certificate}`, `--ssl-key=${key}`],
      // to the system, that a crash leaves it there, but not to the disk
      ...(durable ? [] : ['--innodb-flush-log-at-trx-commit=2', '--innodb-flush-method=nosync']),
    ],
  }),
  ask: place => asked(mariadb().administer(place)),
  administer: ({ host, port }) => ({ client: 'mysql2', connection: { host, port, user: 'root' } }),
  socket: ({ folder }) => path.join(folder, 'socket'),
  makeUsers: password => [
    `CREATE USER ${USER}@'%' IDENTIFIED BY '${password}'`,
    `CREATE USER ${ENCRYPTED_USER}@'%' IDENTIFIED BY '${password}' REQUIRE SSL`,
    `GRANT ALL ON \`parlance\\_%\`.* TO ${USER}@'%', ${ENCRYPTED_USER}@'%'`,
  ],
  makeDatabase: name => [`CREATE DATABASE ${name}`],
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
