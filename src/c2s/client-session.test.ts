import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { bindRequest, bodyOf, chat, conditionOf, delayOf, isElement, type Wire } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { type Element, parseElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { STREAM_MANAGEMENT } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'

const ROMEO = 'romeo@verona.example/balcony'

describe('a session', () => {
  describe('keeps what the client has not acknowledged', () => {
    it('for its return, and then gives it to those who were never there, in order and with the time', async () => {
      const { verona, romeo, juliet } = await together()
      juliet.send(...['one', 'two', 'three'].map(words => chat('romeo', words)))
      await romeo.hearsSeveral(3)
      romeo.acknowledges(1)
      await romeo.pings()
      await romeo.cuts()
      await verona.clock.pass(60_000)
      juliet.send(chat('romeo', 'four'))
      await juliet.pings()
      assert.deepEqual(verona.offline, [])

      await verona.clock.pass(3_540_000)

      assert.deepEqual(verona.heardOffline(), ['two', 'three', 'four'])
      assert.deepEqual(verona.offline.map(delayOf), [
        '1595-07-01T00:00:00.000Z',
        '1595-07-01T00:00:00.000Z',
        '1595-07-01T00:01:00.000Z',
      ])
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('and gives it to another resource that has come meanwhile', async () => {
      const { verona, romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      await romeo.hearsSeveral(2)
      await romeo.cuts()
      const street = await verona.comesOnline('romeo/street')

      await verona.clock.pass(3_600_000)

      const messages = (await everything(street)).filter(({ name }) => name === 'message')
      assert.deepEqual(messages.map(bodyOf), ['one', 'two'])
      assert.deepEqual([...new Set(messages.map(delayOf))], ['1595-07-01T00:00:00.000Z'])
      assert.deepEqual(verona.offline, [])
    })

    it('but not to one that has it already', async () => {
      const { verona, romeo, juliet } = await together()
      const street = await verona.comesOnline('romeo/street')
      juliet.send(chat('romeo', 'one'))
      await romeo.hears()
      await romeo.cuts()

      await verona.clock.pass(3_600_000)

      const messages = (await everything(street)).filter(({ name }) => name === 'message')
      assert.deepEqual(messages.map(bodyOf), ['one'])
      assert.deepEqual(verona.offline, [])
    })

    it('before anything new can come to others', async () => {
      const { verona, romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'))
      await romeo.hears()
      romeo.send('</stream:stream>')
      juliet.send(chat('romeo', 'two'))
      await juliet.pings()

      assert.deepEqual(verona.heardOffline(), ['one', 'two'])
    })

    it('no longer than the client wants', async () => {
      const { verona, romeo } = await together({}, `resume='true' max='60'`)
      await romeo.cuts()

      await verona.clock.pass(59_999)
      assert.deepEqual(verona.closed, [])
      await verona.clock.pass(1)
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('not at all when it does not want to come back', async () => {
      const { verona, romeo, juliet } = await together({}, '')
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      await romeo.hearsSeveral(2)
      romeo.acknowledges(1)
      await romeo.pings()

      await romeo.cuts()

      assert.deepEqual(verona.heardOffline(), ['two'])
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('and tells who asked it something', async () => {
      const { verona, romeo, juliet } = await together({}, '')
      juliet.send(`<iq type='get' id='q' to='${ROMEO}'><art-thou xmlns='urn:example'/></iq>`)
      await romeo.takes('iq')

      await romeo.cuts()

      const answer = await juliet.takes('iq')
      assert.equal(conditionOf(answer.getChild('error') ?? answer), 'service-unavailable')
      assert.equal(verona.closed.length, 1)
    })

    it('also from before it was enabled, if that was not even written', async () => {
      const verona = await StreamKit.start({ limits: { idle: Number.MAX_SAFE_INTEGER } })
      const juliet = await verona.binds('juliet/tomb')
      const romeo = await verona.comesOnline('romeo/balcony')
      romeo.stopsReading()
      for (let i = 0; i < 40; i++) {
        juliet.send(chat('romeo', `${i}${' '.repeat(1000)}`))
        await juliet.pings()
      }
      romeo.send(`<enable xmlns='${STREAM_MANAGEMENT}' resume='true'/>`)
      await settled()
      await romeo.cuts()
      await verona.clock.pass(3_600_000)

      const kept = verona.heardOffline().map(Number)
      assert.equal(kept.at(-1), 39)
      assert.ok(kept.length > 20, `${kept}`)
      assert.deepEqual(
        kept,
        kept.toSorted((a, b) => a - b),
      )
    })
  })

  describe('has limits', () => {
    it('for stanzas that nobody acknowledges for half a minute', async () => {
      const { verona, romeo, juliet } = await together({ limits: { queue: 10 } })

      juliet.send(...numbers(12).map(words => chat('romeo', words)))
      await romeo.hearsSeveral(12)
      await romeo.takes('r', STREAM_MANAGEMENT)
      await verona.clock.pass(29_999)
      juliet.send(chat('romeo', 12))
      await juliet.pings()
      assert.deepEqual(verona.closed, [])
      await verona.clock.pass(1)
      juliet.send(chat('romeo', 13))
      await juliet.pings()

      assert.deepEqual(verona.heardOffline(), numbers(14))
      await romeo.hearsSeveral(2)
      assert.equal(await romeo.fails(), 'resource-constraint')
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('which a client may pass that acknowledges what it was sent', async () => {
      const { verona, romeo, juliet } = await together({ limits: { queue: 10 } })

      for (const round of [1, 2, 3]) {
        juliet.send(...numbers(80).map(words => chat('romeo', words)))
        await juliet.pings()
        await verona.clock.pass(29_000)
        romeo.acknowledges(80 * round)
        await romeo.pings()
      }

      assert.deepEqual([verona.closed, verona.offline], [[], []])
    })

    for (const [what, limits, most] of [
      ['stanzas', { queue: 10 }, 100],
      ['bytes', { queueBytes: 10_000 }, 80],
      ['bytes beyond 8 MB, whatever is allowed', { queueBytes: 1_000_000 }, 6000],
    ] as const)
      it(`that nobody may pass by far (${what})`, async () => {
        const { verona, juliet } = await together({ limits })
        const said = numbers(most + 100 + most / 4).map(words => `${words}${' '.repeat(1100)}`)

        juliet.send(...said.slice(0, most).map(words => chat('romeo', words)))
        await juliet.pings()
        assert.deepEqual(verona.closed, [])
        juliet.send(...said.slice(most).map(words => chat('romeo', words)))
        await juliet.pings()

        assert.deepEqual(verona.closed, [ROMEO])
        assert.deepEqual(verona.heardOffline(), said)
      })

    it('for stanzas that wait for its return', async () => {
      const { verona, romeo, juliet } = await together({ limits: { queue: 10 } })
      await romeo.cuts()

      juliet.send(...Array.from({ length: 10 }, (_, i) => chat('romeo', i)))
      await juliet.pings()
      assert.deepEqual([verona.offline, verona.closed], [[], []])
      juliet.send(chat('romeo', 10), chat('romeo', 11))
      await juliet.pings()

      assert.deepEqual(
        verona.heardOffline(),
        Array.from({ length: 12 }, (_, i) => `${i}`),
      )
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('that one client does not meet for another', async () => {
      const { verona, romeo, juliet } = await together({ limits: { queue: 10 } })
      const street = await verona.comesOnline('romeo/street')
      await romeo.cuts()

      juliet.send(...Array.from({ length: 30 }, (_, i) => chat('romeo', i)))
      await juliet.pings()

      assert.equal((await everything(street)).filter(({ name }) => name === 'message').length, 30)
      assert.deepEqual(verona.offline, [])
    })
  })

  describe('keeps stanzas back and', () => {
    it('lets through what passes the gate, then the rest', async () => {
      const { verona, romeo, juliet } = await together()
      const gate = session(verona).hold()

      juliet.send(chat('romeo', 'second'), chat('romeo', 'third'))
      await juliet.pings()
      gate.send(greeting('first'))
      gate.open()
      juliet.send(chat('romeo', 'fourth'))

      assert.deepEqual(await romeo.hearsSeveral(4), ['first', 'second', 'third', 'fourth'])
    })

    it('lets nothing through when it is over', async () => {
      const { verona, romeo, juliet } = await together({}, '')
      const gate = session(verona).hold()
      juliet.send(chat('romeo', 'one'))
      await juliet.pings()
      await romeo.cuts()
      const lost: string[] = []

      gate.send(greeting('two'), { settled: () => assert.fail(), lost: ({ jid }) => lost.push(`${jid}`) })
      gate.open()

      assert.deepEqual([verona.heardOffline(), lost], [['one'], [ROMEO]])
    })

    for (const [what, limits] of [
      ['stanzas', { queue: 10 }],
      ['bytes', { queueBytes: 500 }],
    ] as const)
      it(`has a limit of ${what} for them`, async () => {
        const { verona, juliet } = await together({ limits })
        const gate = session(verona).hold()

        juliet.send(...numbers(30).map(words => chat('romeo', words)))
        await juliet.pings()
        assert.deepEqual(verona.closed, [])
        juliet.send(...numbers(72, 30).map(words => chat('romeo', words)))
        await juliet.pings()
        gate.open()

        assert.deepEqual(verona.heardOffline(), numbers(102))
        assert.deepEqual(verona.closed, [ROMEO])
      })

    it('loses nothing of them at its end', async () => {
      const { verona, romeo, juliet } = await together({}, '')
      session(verona).hold()
      juliet.send(chat('romeo', 'one'))
      await juliet.pings()

      await romeo.cuts()

      assert.deepEqual(verona.heardOffline(), ['one'])
    })
  })

  it('ends once, however often its end comes', async () => {
    const { verona, romeo } = await together()
    const again = await verona.logsIn('romeo')

    romeo.send('</stream:stream>')
    await romeo.hangsUp()
    again.send(bindRequest('balcony'))
    await again.takes('iq')
    await romeo.cuts()
    await verona.clock.pass(3_600_000)

    assert.deepEqual(verona.closed, [ROMEO])
  })
})

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `${from + i}`)

/** Of the server. */
const greeting = (words: string) =>
  makeStanza({
    from: parseJid('verona.example'),
    to: parseJid(ROMEO),
    el: parseElement(`<message xmlns='jabber:client'><body>${words}</body></message>`),
  })

function session({ kit }: StreamKit) {
  const found = kit.directory.get(parseJid(ROMEO))
  assert.ok(found)
  return found
}

/** All elements that have come by now. */
async function everything(wire: Wire): Promise<Element[]> {
  await settled()
  return wire.takesAll().filter(isElement)
}
