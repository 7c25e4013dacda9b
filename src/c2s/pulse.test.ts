import assert from 'node:assert/strict'
import { readFields } from '../core/config.js'
import { limits } from './limits.js'
import { Pulse } from './pulse.js'

describe('pulse', () => {
  const pulse = () => new Pulse({ ...readFields(limits, {}, 'limits'), idle: 60, answerTime: 30 }, 1000)

  it('asks once after a silence, and gives up when there is no answer', () => {
    const romeo = pulse()

    const found = [1059, 1060, 1061, 1089, 1090].map(now => romeo.check(now))

    assert.deepEqual(found, [undefined, 'ask', undefined, undefined, 'give up'])
  })

  it('asks more rarely while nothing is expected of the client, and at once when that has changed', () => {
    const phone = new Pulse({ ...readFields(limits, {}, 'limits'), idle: 60, inactiveIdle: 300, answerTime: 30 }, 1000)

    assert.deepEqual(
      [1060, 1299, 1300, 1330].map(now => phone.check(now, true)),
      [undefined, undefined, 'ask', 'give up'],
    )
    phone.heard(1400)
    assert.deepEqual([phone.check(1600, true), phone.check(1600)], [undefined, 'ask'])
  })

  it('begins anew with whatever is heard', () => {
    const romeo = pulse()
    assert.equal(romeo.check(1060), 'ask')

    romeo.heard(1080)

    assert.deepEqual(
      [1139, 1140, 1170].map(now => romeo.check(now)),
      [undefined, 'ask', 'give up'],
    )
  })
})
