import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { bodyOf, chat, conditionOf, isElement, Lost, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { STREAM_MANAGEMENT } from '../xmpp/ns.js'

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `${from + i}`)

/** Long enough to fill windows. */
const long = (words: string) => `${words}${' '.repeat(1000)}`

const REQUEST = `<r xmlns='${STREAM_MANAGEMENT}'/>`

describe('pressure', () => {
  describe('from a client that sends faster than the database keeps', () => {
    it('stops at so many stanzas, and goes on when they are kept', async () => {
      const verona = await StreamKit.start({ keepsMessages: true, limits: { inFlight: 10 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')
      const taken = countStanzas(verona)

      verona.storage.hold()
      romeo.send(...numbers(300).map(words => chat('juliet', words)))
      await settled()
      assert.equal(taken(), 10)

      verona.storage.release()
      assert.deepEqual(await juliet.hearsSeveral(300), numbers(300))
    })

    it('reaches the client: what is not read stays with it', async () => {
      const verona = await StreamKit.start({ keepsMessages: true, limits: { inFlight: 10 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      verona.storage.hold()
      for (const words of numbers(300)) romeo.send(chat('juliet', long(words)))
      await settled()
      assert.ok(romeo.unsent > 200_000, `${romeo.unsent} bytes`)

      verona.storage.release()
      assert.deepEqual((await juliet.hearsSeveral(300)).map(Number), numbers(300).map(Number))
      assert.equal(romeo.unsent, 0)
    })

    it('is not taken for its death', async () => {
      const verona = await StreamKit.start({ keepsMessages: true, limits: { inFlight: 1 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      verona.storage.hold()
      romeo.send(chat('juliet', 'Art thou'), chat('juliet', 'not Romeo?'))
      for (let i = 0; i < 60; i++) {
        await verona.clock.pass(10_000)
        juliet.send(' ')
        await settled()
      }
      verona.storage.release()

      assert.deepEqual(await juliet.hearsSeveral(2), ['Art thou', 'not Romeo?'])
      assert.deepEqual(verona.closed, [])
    })
  })

  describe('from a client that sends more than its rate', () => {
    for (const [what, limits] of [
      ['stanzas', { stanzaRate: 10, stanzaBurst: 100 }],
      ['bytes', { byteRate: 1000, byteBurst: 10_000 }],
    ] as const)
      it(`reads later what is beyond (${what}), all of it and in order`, async () => {
        const verona = await StreamKit.start({ limits: { ...limits, idle: 10 ** 9 } })
        const juliet = await verona.comesOnline('juliet/tomb')
        const romeo = await verona.binds('romeo/balcony')
        const taken = countStanzas(verona)

        for (const words of numbers(300)) romeo.send(chat('juliet', words))
        for (let i = 0; i < 20; i++) await settled()
        const first = taken()
        assert.ok(first >= 80 && first <= 200, `${first} at once`)
        await verona.clock.pass(1000)
        const more = taken() - first
        assert.ok(more >= 8 && more <= 30, `${more} in a second`)
        await verona.clock.pass(60_000)

        assert.deepEqual(await juliet.hearsSeveral(300), numbers(300))
        assert.deepEqual([romeo.unread, verona.closed], [[], []])
      })

    it('holds it back: what is not read stays with it', async () => {
      const verona = await StreamKit.start({ limits: { stanzaRate: 1, stanzaBurst: 10, idle: 10 ** 9 } })
      const romeo = await verona.binds('romeo/balcony')

      for (const words of numbers(300)) romeo.send(chat('juliet', long(words)))
      for (let i = 0; i < 20; i++) await settled()

      assert.ok(romeo.unsent > 200_000, `${romeo.unsent} bytes`)
    })

    it('does not take it for dead meanwhile', async () => {
      const verona = await StreamKit.start({ limits: { stanzaRate: 1, stanzaBurst: 10 } })
      const romeo = await verona.binds('romeo/balcony')

      romeo.send(...numbers(300).map(words => chat('juliet', words)))
      await verona.clock.pass(200_000)

      assert.deepEqual(verona.closed, [])
    })

    it('leaves no timer when it goes', async () => {
      const verona = await StreamKit.start({ limits: { stanzaRate: 1, stanzaBurst: 10 } })
      const before = verona.timers
      const romeo = await verona.binds('romeo/balcony')
      romeo.send(...numbers(100).map(words => chat('juliet', words)))
      await settled()
      assert.equal(verona.timers, before + 1)

      await romeo.cuts()

      assert.equal(verona.timers, before)
    })

    it('counts nothing that the server says', async () => {
      const verona = await StreamKit.start({ limits: { stanzaRate: 1, stanzaBurst: 100, idle: 10 ** 9 } })
      const [romeo, juliet] = [await verona.comesOnline('romeo/balcony'), await verona.binds('juliet/tomb')]

      for (let i = 0; i < 90; i++) {
        juliet.send(chat('romeo', i))
        romeo.send(`<iq type='get' id='${i}' to='verona.example'><x xmlns='urn:x'/></iq>`)
      }
      await romeo.finds(event => isElement(event) && event.attrs.id === '89')

      assert.equal(verona.timers, 1)
    })
  })

  describe('on a client that does not read', () => {
    it('waits for it, as long as it is not too much', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      juliet.stopsReading()
      romeo.send(...numbers(500).map(words => chat('juliet', long(words))))
      await romeo.pings()
      juliet.readsOn()

      assert.deepEqual((await juliet.hearsSeveral(500)).map(Number), numbers(500).map(Number))
    })

    it('waits for half a minute when it is too much, and then for ever for who has read on', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 50_000 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      for (const round of [0, 1, 2]) {
        juliet.stopsReading()
        romeo.send(...numbers(200, 200 * round).map(words => chat('juliet', long(words))))
        await romeo.pings()
        await verona.clock.pass(29_000)
        juliet.readsOn()
        assert.deepEqual((await juliet.hearsSeveral(200)).map(Number), numbers(200, 200 * round).map(Number))
        romeo.send(' ')
        juliet.send(' ')
        await settled()
      }

      assert.deepEqual([verona.closed, verona.offline], [[], []])
    })

    it('ends its session after that, and gives all that it does not have to others', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 50_000 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      juliet.stopsReading()
      for (const words of numbers(100)) {
        romeo.send(chat('juliet', long(words)))
        await romeo.pings()
      }
      await verona.clock.pass(30_000)
      assert.deepEqual(verona.closed, [])
      romeo.send(chat('juliet', 100))
      await romeo.pings()

      assert.deepEqual(verona.closed, ['juliet@verona.example/tomb'])
      assert.equal(verona.connections, 1, 'the connection is broken off')
      isComplete(await lastWords(juliet), verona.heardOffline(), 101)
    })

    it('does so at once in the middle of a flood', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 50_000 } })
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      juliet.stopsReading()
      romeo.send(...numbers(150).map(words => chat('juliet', `${words}${' '.repeat(5000)}`)))
      await romeo.pings()

      isComplete(await lastWords(juliet), verona.heardOffline(), 150)
    })

    it('gives nothing to another resource that has it already', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 50_000 } })
      const romeo = await verona.binds('romeo/balcony')
      const [tomb, house] = [await verona.comesOnline('juliet/tomb'), await verona.comesOnline('juliet/house')]

      tomb.stopsReading()
      for (const words of numbers(100)) {
        romeo.send(chat('juliet', long(words)))
        await romeo.pings()
      }
      await verona.clock.pass(30_000)
      romeo.send(chat('juliet', 100))
      await romeo.pings()

      assert.deepEqual(verona.closed, ['juliet@verona.example/tomb'])
      assert.deepEqual((await house.hearsSeveral(101)).map(Number), numbers(101).map(Number))
      await house.pings()
      assert.deepEqual([house.unread, verona.offline], [[], []])
    })

    it('loses nothing but what was on its way when its connection breaks instead', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      juliet.stopsReading()
      for (const words of numbers(50)) {
        romeo.send(chat('juliet', long(words)))
        await romeo.pings()
      }
      await juliet.hangsUp()
      romeo.send(chat('juliet', 50))
      await romeo.pings()

      isComplete(await lastWords(juliet), verona.heardOffline(), 51)
    })

    it('tells who asked it something that it will not answer', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      juliet.stopsReading()
      for (const words of numbers(20)) {
        romeo.send(chat('juliet', long(words)))
        await romeo.pings()
      }
      romeo.send(`<iq type='get' id='q' to='juliet@verona.example/tomb'><lives xmlns='urn:example'/></iq>`)
      await romeo.pings()
      await juliet.cuts()

      const answer = await romeo.takes('iq')
      assert.deepEqual([answer.attrs.id, conditionOf(answer.getChild('error') ?? answer)], ['q', 'service-unavailable'])
    })
  })

  describe('from a client that does not read what it asks for', () => {
    const floods: readonly [when: string, arrive: (verona: StreamKit) => Promise<Wire>][] = [
      ['before login', async verona => verona.connects()],
      ['before binding', verona => verona.logsIn('romeo')],
      ['with stream management', verona => enabled(verona)],
    ]
    for (const [when, arrive] of floods)
      it(`stops the reading, until it reads (${when})`, async () => {
        const verona = await StreamKit.start({ limits: { queueBytes: 20_000 } })
        const wire = await arrive(verona)
        if (when === 'before login') await wire.opens()

        wire.stopsReading()
        for (let i = 0; i < 1000; i++) wire.send(REQUEST.repeat(20))
        for (let i = 0; i < 100; i++) await settled()
        assert.ok(wire.unsent > 250_000, `${wire.unsent} bytes`)

        wire.readsOn()
        for (let i = 0; i < 20_000; i++) await wire.next()
        assert.equal(wire.unsent, 0)
      })

    it('stops it for answers that are stanzas, too, and does not end the session for them', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 50_000 } })
      const romeo = await verona.binds('romeo/balcony')

      romeo.stopsReading()
      for (let i = 0; i < 2000; i++) romeo.send(`<iq type='get' id='${i}' to='verona.example'><x xmlns='urn:x'/></iq>`)
      for (let i = 0; i < 100; i++) await settled()
      assert.deepEqual(verona.closed, [])

      romeo.readsOn()
      for (let i = 0; i < 2000; i++) assert.equal((await romeo.takes('iq')).attrs.id, `${i}`)
    })

    it('ends with what a client sends to itself, too', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 20_000 } })
      const romeo = await verona.comesOnline('romeo/balcony')

      romeo.stopsReading()
      for (const words of numbers(60)) romeo.send(chat('romeo', `${words}${' '.repeat(10_000)}`))
      await verona.clock.pass(100_000)

      assert.deepEqual([verona.closed, verona.connections], [['romeo@verona.example/balcony'], 0])
      const kept = verona.heardOffline().map(Number)
      assert.deepEqual(kept, numbers(kept.length, kept[0]).map(Number))
    })

    it('ends when the client does not read at all', async () => {
      const verona = await StreamKit.start({ limits: { queueBytes: 20_000 } })
      const romeo = await enabled(verona)

      romeo.stopsReading()
      for (let i = 0; i < 2000; i++) romeo.send(REQUEST.repeat(20))
      await verona.clock.pass(100_000)

      assert.equal(verona.connections, 0)
    })
  })
})

/** Romeo, with stream management. */
async function enabled(verona: StreamKit): Promise<Wire> {
  const romeo = await verona.binds('romeo/balcony')
  romeo.send(`<enable xmlns='${STREAM_MANAGEMENT}' resume='true'/>`)
  await romeo.takes('enabled', STREAM_MANAGEMENT)
  return romeo
}

/** What a client finds that reads on when the connection is gone: what was in its window. */
async function lastWords(wire: Wire): Promise<string[]> {
  wire.readsOn()
  await wire.finds(event => event instanceof Lost)
  return wire.takesAll().filter(isElement).map(bodyOf)
}

/** All that was said is with one or the other; but for one that was on its way, of which nobody knows, with one only. */
function isComplete(heard: readonly string[], kept: readonly string[], said: number): void {
  const first = said - kept.length
  assert.deepEqual(kept.map(Number), numbers(kept.length, first).map(Number))
  assert.deepEqual(heard.map(Number), numbers(heard.length).map(Number))
  assert.ok(
    heard.length === first || heard.length === first + 1,
    `${heard.length} heard, ${kept.length} kept of ${said}`,
  )
}

/** How many stanzas of clients the router has been given. */
function countStanzas({ kit: { router } }: StreamKit): () => number {
  let count = 0
  const route = router.fromClient.bind(router)
  router.fromClient = (session, stanza) => {
    count++
    return route(session, stanza)
  }
  return () => count
}
