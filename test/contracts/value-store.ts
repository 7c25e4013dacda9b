import assert from 'node:assert/strict'
import { juliet, nurse, romeo, type World } from './world.js'

/** A value for each owner. */
export function valueStore(world: () => World): void {
  it('keeps one for each user, until there is another', async () => {
    const store = world().storage.value<string>('test/mood')
    await store.set(romeo, 'in love')
    await store.set(juliet, 'in doubt')
    await store.set(juliet, 'in love')

    assert.equal(await store.get(romeo), 'in love')
    assert.equal(await store.get(juliet), 'in love')
    assert.equal(await store.get(nurse), undefined)
  })

  it('removes that of one user only', async () => {
    const store = world().storage.value<string>('test/mood')
    await Promise.all([store.set(romeo, 'in love'), store.set(juliet, 'in love')])
    await store.remove(romeo)
    await store.remove(nurse)

    assert.equal(await store.get(romeo), undefined)
    assert.equal(await store.get(juliet), 'in love')
  })

  it('keeps whatever survives JSON', async () => {
    const store = world().storage.value<unknown>('test/anything')
    for (const value of [false, 0, '', null, [], {}, -1.5e300, ['a', { b: [null, 'é😀\0\ud800'] }]]) {
      await store.set(romeo, value)
      assert.deepEqual(await store.get(romeo), value)
    }
  })

  it('lets nobody change what is kept by changing what was given or got', async () => {
    const store = world().storage.value<string[]>('test/list')
    const given = ['lark']
    const set = store.set(romeo, given)
    given.push('nightingale')
    await set
    const got = await store.get(romeo)
    got?.push('nightingale')

    assert.deepEqual(await store.get(romeo), ['lark'])
  })
}
