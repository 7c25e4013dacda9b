import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { parseJid } from '../../src/xmpp/jid.js'
import { juliet, LOOKALIKES, nurse, romeo, type World } from './world.js'

/** Values by key for each owner. */
export function mapStore(world: () => World): void {
  it('keeps values by key, in the order of keys, each user having their own', async () => {
    const store = world().storage.map<number>('test/ages')
    await store.set(nurse, 'susan', 14)
    await store.set(nurse, 'juliet', 13)
    await store.set(romeo, 'juliet', 0)

    assert.equal(inWords(await store.all(nurse)), 'juliet: 13, susan: 14')
    assert.equal(await store.get(romeo, 'juliet'), 0)
    assert.equal(await store.get(romeo, 'susan'), undefined)
    assert.equal((await store.all(juliet)).size, 0)
  })

  it('changes several at once', async () => {
    const store = world().storage.map<string>('test/letters')
    await store.set(romeo, 'a', 'old')
    await store.set(romeo, 'b', 'old')
    await store.change(romeo, mapOf({ a: undefined, b: 'new', c: 'new', d: undefined }))
    await store.change(romeo, new Map())

    assert.equal(inWords(await store.all(romeo)), 'b: new, c: new')
  })

  it('changes thousands at once', async () => {
    const store = world().storage.map<number>('test/many')
    const many = Array.from({ length: 2000 }, (_, n) => [`key ${n}`, n] as const)
    await store.change(romeo, new Map(many))
    assert.equal((await store.all(romeo)).size, 2000)

    await store.change(romeo, new Map(many.map(([key, n]) => [key, n === 1999 ? 0 : undefined])))
    assert.equal(inWords(await store.all(romeo)), 'key 1999: 0')
  })

  it('changes all or none', async () => {
    const store = world().storage.map<unknown>('test/letters')
    await store.set(romeo, 'a', 'old')

    await assert.rejects(store.change(romeo, mapOf<unknown>({ a: 'new', b: 1n })))

    assert.equal(inWords(await store.all(romeo)), 'a: old')
  })

  it('tells apart keys that look alike', async () => {
    const store = world().storage.map<string>('test/lookalikes')
    await store.change(romeo, new Map(LOOKALIKES.map(key => [key, `of ${key}`])))

    assert.deepEqual([...(await store.all(romeo)).keys()], [...LOOKALIKES].sort())
    for (const key of LOOKALIKES) assert.equal(await store.get(romeo, key), `of ${key}`)
    for (const [index, key] of LOOKALIKES.entries()) {
      await store.remove(romeo, key)
      assert.equal((await store.all(romeo)).size, LOOKALIKES.length - index - 1)
    }
  })

  it('keeps keys that are as long as any, for users whose names are', async () => {
    const store = world().storage.map<string>('s'.repeat(64))
    const owner = parseJid(`${letters(1023)}@${[62, 62, 62, 62].map(letters).join('.')}`)
    const keys = [1279, 1280, 1281, 5000].map(letters)
    await store.change(owner, new Map(keys.map(key => [key, key])))
    await world()
      .storage.addresses('s'.repeat(64))
      .add(
        owner,
        keys.slice(0, 3).map(key => parseJid(`verona.example/${key.slice(0, 1000)}`)),
      )

    for (const key of keys) assert.equal(await store.get(owner, key), key)
    assert.equal((await store.all(owner)).size, keys.length)
  })

  it('removes and clears what is of one user only', async () => {
    const store = world().storage.map<number>('test/ages')
    await Promise.all([romeo, juliet].map(owner => store.change(owner, mapOf({ a: 1, b: 2 }))))
    await store.remove(romeo, 'a')
    await store.clear(juliet)

    assert.equal(inWords(await store.all(romeo)), 'b: 2')
    assert.equal((await store.all(juliet)).size, 0)
  })
}

/** So many, which nothing makes shorter. */
const letters = (count: number): string =>
  String.fromCharCode(...[...randomBytes(count)].map(byte => 'a'.charCodeAt(0) + (byte % 26)))

const mapOf = <T>(values: Readonly<Record<string, T>>) => new Map(Object.entries(values))

const inWords = (values: ReadonlyMap<string, unknown>): string =>
  [...values].map(([key, value]) => `${key}: ${value}`).join(', ')
