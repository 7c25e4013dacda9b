import assert from 'node:assert/strict'
import { LogFull } from '../../src/core/stores.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { addressStore } from './address-store.js'
import { archiveStore } from './archive-store.js'
import { logStore } from './log-store.js'
import { mapStore } from './map-store.js'
import { valueStore } from './value-store.js'
import { juliet, LOOKALIKES, type MakeWorld, nurse, restarted, romeo, type World } from './world.js'
import { writes } from './writes.js'

/** What every storage has to do, said of users and what is kept of them. */
export function storesContract(name: string, make: MakeWorld, { durable }: { readonly durable: boolean }): void {
  describe(`stores in ${name}`, () => {
    let world: World

    beforeEach(async () => {
      world = await make()
    })

    afterEach(() => world.dispose())

    describe('value', () => valueStore(() => world))
    describe('map', () => mapStore(() => world))
    describe('addresses', () => addressStore(() => world))
    describe('log', () => logStore(() => world))
    describe('archive', () => archiveStore(() => world))
    describe('writes', () => writes(() => world))

    it('erases all of one user, and nothing of others', async () => {
      const { storage } = world
      const letter = { at: Date.now(), with: nurse, xml: '', isPending: true, isArchived: true }
      const fill = (owner: typeof romeo) => [
        storage.value('test/a').set(owner, 1),
        storage.map('test/b').set(owner, 'key', 1),
        storage.map('other/b').set(owner, 'key', 1),
        storage.addresses('test/c').add(owner, [nurse]),
        storage.log('test/d').append(owner, 1, 1),
        storage.archive('test/e').append(owner, letter, 1),
      ]
      const left = async (owner: typeof romeo) => [
        await storage.value('test/a').get(owner),
        (await storage.map('test/b').all(owner)).size,
        (await storage.map('other/b').all(owner)).size,
        (await storage.addresses('test/c').all(owner)).length,
        await storage.log('test/d').count(owner),
        await storage.archive('test/e').count(owner),
        await storage.archive('test/e').countPending(owner),
      ]
      const chamber = parseJid('juliet@capulet.example.org')
      await Promise.all([romeo, juliet, chamber].flatMap(fill))
      await world.erase(juliet)

      assert.deepEqual(await left(juliet), [undefined, 0, 0, 0, 0, 0, 0])
      assert.deepEqual(await left(romeo), [1, 1, 1, 1, 1, 1, 1])
      assert.deepEqual(await left(chamber), [1, 1, 1, 1, 1, 1, 1])
      await Promise.all(fill(juliet))
    })

    if (durable)
      it('has everything after a restart, and goes on with greater ids', async () => {
        const { storage } = world
        const id = await storage.log('test/mail').append(romeo, 'a', 2)
        const letter = { at: Date.now(), with: nurse, xml: '', isPending: true, isArchived: true }
        const origin = { sender: nurse, id: 'a' }
        const archived = await storage.archive('test/e').append(romeo, { ...letter, origin }, 2)
        await Promise.all([
          storage.value('test/a').set(romeo, 1),
          storage.map('test/b').change(romeo, new Map(LOOKALIKES.map(key => [key, key]))),
          storage.addresses('test/c').add(romeo, [juliet]),
        ])
        world = await restarted(world)

        const again = world.storage
        assert.deepEqual(await again.log('test/mail').read(romeo, { limit: 2 }), [{ id, value: 'a' }])
        assert.equal(await again.value('test/a').get(romeo), 1)
        assert.deepEqual([...(await again.map('test/b').all(romeo)).values()], [...LOOKALIKES].sort())
        assert.deepEqual(await again.addresses('test/c').all(romeo), [juliet])
        assert.ok((await again.log('test/mail').append(romeo, 'b', 2)) > id)
        await assert.rejects(again.log('test/mail').append(romeo, 'c', 2), LogFull)
        const archive = again.archive('test/e')
        assert.equal((await archive.ends(romeo))?.last.id, archived)
        assert.equal(await archive.find(romeo, origin), archived)
        assert.ok((await archive.append(romeo, letter, 2)) > archived)
        await assert.rejects(archive.append(romeo, letter, 2), LogFull)
      })
  })
}
