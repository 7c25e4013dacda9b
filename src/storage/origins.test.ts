import assert from 'node:assert/strict'
import { Origins } from './origins.js'

describe('origins', () => {
  const romeo = { owner: 'romeo@montague.example', store: 'archive/messages' }
  const juliet = { owner: 'juliet@capulet.example', store: 'archive/messages' }
  const readsAs = (...names: readonly string[]) => names.map(name => [name, `id of ${name}`] as const)

  it('are known of an archive once it was read, and from then on', async () => {
    const origins = new Origins()
    origins.add(romeo, 'before', Promise.resolve('0')) // nobody has asked yet
    assert.equal(origins.isKnown(romeo), false)
    assert.equal(await origins.read(romeo, 'a', async () => readsAs('b', 'a')), 'id of a')
    const written = Promise.resolve('1')
    origins.add(romeo, 'c', written)
    assert.equal(await origins.get(romeo, 'c'), '1')

    assert.equal(origins.isKnown(romeo), true)
    assert.equal(origins.isKnown(juliet), false)
    assert.equal(origins.get(romeo, 'b'), 'id of b')
    assert.equal(origins.get(romeo, 'c'), '1')
    assert.equal(origins.get(romeo, 'before'), undefined)
    assert.equal(origins.get(juliet, 'b'), undefined)
  })

  it('have what is written while an archive is being read', async () => {
    const origins = new Origins()
    const read = origins.read(romeo, 'new', async () => {
      origins.add(romeo, 'new', Promise.resolve('1'))
      origins.add(romeo, 'old', Promise.resolve('2'))
      return readsAs('old')
    })

    assert.equal(await read, '1')
    assert.equal(await origins.get(romeo, 'old'), '2')
  })

  it('do not have what could not be written, unless it was sent once more', async () => {
    const origins = new Origins()
    await origins.read(romeo, '', async () => [])
    origins.add(romeo, 'a', Promise.reject(new Error('the disk is full')))
    const wait = origins.get(romeo, 'a')
    assert.equal(await wait, undefined)
    assert.equal(origins.get(romeo, 'a'), undefined)

    origins.add(romeo, 'a', Promise.reject(new Error('the disk is full')))
    origins.add(romeo, 'a', Promise.resolve('1'))
    assert.equal(await origins.get(romeo, 'a'), '1')
  })

  it('are no more than so many: an archive is read again before anything is missed', async () => {
    const origins = new Origins(100)
    let reads = 0
    const kept: string[] = []
    const find = async (place: typeof romeo, name: string) => {
      const known = origins.get(place, name)
      if (known !== undefined || origins.isKnown(place)) return known
      reads++
      return origins.read(place, name, async () => kept.slice(-20).map(name => [name, name] as const))
    }
    for (let n = 0; n < 1000; n++) {
      if (n % 10 === 0) assert.equal(await find(juliet, `${n}`), undefined)
      assert.equal(await find(romeo, `${n}`), undefined)
      kept.push(`${n}`)
      origins.add(romeo, `${n}`, Promise.resolve(`${n}`))
      assert.equal(await find(romeo, `${Math.max(0, n - 15)}`), `${Math.max(0, n - 15)}`)
    }

    assert.ok(reads > 10 && reads < 200, `${reads}`)
    assert.equal(origins.get(romeo, '0'), undefined)
  })

  it('are forgotten when an archive is cleared', async () => {
    const origins = new Origins()
    await origins.read(romeo, 'a', async () => readsAs('a'))
    origins.clear()

    assert.equal(origins.isKnown(romeo), false)
    assert.equal(origins.get(romeo, 'a'), undefined)
  })
})
