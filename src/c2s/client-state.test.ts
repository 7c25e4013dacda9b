import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { chat, isElement, plain } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { caps } from '../modules/caps.js'
import { disco } from '../modules/disco.js'
import { parseElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { CAPS, CLIENT, CLIENT_STATE, PING, SASL, STREAM_MANAGEMENT } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import {
  ACTIVE,
  come,
  does,
  GONE,
  INACTIVE,
  inWords,
  pocketed,
  ROMEO,
  receipt,
  shows,
  state,
} from './client-state-fixture.test.js'

describe('a client that is not in use', () => {
  describe('may say so', () => {
    it('when it has logged in: that is announced from then on', async () => {
      const verona = await StreamKit.start()
      const wire = verona.connects()

      const before = await wire.opens()
      wire.send(plain('romeo', 'wherefore art thou'))
      await wire.takes('success', SASL)
      const after = await wire.opens()

      assert.equal(before.getChild('csi', CLIENT_STATE), undefined)
      assert.ok(after.getChild('csi', CLIENT_STATE))
    })

    for (const word of [ACTIVE, INACTIVE])
      it(`but not before it has a resource: ${word}`, async () => {
        const verona = await StreamKit.start()
        const stranger = verona.connects()
        await stranger.opens()
        const romeo = await verona.logsIn('romeo')

        stranger.send(word)
        romeo.send(word)

        assert.equal(await stranger.fails(), 'not-authorized')
        assert.equal(await romeo.fails(), 'not-authorized')
      })

    it('in no other words', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')

      romeo.send(`<asleep xmlns='${CLIENT_STATE}'/>`)

      assert.equal(await romeo.fails(), 'unsupported-stanza-type')
    })

    it('again and again, and gets no answer', async () => {
      const { romeo, juliet } = await pocketed()

      romeo.send(ACTIVE, ACTIVE, INACTIVE, INACTIVE)
      await does(juliet, shows('away'))
      assert.deepEqual(romeo.unread, [])
      romeo.send(INACTIVE)
      await settled()
      assert.deepEqual(romeo.unread, [])
      romeo.send(ACTIVE)

      assert.equal(inWords(await romeo.takes('presence')), 'away')
    })

    it('and is not counted as having sent a stanza', async () => {
      const { romeo } = await together()

      romeo.send(INACTIVE, ACTIVE, INACTIVE)

      assert.equal(await romeo.handled(), 0)
    })
  })

  it('is in use until it says otherwise', async () => {
    const { romeo, juliet } = await together()

    await does(juliet, state('composing'), shows('away'), GONE)

    assert.deepEqual(come(romeo).slice(0, 3), ['composing', 'away', 'unavailable'])
  })

  describe('hears later', () => {
    it('of presence and chat states, and only the latest', async () => {
      const { romeo, juliet } = await pocketed()

      await does(juliet, shows('away'), state('composing'), shows('dnd'), state('paused'), GONE)
      assert.deepEqual(romeo.unread, [])
      romeo.send(ACTIVE)
      await settled()

      assert.deepEqual(come(romeo), ['paused', 'unavailable', 'r'])
    })

    it('of receipts, each of them', async () => {
      const { romeo, juliet } = await pocketed()

      await does(juliet, receipt('1'), shows('away'), receipt('2'))
      assert.deepEqual(romeo.unread, [])
      romeo.send(ACTIVE)
      await settled()

      assert.deepEqual(come(romeo), ['received 1', 'away', 'received 2', 'r'])
    })

    it('before whatever does not wait, and goes on being spared', async () => {
      const { romeo, juliet } = await pocketed()

      await does(juliet, shows('away'), receipt('1'), shows('dnd'), chat('romeo', 'Anon!'), shows('away'))

      assert.deepEqual(come(romeo), ['received 1', 'dnd', 'Anon!', 'r'])
    })

    it('before what it has asked after it was in use again (§5.1)', async () => {
      const { romeo, juliet } = await pocketed()
      await does(juliet, shows('away'))

      romeo.send(ACTIVE, `<iq type='get' id='1' to='verona.example'><ping xmlns='${PING}'/></iq>`)
      await romeo.finds(event => isElement(event) && event.name === 'r')

      assert.deepEqual(come(romeo), ['away', 'iq'])
    })

    it('when it says something itself: it is awake', async () => {
      for (const words of [chat('juliet', 'I come'), `<r xmlns='${STREAM_MANAGEMENT}'/>`]) {
        const { romeo, juliet } = await pocketed()
        await does(juliet, shows('away'))
        assert.deepEqual(romeo.unread, [])

        romeo.send(words)
        await settled()

        assert.equal(come(romeo)[0], 'away')
        await does(juliet, shows('dnd'))
        assert.deepEqual(romeo.unread, [], 'and is spared from then on')
      }
    })

    it('without stream management as well', async () => {
      const verona = await StreamKit.start()
      const juliet = await verona.comesOnline('juliet/tomb')
      const romeo = await verona.comesOnline('romeo/balcony')
      romeo.send(INACTIVE)
      await settled()

      await does(juliet, shows('away'), receipt('1'), shows('dnd'))
      assert.deepEqual(romeo.unread, [])
      await does(juliet, chat('romeo', 'Anon!'))

      assert.deepEqual(come(romeo), ['received 1', 'dnd', 'Anon!'])
    })
  })

  it('is told at once of what is not known', async () => {
    const { romeo, juliet } = await pocketed()

    await does(juliet, `<message to='${ROMEO}'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>`)

    assert.deepEqual(come(romeo), ['propose 1', 'r'])
  })

  it('gets what was kept back from it in order, and what passes it', async () => {
    const { verona, romeo, juliet } = await pocketed()
    await does(juliet, receipt('1'))
    const gate = verona.kit.directory.get(parseJid(ROMEO))?.hold()
    await does(juliet, chat('romeo', 'two'), receipt('3'), shows('away'))
    const el = parseElement(chat('romeo', 'one').replace(' ', ` xmlns='${CLIENT}' `))
    gate?.send(makeStanza({ from: parseJid(juliet.jid), to: parseJid(ROMEO), el }))

    await settled()
    assert.deepEqual(come(romeo), ['received 1', 'one', 'r'])
    gate?.open()
    await settled()
    assert.deepEqual(come(romeo), ['two'])
    romeo.send(ACTIVE)
    await settled()

    assert.deepEqual(come(romeo), ['received 3', 'away'])
  })

  it('learns the capabilities of whoever says them only once', async () => {
    const { romeo, juliet } = await pocketed({ modules: [disco, caps] })
    const c = `<c xmlns='${CAPS}' hash='sha-1' node='urn:tomb' ver='1'/>`

    await does(juliet, `<presence to='${ROMEO}'>${c}</presence>`, shows('away'))
    romeo.send(ACTIVE)

    const presence = await romeo.takes('presence')
    assert.equal(inWords(presence), 'away')
    assert.equal(presence.getChild('c', CAPS)?.attrs.ver, '1')
  })

  describe('is spared only so much:', () => {
    it('so many stanzas', async () => {
      const { romeo, juliet } = await pocketed({ limits: { inactiveQueue: 3 } })

      await does(juliet, receipt('1'), receipt('2'), shows('away'), shows('dnd'))
      assert.deepEqual(romeo.unread, [])
      await does(juliet, receipt('3'), receipt('4'))

      assert.deepEqual(come(romeo), ['received 1', 'received 2', 'dnd', 'received 3', 'r'])
    })

    it('so many bytes', async () => {
      const { romeo, juliet } = await pocketed({ limits: { inactiveQueueBytes: 2000 } })
      const long = `<presence to='${ROMEO}'><status>${'x'.repeat(1500)}</status><show>away</show></presence>`

      await does(juliet, long, shows('dnd'), long)
      assert.deepEqual(romeo.unread, [])
      await does(juliet, receipt('x'.repeat(500)))

      assert.deepEqual(come(romeo), ['away', `received ${'x'.repeat(500)}`, 'r'])
    })

    it('so long', async () => {
      const { verona, romeo, juliet } = await pocketed({ limits: { inactiveWait: 60_000 } })
      await does(juliet, shows('away'))

      await verona.clock.pass(30_000)
      await does(juliet, shows('dnd'))
      await verona.clock.pass(25_000)
      assert.deepEqual(romeo.unread, [])
      await verona.clock.pass(5_000)
      assert.deepEqual(come(romeo), ['dnd', 'r'])

      await does(juliet, shows('xa'))
      await verona.clock.pass(55_000)
      assert.deepEqual(romeo.unread, [], 'the next one has its own time')
      await verona.clock.pass(5_000)
      assert.deepEqual(come(romeo), ['xa'])
    })

    it('not at all, if nothing may wait', async () => {
      const { romeo, juliet } = await pocketed({ limits: { inactiveQueue: 0 } })

      await does(juliet, shows('away'), state('composing'))

      assert.deepEqual(come(romeo), ['away', 'composing', 'r'])
    })

    it('also of rooms, where that is wanted', async () => {
      const { verona, romeo, juliet } = await pocketed({ limits: { inactiveRooms: true } })
      const says = (words: string) => `<message type='groupchat' to='${ROMEO}'><body>${words}</body></message>`

      await does(juliet, says('one'), says('two'))
      assert.deepEqual(romeo.unread, [])
      await does(juliet, says('Romeo, away!'), says('three'))
      assert.deepEqual(come(romeo), ['one', 'two', 'Romeo, away!', 'r'])
      romeo.send('</stream:stream>')
      await settled()

      assert.equal(come(romeo)[0], 'three')
      assert.deepEqual(verona.offline, [])
    })
  })

  describe('is asked whether it is there', () => {
    const idle = { limits: { idle: 60_000, inactiveIdle: 300_000 } }

    it('more rarely, and hears then of what waits', async () => {
      const { verona, romeo, juliet } = await pocketed(idle)
      await does(juliet, shows('away'))
      juliet.send('</stream:stream>')

      await verona.clock.pass(295_000)
      assert.deepEqual(romeo.unread, [])
      await verona.clock.pass(5_000)
      assert.deepEqual(come(romeo), ['away', 'r'])
      await verona.clock.pass(30_000)

      assert.ok(verona.moments.includes(`closed juliet@verona.example/tomb`))
      assert.deepEqual(come(romeo), [])
      await romeo.cuts()
    })

    it('as soon as others when it has something to acknowledge', async () => {
      const { verona, romeo, juliet } = await pocketed(idle)
      await verona.clock.pass(100_000)
      assert.deepEqual(romeo.unread, [])
      const nurse = await verona.comesOnline('nurse/1')
      await does(nurse, chat('romeo', 'Anon!'))
      assert.deepEqual(come(romeo), ['Anon!', 'r'])

      await verona.clock.pass(5_000)

      assert.deepEqual(come(romeo), ['r'])
      juliet.takesAll()
    })

    it('as soon as others when it acknowledges nothing', async () => {
      const verona = await StreamKit.start(idle)
      const romeo = await verona.comesOnline('romeo/balcony')
      romeo.send(INACTIVE)

      await verona.clock.pass(60_000)

      await romeo.takes('iq')
    })
  })
})
