import assert from 'node:assert/strict'
import { Totals } from './archive-counts.js'

describe('totals of archives', () => {
  const place = { owner: 'romeo@montague.example', store: 'archive/messages' }

  it('are counted once, and go on from there', async () => {
    const totals = new Totals()
    totals.add(place, 7) // of a number that is not known
    assert.equal(totals.get(place), undefined)
    assert.equal(await totals.count(place, async () => 3), 3)
    totals.add(place, 2)
    totals.add(place, -1)
    totals.add({ ...place, store: 'other/messages' }, 1)

    assert.equal(totals.get(place), 4)
    totals.clear()
    assert.equal(totals.get(place), undefined)
  })

  it('are not kept when something came while they were counted, or what was remembered is in doubt', async () => {
    const totals = new Totals()
    for (const doubt of [() => totals.add(place, 1), () => totals.clear()]) {
      const counted = await totals.count(place, async () => {
        doubt()
        return 3
      })

      assert.equal(counted, 3)
      assert.equal(totals.get(place), undefined)
    }
    await assert.rejects(totals.count(place, () => Promise.reject(new Error('the database is away'))))
    assert.equal(await totals.count(place, async () => 5), 5)
    assert.equal(totals.get(place), 5)
  })

  it('are kept of the count that began last', async () => {
    const totals = new Totals()
    let finish: (entries: number) => void = () => {}
    const first = totals.count(place, () => new Promise(resolve => (finish = resolve)))
    await totals.count(place, async () => 4)
    finish(3)

    assert.equal(await first, 3)
    assert.equal(totals.get(place), 4)
  })
})
