import assert from 'node:assert/strict'
import { FakeClock } from '../../test/kit.js'
import { readFields } from '../core/config.js'
import { Allowance } from './allowance.js'
import { limits } from './limits.js'

describe('allowance', () => {
  const setUp = (changes = {}) => {
    const clock = new FakeClock()
    let woken = 0
    const rates = { stanzaRate: 10, stanzaBurst: 20, byteRate: 1000, byteBurst: 5000, ...changes }
    const world = { limits: { ...readFields(limits, {}, 'limits'), ...rates }, clock }
    const allowance = new Allowance(world, () => woken++)
    /** How many stanzas it lets be read. */
    const takes = (bytes = 0) => {
      for (let count = 0; ; count++) {
        if (!allowance.isLeft || count === 1000) return count
        allowance.tookBytes(bytes)
        allowance.tookStanza()
      }
    }
    return { clock, allowance, takes, woken: () => woken }
  }

  it('is a burst at once, and then so many a second', async () => {
    const { clock, takes } = setUp()

    assert.equal(takes(), 20)
    assert.equal(takes(), 0)
    await clock.pass(1000)
    assert.equal(takes(), 10)
    await clock.pass(3_600_000)
    assert.equal(takes(), 20)
  })

  it('is one of bytes, too: after a large piece it takes longer', async () => {
    const { clock, takes, woken } = setUp()

    assert.equal(takes(9000), 1)
    await clock.pass(4000)
    assert.deepEqual([takes(), woken()], [0, 0])
    await clock.pass(1)
    assert.equal(woken(), 1)
    assert.ok(takes() > 0)
  })

  it('wakes once for each time that it was used up', async () => {
    const { clock, allowance, takes, woken } = setUp()
    takes()
    for (let i = 0; i < 5; i++) assert.equal(allowance.isLeft, false)
    assert.equal(allowance.isWaiting, true)

    await clock.pass(60_000)

    assert.deepEqual([woken(), allowance.isWaiting], [1, false])
  })

  it('wakes nobody when it is stopped', async () => {
    const { clock, allowance, takes, woken } = setUp()
    takes()

    allowance.stop()
    await clock.pass(60_000)

    assert.deepEqual([woken(), allowance.isWaiting], [0, false])
  })

  it('has no end where it is switched off', () => {
    assert.equal(setUp({ stanzaRate: 0, byteRate: 0 }).takes(1_000_000), 1000)
  })
})
