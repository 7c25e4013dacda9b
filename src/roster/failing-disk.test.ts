import assert from 'node:assert/strict'
import { conditionOf, el, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import type { MapStore } from '../core/stores.js'
import { arrives, at, follows, hears, pushes, reads, rosterOf, says, verona } from './fixture.test.js'

/** Romeo and Juliet, at home. */
async function lovers(storage: MemoryStorage) {
  const kit = await verona({ storage })
  return { kit, romeo: await arrives(kit, 'romeo/orchard'), juliet: await arrives(kit, 'juliet/balcony') }
}

describe('subscriptions on a failing disk', () => {
  it('tell nobody of what is not committed', async () => {
    const storage = new MemoryStorage()
    const { romeo, juliet } = await lovers(storage)
    storage.hold()

    const asked = romeo.sends(el`<presence type='subscribe' to='${at('juliet')}'/>`)
    await settled()
    assert.deepEqual([...romeo.received, ...juliet.received], [])

    storage.release()
    await asked
    assert.deepEqual(reads(romeo), ['push juliet none asks'])
    assert.deepEqual(reads(juliet), ['subscribe romeo'])
  })

  it('answer with an error, and everything stays as it was', async () => {
    const storage = new MemoryStorage()
    const { romeo, juliet } = await lovers(storage)
    storage.fail(new Error('disk full'))

    await says(romeo, 'subscribe', 'juliet')

    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
    assert.deepEqual(juliet.received, [])
    storage.fail(undefined)
    assert.deepEqual(await rosterOf(romeo), [])
  })

  it('do not deliver a request that could not be kept: it comes when Romeo comes again', async () => {
    const storage = new TornStorage()
    const { kit, romeo, juliet } = await lovers(storage)
    storage.torn = 'juliet'

    await says(romeo, 'subscribe', 'juliet')
    assert.deepEqual(pushes(romeo), ['juliet none asks'])
    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
    assert.deepEqual(juliet.received, [])

    storage.torn = ''
    await romeo.leaves()
    await kit.comesOnline('romeo')
    assert.deepEqual(reads(juliet), ['subscribe romeo'])
  })

  it('leave a request open whose answer was lost; the server gives it again when Romeo comes again (§3.1.3)', async () => {
    const storage = new TornStorage()
    const { kit, romeo, juliet } = await lovers(storage)
    await says(romeo, 'subscribe', 'juliet')
    storage.torn = 'romeo'
    await says(juliet, 'subscribed', 'romeo')
    storage.torn = ''
    await romeo.leaves()
    kit.forget()

    const later = await arrives(kit, 'romeo')

    assert.deepEqual(await rosterOf(later), ['juliet to'])
    assert.deepEqual(hears(juliet), [], 'Juliet is not asked again')
  })

  it('are repaired when Romeo still believes to see Juliet (§4.3.2)', async () => {
    const storage = new TornStorage()
    const { kit, romeo, juliet } = await lovers(storage)
    await follows(romeo, juliet)
    storage.torn = 'romeo'
    await says(juliet, 'unsubscribed', 'romeo')
    storage.torn = ''
    assert.deepEqual(await rosterOf(romeo), ['juliet to'])

    const later = await kit.comesOnline('romeo/later')

    assert.deepEqual(hears(later), ['available romeo/later', 'available romeo/orchard', 'unsubscribed juliet'])
    assert.deepEqual(await rosterOf(later), ['juliet none'])
  })
})

/** Commits nothing for one account. */
class TornStorage extends MemoryStorage {
  torn = ''

  override map<T>(name: string): MapStore<T> {
    const store = super.map<T>(name)
    const change = store.change.bind(store)
    store.change = async (owner, changes) => {
      if (owner.local === this.torn) throw new Error('disk full')
      await change(owner, changes)
    }
    return store
  }
}
