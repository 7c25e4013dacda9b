import knex from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { openDatabase } from '../../src/storage/index.js'
import type { DatabaseServer, Reached } from '../databases/server.js'
import { SERVERS, sharedServer } from '../databases/shared.js'
import { accountsContract } from './accounts.js'
import { storesContract } from './stores.js'
import type { World } from './world.js'

for (const { name, client } of SERVERS)
  describe(name, () => {
    let server: DatabaseServer

    before(async function () {
      server = await sharedServer(this, client)
    })

    const make = async () => open(server, await server.makeDatabase())
    storesContract(name, make, { durable: true })
    accountsContract(name, make, { durable: true })
  })

async function open(server: DatabaseServer, connection: Reached): Promise<World> {
  const { client } = server.program
  const bus = new LocalBus()
  const database = await openDatabase({ client, connection, wait: 50, bus, log: silentLog })
  return {
    storage: database.storage,
    accounts: database.accounts,
    bus,
    erase: owner => database.erase(owner),
    breakDown: () => lock(server, connection),
    async restart() {
      await database.close()
      return open(server, connection)
    },
    async dispose() {
      await database.close()
      await server.takeBack(connection)
    },
  }
}

const TABLES = ['accounts', 'value_items', 'map_items', 'address_items', 'log_entries', 'archive_entries']

/** As another program does that does not let go. Reading goes on. */
async function lock({ program: { client } }: DatabaseServer, connection: Reached): Promise<() => Promise<void>> {
  const other = knex({ client, connection, pool: { min: 0, max: 1 } })
  if (client === 'pg') await other.raw('BEGIN')
  await other.raw(
    client === 'pg'
      ? `LOCK TABLE ${TABLES.join(', ')} IN SHARE MODE`
      : `LOCK TABLES ${TABLES.map(table => `${table} READ`).join(', ')}`,
  )
  return async () => {
    await other.raw(client === 'pg' ? 'ROLLBACK' : 'UNLOCK TABLES')
    await other.destroy()
  }
}
