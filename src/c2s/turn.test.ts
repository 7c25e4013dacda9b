import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { Turn } from './turn.js'

describe('turn', () => {
  it('lets all write at its end, in the order in which they asked', async () => {
    const turn = new Turn()
    const written: string[] = []

    for (const name of ['romeo', 'juliet', 'nurse']) turn.add(pen(() => written.push(name)))
    assert.deepEqual(written, [])
    await settled()

    assert.deepEqual(written, ['romeo', 'juliet', 'nurse'])
  })

  it('is followed by another for those who ask while it ends', async () => {
    const turn = new Turn()
    const written: string[] = []
    const juliet = pen(() => written.push('juliet'))

    turn.add(
      pen(() => {
        written.push('romeo')
        turn.add(juliet)
      }),
    )
    await settled()

    assert.deepEqual(written, ['romeo', 'juliet'])
  })

  it('is not spoilt by one that fails', async () => {
    const turn = new Turn()
    const written: unknown[] = []
    const broken = {
      flush: () => assert.fail('a broken pen'),
      fail: (fault: unknown) => written.push(`${fault}`),
    }

    for (const one of [broken, pen(() => written.push('juliet'))]) turn.add(one)
    await settled()

    assert.match(`${written[0]}`, /a broken pen/)
    assert.equal(written[1], 'juliet')
  })
})

const pen = (flush: () => unknown) => ({ flush, fail: assert.fail })
