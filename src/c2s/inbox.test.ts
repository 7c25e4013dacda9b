import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Inbox } from './inbox.js'

describe('inbox', () => {
  it('acts at once when nothing is under way', () => {
    const acts: string[] = []

    new Inbox(() => acts.push('moved')).add(undefined, () => acts.push('one'))

    assert.deepEqual(acts, ['one'])
  })

  it('acts when a stanza is dealt with, and says that something moved', async () => {
    const acts: string[] = []
    const inbox = new Inbox(() => acts.push('moved'))
    const one = work()
    inbox.add(one.done, () => acts.push('one'))
    assert.deepEqual([inbox.count, acts], [1, []])

    await one.finish()

    assert.deepEqual([inbox.count, acts], [0, ['one', 'moved']])
  })

  it('has what is done early wait for what came before', async () => {
    const acts: string[] = []
    const inbox = new Inbox(() => {})
    const [one, two] = [work(), work()]
    inbox.add(one.done, () => acts.push('one'))
    inbox.add(two.done, () => acts.push('two'))
    inbox.add(undefined, () => acts.push('three'))

    await two.finish()
    assert.deepEqual([inbox.count, acts], [3, []])
    await one.finish()

    assert.deepEqual([inbox.count, acts], [0, ['one', 'two', 'three']])
  })

  it('is settled when all that came before is done, whatever comes after', async () => {
    const inbox = new Inbox(() => {})
    assert.equal(inbox.settled(), undefined)
    const [one, two] = [work(), work()]
    inbox.add(one.done, () => {})

    const settled = inbox.settled()
    inbox.add(two.done, () => {})
    await one.finish()

    await settled
    assert.equal(inbox.count, 1)
  })

  it('acts in order, once for each, whatever order things are done in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (later, order) => {
        const acts: number[] = []
        const inbox = new Inbox(() => {})
        const works = later.map((isLater, i) => {
          const one = work()
          inbox.add(isLater ? one.done : undefined, () => acts.push(i))
          return one
        })

        const waiting = [...works]
        while (waiting.length > 0) await waiting.splice((order.next().value ?? 0) % waiting.length, 1)[0]?.finish()

        assert.deepEqual(
          acts,
          later.map((_, i) => i),
        )
        assert.equal(inbox.count, 0)
      }),
    )
  })
})

/** Something that is done when it is told to be. */
function work() {
  let resolve = (): void => {}
  const done = new Promise<void>(done => {
    resolve = done
  })
  return {
    done,
    finish: async () => {
      resolve()
      await done
      await undefined // who waits for it has heard
    },
  }
}
