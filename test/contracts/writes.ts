import assert from 'node:assert/strict'
import { LogFull } from '../../src/core/stores.js'
import { agreesWithModel } from './model.js'
import { juliet, nurse, romeo, type World } from './world.js'

/** What holds for the writes of all shapes. */
export function writes(world: () => World): void {
  it('resolve in the order in which they were asked for, whatever they write', async () => {
    const { storage } = world()
    const order: number[] = []
    const asked = Array.from({ length: 120 }, (_, n) => {
      const owner = [romeo, juliet, nurse][n % 3] ?? romeo
      const writes = [
        () => storage.log('test/a').append(owner, n),
        () => storage.map('test/b').set(owner, 'key', n),
        () => storage.value('test/c').set(owner, n),
        () => storage.addresses('test/d').add(owner, [romeo]),
        () => storage.log('test/a').append(owner, n, 1000),
      ]
      return writes[n % 5]?.().then(() => order.push(n))
    })
    await Promise.all(asked)

    assert.deepEqual(order, [...asked.keys()])
  })

  it('are seen by reads that are asked for after them', async () => {
    const { storage } = world()
    const asked = [
      storage.value('test/a').set(romeo, 1),
      storage.map('test/b').set(romeo, 'key', 1),
      storage.addresses('test/c').add(romeo, [juliet]),
      storage.log('test/d').append(romeo, 1),
    ]
    const seen = await Promise.all([
      storage.value('test/a').get(romeo),
      storage.map('test/b').get(romeo, 'key'),
      storage.addresses('test/c').all(romeo),
      storage.log('test/d').count(romeo),
    ])

    assert.deepEqual(seen, [1, 1, [juliet], 1])
    await Promise.all(asked)
  })

  it('of one store are not seen in another', async () => {
    const { storage } = world()
    await storage.map('test/a').set(romeo, 'key', 1)
    await storage.value('test/a').set(romeo, 2)

    assert.equal(await storage.map('test/b').get(romeo, 'key'), undefined)
    assert.equal(await storage.map('test/a').get(romeo, 'key'), 1)
    assert.equal(await storage.value('test/a').get(romeo), 2)
  })

  it('that cannot be kept reject alone', async () => {
    const store = world().storage.map<unknown>('test/a')
    const results = await Promise.allSettled([
      store.set(romeo, 'a', 1),
      store.set(romeo, 'b', 1n),
      store.set(romeo, 'c', 1),
    ])

    assert.equal(results.map(({ status }) => status).join(), 'fulfilled,rejected,fulfilled')
    assert.deepEqual([...(await store.all(romeo)).keys()], ['a', 'c'])
  })

  it('fail while the database does, leave nothing behind, and then succeed again', async () => {
    const { storage } = world()
    await storage.log('test/mail').append(romeo, 'before', 2)
    const repair = await world().breakDown()
    const results = await Promise.allSettled([
      storage.log('test/mail').append(romeo, 'lost', 2),
      storage.map('test/b').set(romeo, 'lost', 1),
      storage.value('test/c').set(romeo, 'lost'),
      storage.addresses('test/d').add(romeo, [juliet]),
    ])
    await repair()

    for (const { status } of results) assert.equal(status, 'rejected')
    await storage.log('test/mail').append(romeo, 'after', 2)
    await assert.rejects(storage.log('test/mail').append(romeo, 'too many', 2), LogFull)
    const mail = await storage.log('test/mail').read(romeo, { limit: 10 })
    assert.equal(mail.map(({ value }) => value).join(), 'before,after')
    assert.equal((await storage.map('test/b').all(romeo)).size, 0)
    assert.equal(await storage.value('test/c').get(romeo), undefined)
    assert.deepEqual(await storage.addresses('test/d').all(romeo), [])
  })

  it('agree with a simple model, whatever is asked for', async function () {
    this.timeout(60_000)
    await agreesWithModel(world())
  })
}
