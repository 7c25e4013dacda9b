import assert from 'node:assert/strict'
import { Ledger } from './ledger.js'

describe('bench ledger', () => {
  const cases = [
    { name: 'finds nothing in a perfect flow', arrived: [0, 1, 2, 3], lost: 0, doubled: 0, reordered: 0 },
    { name: 'misses one in the middle', arrived: [0, 2, 3], lost: 1, doubled: 0, reordered: 0 },
    { name: 'misses the last ones', arrived: [0, 1], lost: 2, doubled: 0, reordered: 0 },
    { name: 'sees a double', arrived: [0, 1, 1, 2, 3], lost: 0, doubled: 1, reordered: 0 },
    { name: 'sees a late one', arrived: [0, 2, 1, 3], lost: 0, doubled: 0, reordered: 1 },
    { name: 'sees a late one twice', arrived: [1, 0, 0, 2, 3], lost: 0, doubled: 1, reordered: 1 },
  ]
  for (const { name, arrived, ...expected } of cases) {
    it(name, () => {
      const ledger = new Ledger()

      for (const sequence of arrived) ledger.take(sequence)

      const { doubled, reordered } = ledger
      assert.deepEqual({ lost: ledger.lost(4), doubled, reordered }, expected)
    })
  }
})
