import assert from 'node:assert/strict'
import { FakeClock } from '../../test/kit.js'
import { readFields } from '../core/config.js'
import { limits } from './limits.js'
import { Patience } from './patience.js'

const MB = 1024 * 1024

describe('patience', () => {
  const setUp = (changes = {}) => {
    const clock = new FakeClock()
    return { clock, patience: new Patience({ limits: { ...readFields(limits, {}, 'limits'), ...changes }, clock }) }
  }

  it('tells too much from by far too much', () => {
    const { patience } = setUp()

    const judged = [
      { count: 1000, bytes: MB },
      { count: 1001, bytes: 0 },
      { count: 0, bytes: MB + 1 },
      { count: 10_000, bytes: 8 * MB },
      { count: 10_001, bytes: 0 },
      { count: 0, bytes: 8 * MB + 1 },
    ].map(burden => [patience.isOver(burden), patience.isFarOver(burden)])

    assert.deepEqual(judged, [
      [false, false],
      [true, false],
      [true, false],
      [true, false],
      [true, true],
      [true, true],
    ])
  })

  it('never cuts a client off below its limit, however much that is', () => {
    const { patience } = setUp({ queueBytes: 100 * MB })

    assert.equal(patience.isFarOver({ count: 0, bytes: 100 * MB }), false)
    assert.equal(patience.isFarOver({ count: 0, bytes: 100 * MB + 1 }), true)
  })

  it('is gone half a minute after its time began, which does not begin again meanwhile', async () => {
    const { patience, clock } = setUp()
    assert.deepEqual([patience.isRunning, patience.isGone], [false, false])

    patience.begin()
    await clock.pass(29_999)
    patience.begin()
    assert.deepEqual([patience.isRunning, patience.isGone], [true, false])
    await clock.pass(1)
    assert.equal(patience.isGone, true)

    patience.end()
    assert.deepEqual([patience.isRunning, patience.isGone], [false, false])
  })
})
