import assert from 'node:assert/strict'
import { Recent } from './recent.js'

describe('recent', () => {
  it('forgets what nobody asked for in a long time, and keeps what is asked for', () => {
    const recent = new Recent<number>(10)
    recent.set('romeo', 1)
    recent.set('rosaline', 2)
    for (let n = 0; n < 100; n++) {
      recent.set(`passer-by ${n}`, n)
      assert.equal(recent.get('romeo'), 1)
    }

    assert.equal(recent.get('rosaline'), undefined)
  })

  it('holds as many as it may at most', () => {
    const recent = new Recent<number>(10)
    const names = Array.from({ length: 1000 }, (_, n) => `passer-by ${n}`)
    for (const [n, name] of names.entries()) recent.set(name, n)

    const held = names.filter(name => recent.get(name) !== undefined)
    assert.ok(held.length <= 10, `${held.length}`)
    assert.equal(held.at(-1), names.at(-1))
  })

  it('has the latest value of each, and none of what was taken out', () => {
    const recent = new Recent<number>(4)
    for (const n of [1, 2, 3]) {
      recent.set('romeo', n)
      recent.set('juliet', n)
    }
    recent.delete('juliet')

    assert.equal(recent.get('romeo'), 3)
    assert.equal(recent.get('juliet'), undefined)
    recent.clear()
    assert.equal(recent.get('romeo'), undefined)
  })
})
