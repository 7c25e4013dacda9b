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

async function sqlite(): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parlance-contract-'))
  return open(folder)
}

async function open(folder: string): Promise<World> {
  const connection = { filename: path.join(folder, 'parlance.sqlite') }
  const bus = new LocalBus()
  const database = await openDatabase({ client: 'sqlite3', connection, busyTimeout: 50, bus, log: silentLog })
  return {
    storage: database.storage,
    accounts: database.accounts,
    bus,
    erase: owner => database.erase(owner),
    breakDown: () => lock(connection),
    async restart() {
      await database.close()
      return open(folder)
    },
    async dispose() {
      await database.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** As another program does that does not let go. */
async function lock(connection: { readonly filename: string }): Promise<() => Promise<void>> {
  const other = knex({ client: 'sqlite3', connection, useNullAsDefault: true })
  await other.raw('BEGIN IMMEDIATE')
  return async () => {
    await other.raw('ROLLBACK')
    await other.destroy()
  }
}

storesContract('SQLite', sqlite, { durable: true })
accountsContract('SQLite', sqlite, { durable: true })
