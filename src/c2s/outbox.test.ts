import assert from 'node:assert/strict'
import { parseElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { Outbox, type Parcel, readCount } from './outbox.js'

const LAST = 2 ** 32 - 1

describe('outbox', () => {
  it('knows how many were sent and how big they are', () => {
    const outbox = filled(3)

    assert.deepEqual([outbox.count, outbox.sent, outbox.size], [3, 3, 30])
  })

  it('keeps in order what is not acknowledged', () => {
    const outbox = filled(3)

    assert.ok(acknowledge(outbox, 1))

    assert.deepEqual([outbox.count, outbox.sent, outbox.size], [2, 3, 20])
    assert.deepEqual(idsOf(outbox.empty()), ['1', '2'])
    assert.deepEqual([outbox.count, outbox.size], [0, 0])
  })

  it('tells who answers for a stanza that its client has it, once', () => {
    const settled: string[] = []
    const outbox = filled(3, { settled: id => settled.push(id) })

    for (const h of [2, 2, 3]) assert.ok(acknowledge(outbox, h))

    assert.deepEqual(settled, ['0', '1', '2'])
  })

  for (const h of [4, 5, LAST])
    it(`does not believe that ${h} of 3 have arrived`, () => {
      const outbox = filled(3)

      assert.equal(acknowledge(outbox, h), false)

      assert.equal(outbox.count, 3)
    })

  it('does not believe that fewer have arrived than before', () => {
    const outbox = filled(3)
    acknowledge(outbox, 2)

    assert.equal(acknowledge(outbox, 1), false)

    assert.equal(outbox.count, 1)
  })

  it('counts on from zero behind the last number', () => {
    const outbox = filled(3, { after: LAST - 1 })
    assert.equal(outbox.sent, 1)

    assert.ok(acknowledge(outbox, LAST))
    assert.ok(acknowledge(outbox, 0))
    assert.deepEqual(idsOf(outbox.parcels), ['2'])
    assert.equal(acknowledge(outbox, 2), false)
    assert.ok(acknowledge(outbox, 1))

    assert.equal(outbox.count, 0)
  })

  it('takes an acknowledgement across the last number', () => {
    const outbox = filled(3, { after: LAST })

    assert.ok(acknowledge(outbox, 1))

    assert.deepEqual(idsOf(outbox.parcels), ['2'])
  })
})

describe('a count', () => {
  for (const [written, count] of [
    ['0', 0],
    ['12', 12],
    ['007', 7],
    ['4294967295', LAST],
    ['4294967296', undefined],
    ['99999999999', undefined],
    ['-1', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    [' 1', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    it(`is ${count ?? 'not'} ${written ?? 'what is left out'}`, () => assert.equal(readCount(written), count))
})

// nobody looks at the session
const acknowledge = (outbox: Outbox, h: number): boolean => outbox.acknowledge(h, undefined as never)

const idsOf = (parcels: readonly Parcel[]): string[] => parcels.map(({ stanza }) => stanza.id)

function filled(count: number, { after = 0, settled = (_: string): unknown => undefined } = {}): Outbox {
  const outbox = new Outbox(after)
  const [from, to] = [parseJid('juliet@verona.example/tomb'), parseJid('romeo@verona.example/balcony')]
  for (let i = 0; i < count; i++) {
    const stanza = makeStanza({ from, to, el: parseElement(`<message xmlns='jabber:client' id='${i}'/>`) })
    outbox.add({ stanza, size: 10, custody: { settled: () => settled(`${i}`), lost: () => assert.fail() } })
  }
  return outbox
}
