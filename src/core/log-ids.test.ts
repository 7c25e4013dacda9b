import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { systemClock } from './clock.js'
import { idsFrom, isId, LogIds, timeOf } from './log-ids.js'

describe('log ids', () => {
  let now = 0
  const clock = { ...systemClock, now: () => now }
  const make = (after?: string) => new LogIds({ clock, random: randomBytes, after })

  beforeEach(() => {
    now = Date.UTC(2026, 0, 29)
  })

  it('have one length and grow with time', () => {
    const ids = make()
    const made = [0, 1, 1, 1000, 86_400_000, 100 * 365 * 86_400_000].map(ms => {
      now += ms
      return ids.next()
    })

    assert.deepEqual([...made].sort(), made)
    assert.deepEqual([...new Set(made.map(id => id.length))], [26])
    for (const id of made) assert.match(id, /^[0-9a-v]+$/)
  })

  it('grow within a millisecond, and when there are too many for one', () => {
    const ids = make()
    const made = Array.from({ length: 100_000 }, () => ids.next())
    now += 1
    made.push(ids.next())

    assert.deepEqual([...made].sort(), made)
    assert.equal(new Set(made).size, made.length)
  })

  it('grow when the clock goes back', () => {
    const ids = make()
    const before = ids.next()
    now -= 3_600_000

    assert.ok(ids.next() > before)
  })

  it('go on after those of an earlier run, whatever the clock says', () => {
    const before = make()
    const last = Array.from({ length: 10 }, () => before.next()).at(-1) ?? ''
    now -= 3_600_000

    assert.ok(make(last).next() > last)
  })

  it('differ between processes', () => {
    const [one, other] = [make(), make()]
    const made = Array.from({ length: 10_000 }, () => [one.next(), other.next()]).flat()

    assert.equal(new Set(made).size, made.length)
  })

  it('say when they were made, and are found by that', () => {
    const now = 1_763_985_600_123
    const ids = new LogIds({ clock: { ...systemClock, now: () => now }, random: randomBytes })
    const id = ids.next()

    assert.equal(timeOf(id), now)
    assert.ok(idsFrom(now) < id && idsFrom(now - 0.5) < id && idsFrom(now + 0.5) > id && idsFrom(now + 1) > id)
    for (const ever of [-8.64e15, -1, 0]) assert.ok(idsFrom(ever) < id)
    for (const never of [2 ** 50, 8.64e15, Infinity]) assert.ok(idsFrom(never) > id)
  })

  it('are told apart from what cannot be one', () => {
    const id = new LogIds({ clock: systemClock, random: randomBytes }).next()

    assert.equal(isId(id), true)
    for (const text of ['', 'x', id.slice(1), `${id}0`, `${id}\n`, id.replace(/.$/, 'w'), id.toUpperCase()])
      assert.equal(isId(text), false, text)
  })
})
