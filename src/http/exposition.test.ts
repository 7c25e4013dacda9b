import assert from 'node:assert/strict'
import type { Family } from '../core/metrics.js'
import { formatFor } from './exposition.js'

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

const families: readonly Family[] = [
  {
    name: 'letters',
    type: 'counter',
    doc: 'Letters by house.',
    samples: [
      { value: 2, labels: { house: 'Montague' } },
      { value: 0, labels: { house: 'Capulet', state: 'lost' } },
    ],
  },
  { name: 'poison_bytes', type: 'gauge', unit: 'bytes', doc: 'What is left.', samples: [{ value: 1e21 }] },
  {
    name: 'wait_seconds',
    type: 'histogram',
    unit: 'seconds',
    doc: 'How long Juliet waits.',
    samples: [
      { part: 'bucket', labels: { le: '+Inf' }, value: 1 },
      { part: 'count', value: 1 },
      { part: 'sum', value: 0.25 },
    ],
  },
]

describe('the exposition of metrics', () => {
  it('is OpenMetrics for who asks for it', () => {
    const format = formatFor(OPEN_METRICS)

    assert.equal(format.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    assert.equal(
      format.write(families),
      `# TYPE letters counter
# HELP letters Letters by house.
letters_total{house="Montague"} 2
letters_total{house="Capulet",state="lost"} 0
# TYPE poison_bytes gauge
# UNIT poison_bytes bytes
# HELP poison_bytes What is left.
poison_bytes 1e+21
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
# HELP wait_seconds How long Juliet waits.
wait_seconds_bucket{le="+Inf"} 1
wait_seconds_count 1
wait_seconds_sum 0.25
# EOF
`,
    )
  })

  for (const accept of [undefined, '*/*', 'text/html,application/xhtml+xml'])
    it(`is the older text format for who takes ${accept}`, () => {
      const format = formatFor(accept)

      assert.equal(format.contentType, 'text/plain; version=0.0.4; charset=utf-8')
      assert.equal(
        format.write(families),
        `# TYPE letters_total counter
# HELP letters_total Letters by house.
letters_total{house="Montague"} 2
letters_total{house="Capulet",state="lost"} 0
# TYPE poison_bytes gauge
# HELP poison_bytes What is left.
poison_bytes 1e+21
# TYPE wait_seconds histogram
# HELP wait_seconds How long Juliet waits.
wait_seconds_bucket{le="+Inf"} 1
wait_seconds_count 1
wait_seconds_sum 0.25
`,
      )
    })

  it('lets no text end early', () => {
    const labels = { line: 'O "Romeo"\\\nwherefore' }
    const odd: Family = { name: 'odd', type: 'gauge', doc: 'Says "O"\\\nand more.', samples: [{ value: 1, labels }] }

    const [open, older] = [formatFor(OPEN_METRICS).write([odd]), formatFor(undefined).write([odd])]

    const sample = String.raw`odd{line="O \"Romeo\"\\\nwherefore"} 1`
    assert.deepEqual(open.split('\n').slice(1), [String.raw`# HELP odd Says \"O\"\\\nand more.`, sample, '# EOF', ''])
    assert.deepEqual(older.split('\n').slice(1), [String.raw`# HELP odd Says "O"\\\nand more.`, sample, ''])
  })

  it('writes what is no number as the formats do', () => {
    const values = [Number.NaN, Infinity, -Infinity, -0.5]
    const family: Family = { name: 'odd', type: 'gauge', doc: '', samples: values.map(value => ({ value })) }

    const lines = formatFor(undefined).write([family]).split('\n')

    assert.deepEqual(lines.slice(2, -1), ['odd NaN', 'odd +Inf', 'odd -Inf', 'odd -0.5'])
  })
})
