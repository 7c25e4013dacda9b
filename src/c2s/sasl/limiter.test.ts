import assert from 'node:assert/strict'
import { Busy, limiter } from './limiter.js'

describe('limiter', () => {
  it('runs so many tasks at once and the rest in their order', async () => {
    const limit = limiter({ atOnce: 2, waiting: 10 })
    const tasks = ['a', 'b', 'c', 'd'].map(openTask)

    const results = tasks.map(task => limit(task.run))

    await settle()
    assert.deepEqual(begun(tasks), ['a', 'b'])
    tasks[1]?.end()
    await settle()
    assert.deepEqual(begun(tasks), ['a', 'b', 'c'])
    for (const task of tasks) task.end()
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd'])
  })

  it('refuses when too many wait, and takes tasks again later', async () => {
    const limit = limiter({ atOnce: 1, waiting: 1 })
    const [a, b] = [openTask('a'), openTask('b')]
    const results = [limit(a.run), limit(b.run)]

    await assert.rejects(
      limit(async () => 'c'),
      Busy,
    )

    a.end()
    b.end()
    await Promise.all(results)
    assert.equal(await limit(async () => 'd'), 'd')
  })

  it('gives the place of a failed task to the next', async () => {
    const limit = limiter({ atOnce: 1, waiting: 5 })

    const failed = limit(async () => {
      throw new Error('poison')
    })
    const next = limit(async () => 'alive')

    await assert.rejects(failed, /poison/)
    assert.equal(await next, 'alive')
    assert.equal(await limit(async () => 'again'), 'again')
  })
})

/** A task that runs until it is told to end. */
function openTask(name: string) {
  let begun = false
  let end: () => void = () => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const run = async () => {
    begun = true
    await ended
    return name
  }
  return { name, run, end, hasBegun: () => begun }
}

function begun(tasks: readonly ReturnType<typeof openTask>[]): readonly string[] {
  return tasks.filter(task => task.hasBegun()).map(task => task.name)
}

function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
