import assert from 'node:assert/strict'
import { systemClock } from './clock.js'

describe('the machine’s clock', () => {
  const begun: { readonly task: () => void; readonly ms: number }[] = []
  const { setTimeout: realTimeout } = globalThis

  /** Timers that end when the test says so. */
  beforeEach(() => {
    begun.length = 0
    const fake = (task: () => void, ms: number) => {
      begun.push({ task, ms })
      return realTimeout(() => {}, 0)
    }
    globalThis.setTimeout = Object.assign(fake, realTimeout)
  })

  afterEach(() => {
    globalThis.setTimeout = realTimeout
  })

  const pass = (): number => {
    const next = begun.shift()
    assert.ok(next)
    next.task()
    return next.ms
  }

  it('tells the time', () => {
    const before = Date.now()

    assert.ok(systemClock.now() >= before && systemClock.now() <= Date.now())
  })

  it('does a task once, in its time', () => {
    let done = 0
    systemClock.after(1000, () => done++)

    assert.equal(done, 0)
    assert.equal(pass(), 1000)
    assert.deepEqual([done, begun], [1, []])
  })

  it('waits for a task that is due in a year', () => {
    const year = 365 * 24 * 3_600_000
    let done = 0
    systemClock.after(year, () => done++)

    let waited = 0
    while (done === 0) {
      const ms = pass()
      assert.ok(ms <= 2 ** 31 - 1, 'Node can wait for that')
      waited += ms
    }

    assert.deepEqual([waited, done, begun], [year, 1, []])
  })
})

describe('a timer of the machine’s clock', () => {
  const soon = () => new Promise(resolve => setTimeout(resolve, 20))

  it('runs', async () => {
    let done = 0
    systemClock.after(1, () => done++)
    await soon()

    assert.equal(done, 1)
  })

  it('does not run when it was cancelled', async () => {
    let done = 0
    systemClock.after(1, () => done++).cancel()
    systemClock.after(40 * 24 * 3_600_000, () => done++).cancel()
    await soon()

    assert.equal(done, 0)
  })

  it('that is for next month does not run now', async () => {
    let done = 0
    const timer = systemClock.after(30 * 24 * 3_600_000, () => done++)
    await soon()
    timer.cancel()

    assert.equal(done, 0)
  })
})
