import assert from 'node:assert/strict'
import { parseJid } from '../../src/xmpp/jid.js'
import { juliet, nurse, type World } from './world.js'

/** A set of addresses for each owner. */
export function addressStore(world: () => World): void {
  const texts = async (owner = juliet) =>
    (await world().storage.addresses('test/blocked').all(owner)).map(String).sort()

  it('are a set for each user', async () => {
    const store = world().storage.addresses('test/blocked')
    const paris = parseJid('paris@verona.example')
    const stable = parseJid('paris@verona.example/stable')
    const verona = parseJid('verona.example')
    await store.add(juliet, [paris, verona])
    await store.add(juliet, [paris, stable])
    await store.add(nurse, [verona])
    assert.deepEqual(await texts(), ['paris@verona.example', 'paris@verona.example/stable', 'verona.example'])

    await store.remove(juliet, [paris, parseJid('tybalt@capulet.example')])
    assert.deepEqual(await texts(), ['paris@verona.example/stable', 'verona.example'])

    await store.clear(juliet)
    assert.deepEqual(await texts(), [])
    assert.deepEqual(await texts(nurse), ['verona.example'])
  })

  it('tells apart those that look alike, however long they are', async () => {
    const alike = [
      ...['strasse@verona.example', 'straße@verona.example', 'é@verona.example', 'e@verona.example'],
      ...['a@verona.example/Chamber', 'a@verona.example/chamber', 'a@verona.example/chamber  1'],
      `${'é'.repeat(500)}@verona.example/${'x'.repeat(1023)}`,
      `${'é'.repeat(500)}@verona.example/${'x'.repeat(1022)}y`,
    ]
    const jids = alike.map(parseJid)
    await world()
      .storage.addresses('test/blocked')
      .add(juliet, [...jids, ...jids])

    assert.deepEqual(await texts(), jids.map(String).sort())
  })

  it('are added and removed by the thousand', async () => {
    const store = world().storage.addresses('test/blocked')
    const many = Array.from({ length: 1200 }, (_, n) => parseJid(`suitor${n}@verona.example`))
    await store.add(juliet, many)
    await store.add(juliet, [])
    assert.equal((await texts()).length, 1200)

    await store.remove(juliet, many.slice(1))
    await store.remove(juliet, [])
    assert.deepEqual(await texts(), ['suitor0@verona.example'])
  })
}
