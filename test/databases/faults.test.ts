import assert from 'node:assert/strict'
import knex from 'knex'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { type Database, type DatabaseOptions, openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { Network } from './network.js'
import type { DatabaseServer, Reached } from './server.js'
import { SERVERS, sharedServer } from './shared.js'

for (const { name, client } of SERVERS)
  describe(`a server whose ${name} fails`, function () {
    this.timeout(60_000)
    const romeo = parseJid('romeo@montague.example')
    const juliet = parseJid('juliet@capulet.example')
    const failed = { name: 'DatabaseError', message: /^The database failed to (read|write): / }
    let server: DatabaseServer
    let reached: Reached
    let opened: Database[]

    before(async function () {
      server = await sharedServer(this, client)
    })

    beforeEach(async () => {
      opened = []
      reached = await server.makeDatabase()
    })

    afterEach(async () => {
      for (const database of opened) await database.close()
      await server.takeBack(reached)
    })

    type Said = Pick<Partial<DatabaseOptions>, 'wait' | 'statementTimeout' | 'pool'> & { readonly port?: number }
    const open = async ({ port = reached.port, ...said }: Said = {}) => {
      const connection = { ...reached, port }
      const database = await openDatabase({
        client,
        connection,
        wait: 50,
        bus: new LocalBus(),
        log: silentLog,
        ...said,
      })
      opened.push(database)
      return database
    }

    it('refuses what cannot be kept or read while it is away, and goes on by itself when it is back', async () => {
      const { storage, accounts } = await open()
      const log = storage.log<string>('test/mail')
      await log.append(romeo, 'before', 2)
      await server.process.stop()
      try {
        for (const _ of [1, 2]) {
          await assert.rejects(log.append(romeo, 'lost', 2), failed)
          await assert.rejects(storage.map('test/map').set(romeo, 'lost', 1), failed)
          await assert.rejects(accounts.create(juliet, new Map()), failed)
          await assert.rejects(log.read(romeo, { limit: 10 }), failed)
          await assert.rejects(Promise.resolve(accounts.exists(juliet)), failed)
        }
      } finally {
        await server.process.start()
      }

      await log.append(romeo, 'after', 2)
      assert.deepEqual(
        (await log.read(romeo, { limit: 10 })).map(({ value }) => value),
        ['before', 'after'],
      )
      assert.equal((await storage.map('test/map').all(romeo)).size, 0)
      assert.equal(await accounts.exists(juliet), false)
      assert.equal(await accounts.create(juliet, new Map()), true)
    })

    it('waits for it when it is away for a moment only', async () => {
      const { storage } = await open({ wait: 30_000 })
      const mood = storage.value('test/mood')
      await mood.set(romeo, 'in love')
      await server.process.stop()
      const asked = [mood.set(romeo, 'in exile'), mood.get(romeo), mood.get(juliet)]
      await server.process.start()

      assert.deepEqual(await Promise.all(asked), [undefined, 'in exile', undefined])
    })

    it('has all that was promised, in order and once, after the database has crashed', async () => {
      const { storage } = await open()
      const log = storage.log<number>('test/mail')
      for (let round = 0; round < 3; round++) {
        const owner = parseJid(`romeo${round}@montague.example`)
        const promised: number[] = []
        const send = async (n: number) => {
          await log.append(owner, n)
          promised.push(n)
        }
        const asked: Promise<void>[] = []
        let crash: Promise<void> | undefined
        while (!crash) {
          for (let i = 0; i < 50; i++) asked.push(send(asked.length).catch(() => {}))
          await asked.at(-20)
          if (promised.length >= 100 + round * 70) crash = server.process.crash()
        }
        await Promise.all(asked)
        await crash
        await server.process.start()
        const kept = (await log.read(owner, { limit: 10_000 })).map(({ value }) => value)

        assert.deepEqual(
          promised.filter(n => !kept.includes(n)),
          [],
          `lost in round ${round}`,
        )
        assert.deepEqual(
          kept,
          [...new Set(kept)].sort((a, b) => a - b),
        )
      }
    })

    it('gives up what is not answered, and tries over another connection', async () => {
      const network = await Network.to(server.process.place)
      const { storage } = await open({ port: network.port, statementTimeout: 150, pool: { acquireTimeoutMillis: 500 } })
      const mood = storage.value('test/mood')
      await mood.set(romeo, 'in love')
      await mood.get(romeo)
      network.swallow()
      const begun = performance.now()
      const results = await Promise.allSettled([mood.set(romeo, 'lost'), mood.get(juliet), mood.get(juliet)])

      assert.ok(performance.now() - begun < 5000)
      for (const result of results)
        assert.ok(result.status === 'rejected' && failed.message.test(result.reason.message))
      network.mend()
      await mood.set(romeo, 'in exile')
      assert.equal(await mood.get(romeo), 'in exile')
      await network.close()
    })

    it('opens other connections for those that were cut', async () => {
      const network = await Network.to(server.process.place)
      const { storage } = await open({ port: network.port, wait: 5000 })
      const mood = storage.value('test/mood')
      for (let round = 0; round < 5; round++) {
        await mood.set(romeo, round)
        await Promise.all([mood.get(romeo), mood.get(romeo)])
        network.cut()
        await gone(network)

        assert.equal(await mood.get(romeo), round)
        await storage.map('test/map').change(romeo, new Map(Object.entries({ a: round, b: round })))
      }
      await network.close()
    })

    it('refuses to wait longer than it may for what another program holds', async () => {
      const { storage } = await open({ wait: 60_000, statementTimeout: 300 })
      const mood = storage.value('test/mood')
      await mood.set(romeo, 'in love')
      const release = await holdValues(client, reached)
      const results = await Promise.allSettled([mood.set(romeo, 'lost'), storage.log('test/mail').append(juliet, 1)])
      await release()

      assert.equal(results[0].status, 'rejected')
      assert.equal(await mood.get(romeo), 'in love')
      await mood.set(romeo, 'in exile')
    })

    it('never has more connections than it may, and tells readers who wait too long', async () => {
      const network = await Network.to(server.process.place)
      const { storage } = await open({
        port: network.port,
        statementTimeout: 150,
        pool: { max: 2, acquireTimeoutMillis: 300 },
      })
      const mood = storage.value('test/mood')
      await mood.set(romeo, 'in love')
      await Promise.all(Array.from({ length: 50 }, () => mood.get(romeo)))
      assert.ok(network.connections <= 3, `${network.connections}`)

      network.swallow()
      const begun = performance.now()
      const results = await Promise.allSettled(Array.from({ length: 50 }, () => mood.get(romeo)))
      assert.ok(performance.now() - begun < 5000)
      assert.ok(results.every(({ status }) => status === 'rejected'))
      await network.close()
    })
  })

/** As another program does that has changed something and does not say whether that is to be. */
async function holdValues(client: 'pg' | 'mysql2', connection: Reached): Promise<() => Promise<void>> {
  const other = knex({ client, connection, pool: { min: 0, max: 1 } })
  await other.raw(client === 'pg' ? 'BEGIN' : 'START TRANSACTION')
  await other('value_items').update({ value: '0' })
  return async () => {
    await other.raw('ROLLBACK')
    await other.destroy()
  }
}

async function gone(network: Network): Promise<void> {
  while (network.connections > 0) await new Promise(setImmediate)
}
