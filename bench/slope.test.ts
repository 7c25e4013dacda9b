import assert from 'node:assert/strict'
import { slope } from './slope.js'

describe('bench slope', () => {
  const cases: readonly (readonly [name: string, points: readonly (readonly [number, number])[], steepness: number])[] =
    [
      [
        'is that of a line',
        [
          [0, 5],
          [10, 25],
          [20, 45],
        ],
        2,
      ],
      [
        'is nothing where nothing grows',
        [
          [0, 7],
          [10, 7],
          [20, 7],
        ],
        0,
      ],
      [
        'is not moved by what goes up and down again',
        [
          [0, 0],
          [1, 9],
          [2, 0],
        ],
        0,
      ],
      [
        'is what fits best',
        [
          [0, 0],
          [1, 1],
          [2, 1],
        ],
        0.5,
      ],
    ]
  for (const [name, points, steepness] of cases) it(name, () => assert.equal(slope(points), steepness))

  it('is no number for a single place', () => assert.ok(Number.isNaN(slope([[1, 2]]))))
})
