import assert from 'node:assert/strict'
import { LogFull, type LogStore } from '../../src/core/stores.js'
import { juliet, romeo, type World } from './world.js'

/** A log for each owner. */
export function logStore(world: () => World): void {
  it('keeps entries in the order in which they were appended', async () => {
    const log = world().storage.log<number>('test/mail')
    const asked = Array.from({ length: 700 }, (_, n) => log.append(juliet, n))
    const ids = await Promise.all(asked)

    assert.deepEqual([...ids].sort(), ids)
    const entries = await log.read(juliet, { limit: 1000 })
    const expected = ids.map((id, value) => ({ id, value }))
    assert.deepEqual(entries, expected)
    assert.equal(await log.count(juliet), 700)
  })

  it('is read page by page', async () => {
    const log = world().storage.log<string>('test/mail')
    for (const text of ['a', 'b', 'c', 'd', 'e']) await log.append(juliet, text)
    await log.append(romeo, 'x')
    const pages: string[] = []
    let after = ''
    for (;;) {
      const page = await log.read(juliet, { after, limit: 2 })
      if (page.length === 0) break
      pages.push(page.map(({ value }) => value).join(''))
      after = page.at(-1)?.id ?? ''
    }

    assert.deepEqual(pages, ['ab', 'cd', 'e'])
  })

  it('is read on after an entry that is gone', async () => {
    const log = world().storage.log<string>('test/mail')
    const [a = ''] = [await log.append(juliet, 'a'), await log.append(juliet, 'b')]
    await log.remove(juliet, [a])

    assert.deepEqual(await valuesOf(log, a), ['b'])
  })

  it('gives each entry an id that no other in the server has', async () => {
    const asked = ['test/mail', 'test/archive'].flatMap(store =>
      [romeo, juliet].flatMap(owner =>
        Array.from({ length: 50 }, () => world().storage.log<string>(store).append(owner, 'x')),
      ),
    )
    const ids = await Promise.all(asked)

    assert.equal(new Set(ids).size, ids.length)
    assert.equal(new Set(ids.map(id => id.length)).size, 1)
  })

  it('removes entries of one user only, be they thousands', async () => {
    const log = world().storage.log<number>('test/mail')
    const ids = await Promise.all(Array.from({ length: 1500 }, (_, n) => log.append(juliet, n)))
    const other = await log.append(romeo, 0)
    await log.remove(juliet, [...ids.slice(1), other, 'no such id'])
    await log.remove(juliet, [])

    assert.deepEqual(await valuesOf(log), [0])
    assert.equal(await log.count(romeo), 1)
  })

  it('takes as many entries as it may have, and again when some have gone', async () => {
    const log = world().storage.log<string>('test/mail')
    const first = await log.append(juliet, 'a', 2)
    await log.append(juliet, 'b', 2)
    await assert.rejects(log.append(juliet, 'c', 2), LogFull)
    await assert.rejects(log.append(juliet, 'c', 1), LogFull)
    assert.equal(await log.count(juliet), 2)

    await log.remove(juliet, [first])
    await log.append(juliet, 'd', 2)
    await assert.rejects(log.append(juliet, 'e', 2), LogFull)
    await log.append(juliet, 'f') // without a limit there is none
    await log.append(romeo, 'a', 1) // and others' entries do not count
    await world().storage.log<string>('test/archive').append(juliet, 'a', 1)

    assert.deepEqual(await valuesOf(log), ['b', 'd', 'f'])
  })

  it('takes the first ones when too many come at once', async () => {
    const log = world().storage.log<number>('test/mail')
    await log.append(juliet, -1)
    const asked = Array.from({ length: 700 }, (_, n) =>
      n % 100 === 0 ? log.append(juliet, n) : log.append(juliet, n, 10),
    )
    const results = await Promise.allSettled(asked)

    const kept = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []))
    assert.deepEqual(kept, [0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 200, 300, 400, 500, 600])
    for (const result of results) if (result.status === 'rejected') assert.ok(result.reason instanceof LogFull)
    assert.deepEqual(await valuesOf(log), [-1, ...kept])
  })

  it('has room again for what is asked for right after a removal', async () => {
    const log = world().storage.log<number>('test/mail')
    const ids = await Promise.all([0, 1, 2].map(n => log.append(juliet, n, 3)))
    const results = await Promise.allSettled([
      log.append(juliet, 3, 3),
      log.remove(juliet, ids.slice(0, 2)),
      log.append(juliet, 4, 3),
      log.append(juliet, 5, 3),
      log.append(juliet, 6, 3),
    ])

    const kept = results.map(({ status }) => status === 'fulfilled')
    assert.deepEqual(kept, [false, true, true, true, false])
  })

  it('keeps large entries as well as small ones', async () => {
    const log = world().storage.log<string>('test/mail')
    const large = 'wherefore art thou Röméo? '.repeat(40_000)
    await Promise.all([log.append(juliet, 'a'), log.append(juliet, large), log.append(juliet, 'b')])

    const entries = await log.read(juliet, { limit: 3 })
    assert.ok(entries[1]?.value === large)
    assert.deepEqual([entries[0]?.value, entries[2]?.value], ['a', 'b'])
  })
}

async function valuesOf<T>(log: LogStore<T>, after = ''): Promise<readonly T[]> {
  return (await log.read(juliet, { after, limit: 1000 })).map(({ value }) => value)
}
