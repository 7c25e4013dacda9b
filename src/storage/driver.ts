import { hasCode } from '../core/system-error.js'
import { DatabaseError } from './errors.js'
import type { Client } from './options.js'

/** Loads the database's driver: only here is it seen whether it works on this machine. Rejects with a DatabaseError. */
export async function checkDriver(
  client: Client,
  load: (client: Client) => Promise<unknown> = loadDriver,
): Promise<void> {
  try {
    await load(client)
  } catch (cause) {
    throw new DatabaseError(complaint(client, cause), { cause })
  }
}

/** A driver has the name of its package. */
async function loadDriver(client: Client): Promise<void> {
  const { default: Driver }: Loaded = await import(client)
  // whose native part is only looked for when there is something to open
  if (client === 'better-sqlite3') new Driver(':memory:').close()
}

interface Loaded {
  readonly default: new (filename: string) => { close(): void }
}

/** What is known to work here. */
const PACKAGES: Readonly<Record<Client, string>> = {
  sqlite3: 'sqlite3@6',
  'better-sqlite3': 'better-sqlite3@12', // later ones need a newer Node.js
  pg: 'pg@8',
  mysql2: 'mysql2@3',
}

function complaint(client: Client, fault: unknown): string {
  if (hasCode(fault, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'))
    return `The database driver ${client} is not installed: run "npm install ${PACKAGES[client]}".`
  if (hasCode(fault, 'ERR_DLOPEN_FAILED'))
    return `The native part of ${client} does not fit this machine: run "npm rebuild ${client} --build-from-source".`
  // npm 12 runs a package's install script only where it is allowed to
  return (
    `The native part of ${client} is missing, for npm did not run its install script: run "npm rebuild ${client}", ` +
    `or install with "--allow-scripts=${client}".`
  )
}
