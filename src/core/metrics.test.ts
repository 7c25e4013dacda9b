import assert from 'node:assert/strict'
import { readings } from '../../test/readings.js'
import { counter, gauge, Histogram, Metrics, Tally } from './metrics.js'

describe('metrics', () => {
  it('are read when somebody asks, and not before', async () => {
    let letters = 1
    let asked = 0
    const metrics = new Metrics()
    metrics.add(
      counter({ name: 'letters', doc: 'Letters of Romeo.' }, () => {
        asked++
        return letters
      }),
    )
    letters = 3
    assert.equal(asked, 0)

    const families = await metrics.read(assert.fail)

    assert.deepEqual(families, [
      { name: 'letters', doc: 'Letters of Romeo.', type: 'counter', samples: [{ value: 3 }] },
    ])
  })

  it('may take their time, and stay in their order', async () => {
    const metrics = new Metrics()
    metrics.add(
      gauge({ name: 'slow', doc: '' }, () => new Promise(resolve => setImmediate(() => resolve(1)))),
      gauge({ name: 'quick', doc: '' }, () => 2),
    )

    const families = await metrics.read(assert.fail)

    assert.deepEqual(
      families.map(({ name }) => name),
      ['slow', 'quick'],
    )
  })

  it('are told without the one that fails, now or later', async () => {
    const metrics = new Metrics()
    const faults: unknown[] = []
    metrics.add(
      gauge({ name: 'broken', doc: '' }, () => {
        throw new Error('banished')
      }),
      gauge({ name: 'away', doc: '' }, () => Promise.reject(new Error('in Mantua'))),
      gauge({ name: 'well', doc: '' }, () => 1),
    )

    const families = await metrics.read((fault, name) => faults.push([name, String(fault)]))

    assert.deepEqual(
      families.map(({ name }) => name),
      ['well'],
    )
    assert.deepEqual(faults, [
      ['broken', 'Error: banished'],
      ['away', 'Error: in Mantua'],
    ])
  })

  it('have one owner for each name', () => {
    const metrics = new Metrics()
    metrics.add(gauge({ name: 'houses', doc: '' }, () => 2))

    assert.throws(() => metrics.add(gauge({ name: 'houses', doc: '' }, () => 2)), /two parts tell houses/)
  })
})

describe('a tally', () => {
  it('has its words from the beginning, and takes others', () => {
    const tally = new Tally<string>(['kiss', 'sigh'])

    tally.counts.kiss = (tally.counts.kiss ?? 0) + 1
    tally.add('sigh')
    tally.add('oath')
    tally.add('oath')

    assert.deepEqual(tally.samples('act', { by: 'romeo' }), [
      { value: 1, labels: { by: 'romeo', act: 'kiss' } },
      { value: 1, labels: { by: 'romeo', act: 'sigh' } },
      { value: 2, labels: { by: 'romeo', act: 'oath' } },
    ])
  })
})

describe('a histogram', () => {
  it('counts what is up to each bound, the bound itself included', async () => {
    const waits = new Histogram([0.5, 1, 10])
    for (const wait of [0, 0.5, 0.7, 1, 3, 60]) waits.observe(wait)

    assert.deepEqual(await readings(waits.metric({ name: 'waits', doc: '' })), {
      'waits_bucket{le="0.5"}': 2,
      'waits_bucket{le="1.0"}': 4,
      'waits_bucket{le="10.0"}': 5,
      'waits_bucket{le="+Inf"}': 6,
      waits_count: 6,
      waits_sum: 65.2,
    })
  })
})
