import path from 'node:path'
import type { DatabasePlace } from '../../src/storage/index.js'
import { requirePackages } from '../clients/packages.js'
import { mariadb, postgres } from './programs.js'
import { DatabaseServer } from './server.js'

const PROGRAMS = { pg: postgres, mysql2: mariadb }
const running = new Map<keyof typeof PROGRAMS, Promise<DatabaseServer>>()

/** The kinds of server that there are. */
export const SERVERS = [
  { name: 'PostgreSQL', client: 'pg' },
  { name: 'MariaDB', client: 'mysql2' },
] as const

/**
 * The server that the suites share, which is started when it is first asked for. Where it is not installed, the hook's
 * suite is skipped, saying why.
 */
export async function sharedServer(hook: Mocha.Context, client: keyof typeof PROGRAMS): Promise<DatabaseServer> {
  hook.timeout(120_000)
  const program = PROGRAMS[client]()
  await requirePackages(hook, program.packages)
  const server = running.get(client) ?? DatabaseServer.start(program)
  running.set(client, server)
  return server
}

/** Where the database of a suite is, when that runs; the suite is skipped where there can be none. */
export type Find = (hook: Mocha.Context, folder: string) => Promise<DatabasePlace>

/** SQLite, in the suite's folder. */
export const inFile =
  (client: 'sqlite3' | 'better-sqlite3'): Find =>
  async (_, folder) => ({ client, connection: { filename: path.join(folder, 'parlance.sqlite') } })

/** A database of the shared server. */
export const served =
  (client: keyof typeof PROGRAMS): Find =>
  async hook => ({ client, connection: await (await sharedServer(hook, client)).makeDatabase() })

// of all suites: this file is loaded outside of them
after(async function () {
  this.timeout(60_000)
  for (const server of running.values()) await (await server).process.dispose()
})
