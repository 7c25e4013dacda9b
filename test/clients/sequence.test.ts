import assert from 'node:assert/strict'
import { faults, inWords, seededRandom, verdict } from './sequence.js'

describe('what the socket suites look for', () => {
  it('sees what is lost, doubled and out of order in a count', () => {
    assert.deepEqual(faults([0, 1, 2, 3], 4), { lost: [], doubled: [], reordered: [] })
    assert.deepEqual(faults([0, 1, 3], 4), { lost: [2], doubled: [], reordered: [] })
    assert.deepEqual(faults([0, 1, 1, 2, 3], 4), { lost: [], doubled: [1], reordered: [] })
    assert.deepEqual(faults([0, 2, 1, 3, 0], 4), { lost: [], doubled: [0], reordered: [1] })
  })

  it('says it in few words', () => {
    assert.equal(inWords(faults([0, 1], 2)), '0 lost, 0 doubled, 0 reordered')
    assert.equal(inWords(faults([1, 0, 0, 2], 10)), '7 lost (3, 4, 5, 6, 7 and 2 more), 1 doubled (0), 1 reordered (0)')
  })

  it('accepts a killed server that kept what it acknowledged', () => {
    const round = { sent: 5, acknowledged: 2 }
    assert.equal(verdict({ ...round, found: [0, 1, 2, 3, 4] }), undefined) // kept no more
    assert.equal(verdict({ ...round, found: [0, 1, 2, 2, 3, 4] }), undefined) // kept one more, which came again
    assert.equal(verdict({ ...round, found: [0, 1, 2, 3, 4, 2, 3, 4] }), undefined) // kept all
    assert.equal(verdict({ sent: 5, acknowledged: 5, found: [0, 1, 2, 3, 4] }), undefined)
    assert.equal(verdict({ sent: 3, acknowledged: 0, found: [0, 1, 2, 0, 1, 2] }), undefined)
  })

  it('catches one that lost, doubled or reordered what it acknowledged', () => {
    const round = { sent: 5, acknowledged: 3 }
    assert.match(verdict({ ...round, found: [0, 1, 3, 4] }) ?? '', /^lost 2 /)
    assert.match(verdict({ ...round, found: [3, 4] }) ?? '', /^lost 0, 1, 2 /)
    assert.match(verdict({ ...round, found: [0, 1, 1, 2, 3, 4] }) ?? '', /^out of order at 2/)
    assert.match(verdict({ ...round, found: [0, 2, 1, 3, 4] }) ?? '', /^out of order at 1/)
    assert.match(verdict({ ...round, found: [0, 1, 2, 3, 4, 2, 3, 4] }) ?? '', /^after the 5 kept/)
    assert.match(verdict({ ...round, found: [0, 1, 2, 4, 3] }) ?? '', /^after the 3 kept/)
    assert.match(verdict({ ...round, found: [0, 1, 2, 3, 4, 4] }) ?? '', /^after the 5 kept/)
  })

  it('draws the same numbers for the same seed, from the whole range', () => {
    const draw = (seed: number) => Array.from({ length: 100 }, () => seededRandom(seed)(1, 6))
    assert.deepEqual(draw(7), draw(7))
    const random = seededRandom(7)
    const seen = new Set(Array.from({ length: 200 }, () => random(1, 6)))
    assert.deepEqual([...seen].sort(), [1, 2, 3, 4, 5, 6])
  })
})
