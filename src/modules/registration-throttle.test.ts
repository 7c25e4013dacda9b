import assert from 'node:assert/strict'
import { networkOf, Throttle } from './registration-throttle.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const limits = { tries: 3, wait: 10 * MINUTE, maxWait: DAY, maxAddresses: 1000 }

/** How many minutes are missing for each try, at these minutes. */
const waits = (throttle: Throttle, address: string, ...minutes: number[]): number[] =>
  minutes.map(minute => throttle.try(address, minute * MINUTE) / MINUTE)

describe('the throttle of registration', () => {
  it('lets somebody try a few times, and then makes him wait', () => {
    assert.deepEqual(waits(new Throttle(limits), '192.0.2.1', 0, 0, 0, 0, 4, 9), [0, 0, 0, 10, 6, 1])
  })

  it('makes him wait twice as long each time, and never longer than a day', () => {
    const throttle = new Throttle({ ...limits, tries: 1 })
    let now = 0
    const pauses: number[] = []
    for (let n = 0; n < 10; n++) {
      assert.equal(throttle.try('192.0.2.1', now), 0)
      const pause = throttle.try('192.0.2.1', now)
      pauses.push(pause / MINUTE)
      now += pause
    }
    assert.deepEqual(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 10])
  })

  it('does not count a try that came too early', () => {
    const throttle = new Throttle(limits)
    assert.deepEqual(waits(throttle, '192.0.2.1', 0, 0, 0, 1, 2, 3, 10, 10), [0, 0, 0, 9, 8, 7, 0, 20])
  })

  it('forgets what was a day ago', () => {
    assert.deepEqual(waits(new Throttle(limits), '192.0.2.1', 0, 0, 0, 24 * 60, 24 * 60, 24 * 60), [0, 0, 0, 0, 0, 0])
  })

  it('counts each for himself, but the machine itself not at all', () => {
    const throttle = new Throttle({ ...limits, tries: 1 })
    assert.deepEqual(waits(throttle, '192.0.2.1', 0, 0), [0, 10])
    assert.deepEqual(waits(throttle, '192.0.2.2', 0), [0])
    for (const local of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', ''])
      assert.deepEqual(waits(throttle, local, 0, 0, 0, 0), [0, 0, 0, 0])
  })

  it('remembers a number of addresses, those that have tried last', () => {
    const throttle = new Throttle({ ...limits, tries: 1, maxAddresses: 3 })
    for (const n of [1, 2, 3]) throttle.try(`192.0.2.${n}`, 0)
    throttle.try('192.0.2.4', 0)
    assert.deepEqual(waits(throttle, '192.0.2.2', 0), [10])
    assert.deepEqual(waits(throttle, '192.0.2.1', 0), [0])
  })

  it('takes for one who is one: an address of IPv4 however it is written, half of one of IPv6', () => {
    assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
    const half = '2001:db8:0:1'
    for (const address of [
      '2001:db8:0:1::',
      '2001:db8::1:0:0:0:7',
      '2001:0DB8:0:0001:a:b:c:d',
      '2001:db8:0:1:2::3%eth0',
    ])
      assert.equal(networkOf(address), half, address)
    assert.equal(networkOf('2001:db8::'), '2001:db8:0:0')
    assert.equal(networkOf('::2'), '0:0:0:0')
    assert.notEqual(networkOf('2001:db8:0:2::1'), half)
  })
})
