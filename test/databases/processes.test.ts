import assert from 'node:assert/strict'
import type { ScramKeys } from '../../src/core/accounts.js'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { type Database, openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import type { DatabaseServer, Reached } from './server.js'
import { SERVERS, sharedServer } from './shared.js'

for (const { name, client } of SERVERS)
  describe(`two processes on one ${name}`, () => {
    const lovers = ['romeo', 'juliet'].map(local => parseJid(`${local}@verona.example`))
    const [romeo = assert.fail()] = lovers
    let server: DatabaseServer
    let reached: Reached
    let both: readonly Database[]

    before(async function () {
      server = await sharedServer(this, client)
    })

    beforeEach(async () => {
      reached = await server.makeDatabase()
      const open = () => openDatabase({ client, connection: reached, bus: new LocalBus(), log: silentLog })
      both = [await open(), await open()]
    })

    afterEach(async () => {
      await Promise.all(both.map(({ close }) => close()))
      await server.takeBack(reached)
    })

    const keys = (n: number): ScramKeys => ({
      salt: Buffer.alloc(16, n),
      iterations: 10_000,
      storedKey: Buffer.alloc(32, n),
      serverKey: Buffer.alloc(32, n),
    })
    const credentials = (n: number) => new Map([['SHA-1', keys(n)] as const])

    it('make an account of a name once', async () => {
      for (let n = 0; n < 20; n++) {
        const jid = parseJid(`user${n}@verona.example`)
        const made = await Promise.all(both.map(({ accounts }) => accounts.create(jid, credentials(n))))

        assert.deepEqual(made.sort(), [false, true])
      }
    })

    it('make a secret once', async () => {
      for (let n = 0; n < 20; n++) {
        const [one, other] = await Promise.all(both.map(({ secret }) => secret(`secret ${n}`)))
        assert.deepEqual(one, other)
      }
    })

    it('change a password, or remove the account, at the same time', async () => {
      for (let n = 0; n < 20; n++) {
        await both[0]?.accounts.create(romeo, credentials(0))
        const [changed, removed] = await Promise.all([
          Promise.all(both.map(({ accounts }, i) => accounts.setCredentials(romeo, credentials(i + 1)))),
          n % 2 === 0 ? both[1]?.accounts.remove(romeo) : false,
        ])
        const kept = await both[0]?.accounts.keys(romeo, 'SHA-1')

        assert.equal(removed, n % 2 === 0)
        if (removed) assert.equal(kept, undefined)
        else assert.ok(changed.every(Boolean) && kept && [1, 2].includes(kept.salt[0] ?? 0))
      }
    })

    it('write the same things in another order', async () => {
      const keys = Array.from({ length: 50 }, (_, n) => `contact${n}`)
      for (let round = 0; round < 5; round++) {
        const write = ({ storage }: Database, order: readonly string[], who: readonly (typeof romeo)[]) =>
          who.flatMap(owner => [
            storage.map('roster/items').change(owner, new Map(order.map(key => [key, round]))),
            storage.value('test/mood').set(owner, round),
          ])
        await Promise.all(
          both.flatMap((database, i) =>
            i === 0 ? write(database, keys, lovers) : write(database, keys.toReversed(), lovers.toReversed()),
          ),
        )
      }

      for (const lover of lovers) {
        const items = await both[0]?.storage.map('roster/items').all(lover)
        assert.deepEqual([...new Set(items?.values())], [4])
        assert.equal(items?.size, 50)
      }
    })
  })
