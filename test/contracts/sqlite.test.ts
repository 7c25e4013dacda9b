import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import knex from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { openDatabase } from '../../src/storage/index.js'
import { accountsContract } from './accounts.js'
import { storesContract } from './stores.js'
import type { World } from './world.js'

const DRIVERS = ['sqlite3', 'better-sqlite3'] as const
type Driver = (typeof DRIVERS)[number]

for (const driver of DRIVERS) {
  const make = async () => open(driver, await mkdtemp(path.join(tmpdir(), 'parlance-contract-')))
  storesContract(`SQLite by ${driver}`, make, { durable: true })
  accountsContract(`SQLite by ${driver}`, make, { durable: true })
}

async function open(client: Driver, folder: string): Promise<World> {
  const connection = { filename: path.join(folder, 'parlance.sqlite') }
  const bus = new LocalBus()
  const database = await openDatabase({ client, connection, wait: 50, bus, log: silentLog })
  return {
    storage: database.storage,
    accounts: database.accounts,
    bus,
    erase: owner => database.erase(owner),
    breakDown: () => lock(client, connection),
    async restart() {
      await database.close()
      return open(client, folder)
    },
    async dispose() {
      await database.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** As another program does that does not let go. By the same driver: within a process two do not see each other's locks. */
async function lock(client: Driver, connection: { readonly filename: string }): Promise<() => Promise<void>> {
  const other = knex({ client, connection, useNullAsDefault: true })
  await other.raw('BEGIN IMMEDIATE')
  return async () => {
    await other.raw('ROLLBACK')
    await other.destroy()
  }
}
