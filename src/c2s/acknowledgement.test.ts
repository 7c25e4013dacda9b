import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { chat, conditionOf } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { STREAM_MANAGEMENT } from '../xmpp/ns.js'

const ROMEO = 'romeo@verona.example/balcony'
const REQUEST = `<r xmlns='${STREAM_MANAGEMENT}'/>`

describe('stream management', () => {
  describe('is enabled', () => {
    it('without resumption when that is not asked for', async () => {
      for (const attrs of ['', `resume='false'`, `resume='0'`, `resume='yes'`, `max='60'`]) {
        const romeo = await (await StreamKit.start()).binds('romeo/balcony')

        assert.deepEqual((await romeo.enables(attrs)).attrs, { xmlns: STREAM_MANAGEMENT }, attrs)
      }
    })

    for (const [attrs, max] of [
      [`resume='true'`, '3600'],
      [`resume='1'`, '3600'],
      [`resume='true' max='60'`, '60'],
      [`resume='true' max='999999'`, '3600'],
      [`resume='true' max='0'`, '3600'],
      [`resume='true' max='soon'`, '3600'],
    ] as const)
      it(`with resumption for ${max} seconds by ${attrs}`, async () => {
        const romeo = await (await StreamKit.start()).binds('romeo/balcony')

        const enabled = await romeo.enables(attrs)

        assert.deepEqual([enabled.attrs.resume, enabled.attrs.max], ['true', max])
        assert.match(enabled.attrs.id ?? '', /^.{20,}$/)
      })

    it('once: a second time ends the stream, and the session', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      await romeo.enables()

      romeo.send(`<enable xmlns='${STREAM_MANAGEMENT}'/>`)

      await romeo.takes('a', STREAM_MANAGEMENT)
      assert.equal(await romeo.fails(), 'policy-violation')
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('before it is used: until then there is nothing to acknowledge', async () => {
      const romeo = await (await StreamKit.start()).binds('romeo/balcony')

      for (const name of ['r', 'a', 'resume']) {
        romeo.send(`<${name} xmlns='${STREAM_MANAGEMENT}' h='0'/>`)
        assert.equal(conditionOf(await romeo.takes('failed', STREAM_MANAGEMENT)), 'unexpected-request')
      }

      await romeo.pings()
      assert.deepEqual(romeo.unread, [])
    })
  })

  describe('counts what the client sends', () => {
    it('from nothing', async () => {
      const { romeo } = await together()

      assert.equal(await romeo.handled(), 0)
    })

    it('whatever it is and becomes of it, but stanzas only', async () => {
      const { romeo } = await together()

      romeo.send('<presence/>', chat('juliet', 'one'), `<message to='nobody@verona.example'><body/></message>`)
      romeo.send(`<message to='@'/>`, '<iq/>', `<iq type='result' id='x'/>`, ' ')

      assert.equal(await romeo.handled(), 6)
    })

    it('without what came before', async () => {
      const verona = await StreamKit.start({ keepsMessages: true })
      const [romeo, juliet] = [await verona.binds('romeo/balcony'), await verona.comesOnline('juliet/tomb')]
      verona.storage.hold()
      romeo.send(chat('juliet', 'before'))
      await romeo.enables()
      romeo.send(chat('juliet', 'after'), REQUEST)
      await settled()
      assert.deepEqual(romeo.unread, [])

      verona.storage.release()

      assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '1')
      assert.deepEqual(await juliet.hearsSeveral(2), ['before', 'after'])
    })

    it('when it is kept, not when it is read', async () => {
      const { verona, romeo } = await together({ keepsMessages: true })
      romeo.send(chat('juliet', 'one'))
      assert.equal(await romeo.handled(), 1)

      verona.storage.hold()
      romeo.send(chat('juliet', 'two'), REQUEST, chat('juliet', 'three'), REQUEST)
      await settled()
      assert.deepEqual(romeo.unread, [])
      verona.storage.release()

      assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '2')
      assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '3')
    })

    it('in order: what is done at once is not acknowledged before what takes longer', async () => {
      const { verona, romeo } = await together({ keepsMessages: true })

      verona.storage.hold()
      romeo.send(chat('juliet', 'slow'), `<message to='@' id='quick'/>`, REQUEST)
      assert.equal((await romeo.takes('message')).attrs.id, 'quick')
      await romeo.takes('r', STREAM_MANAGEMENT)
      await settled()
      assert.deepEqual(romeo.unread, [])
      verona.storage.release()

      assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '2')
    })
  })

  describe('counts what the client is sent', () => {
    it('and asks for an answer behind it, once', async () => {
      const { romeo, juliet } = await together()

      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      assert.deepEqual(await romeo.hearsSeveral(2), ['one', 'two'])
      await romeo.takes('r', STREAM_MANAGEMENT)
      juliet.send(chat('romeo', 'three'))
      assert.equal(await romeo.hears(), 'three')
      await romeo.pings()
      assert.deepEqual(romeo.unread, [])

      romeo.acknowledges(3)
      juliet.send(chat('romeo', 'four'))
      assert.equal(await romeo.hears(), 'four')
      await romeo.takes('r', STREAM_MANAGEMENT)
    })

    it('and asks again for what an answer leaves over', async () => {
      const { romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      assert.deepEqual(await romeo.hearsSeveral(2), ['one', 'two'])
      await romeo.takes('r', STREAM_MANAGEMENT)

      romeo.acknowledges(1)

      await romeo.takes('r', STREAM_MANAGEMENT)
      romeo.acknowledges(1) // which says nothing new, so there is nothing to go on with
      romeo.acknowledges(2)
      await romeo.handled()
      assert.deepEqual(romeo.unread, [])
    })

    it('and does not ask again and again a client that is not done with anything', async () => {
      const { romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'))
      await romeo.hears()
      await romeo.takes('r', STREAM_MANAGEMENT)

      for (let answer = 0; answer < 3; answer++) {
        romeo.acknowledges(0)
        await settled()
      }

      assert.deepEqual(romeo.unread, [])
      romeo.acknowledges(1)
      await romeo.handled()
      assert.deepEqual(romeo.unread, [])
    })

    it('and takes an answer that nobody asked for, or that says nothing new', async () => {
      const { verona, romeo, juliet } = await together()
      romeo.acknowledges(0)
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      await romeo.hearsSeveral(2)

      for (const h of [1, 1, 2, 2]) romeo.acknowledges(h)
      await romeo.pings()
      await romeo.cuts()
      await verona.clock.pass(3_600_000)

      assert.deepEqual(verona.heardOffline(), [])
      assert.deepEqual(verona.closed, [ROMEO])
    })

    it('and ends the stream when more was handled than was sent', async () => {
      const { verona, romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'))
      await romeo.hears()
      await romeo.takes('r', STREAM_MANAGEMENT)

      romeo.acknowledges(10)

      await romeo.takes('a', STREAM_MANAGEMENT)
      const failure = await romeo.failure()
      const detail = failure.getChild('handled-count-too-high', STREAM_MANAGEMENT)
      assert.equal(conditionOf(failure), 'undefined-condition')
      assert.deepEqual(detail?.attrs, { xmlns: STREAM_MANAGEMENT, h: '10', 'send-count': '1' })
      assert.deepEqual(verona.heardOffline(), ['one'])
    })

    it('and ends it when less was handled than before', async () => {
      const { romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      await romeo.hearsSeveral(2)
      await romeo.takes('r', STREAM_MANAGEMENT)

      for (const h of [2, 1]) romeo.acknowledges(h)

      await romeo.takes('a', STREAM_MANAGEMENT)
      assert.equal(await romeo.fails(), 'undefined-condition')
    })

    for (const h of [`h=''`, `h='all'`, `h='-1'`, `h='4294967296'`, ''])
      it(`and ends it for an answer without a number (${h})`, async () => {
        const { romeo } = await together()

        romeo.send(`<a xmlns='${STREAM_MANAGEMENT}' ${h}/>`)

        await romeo.takes('a', STREAM_MANAGEMENT)
        assert.equal(await romeo.fails(), 'policy-violation')
      })
  })

  it('acknowledges at its end, so that nothing is sent again that has arrived', async () => {
    const { verona, romeo, juliet } = await together()
    romeo.send(chat('juliet', 'one'), chat('juliet', 'two'), '</stream:stream>')

    assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '2')
    await romeo.ends()
    const nurse = await verona.binds('nurse/house')
    await nurse.enables()
    nurse.send(chat('juliet', 'three'))
    await juliet.hearsSeveral(3)

    const stopped = verona.c2s.stop()

    assert.equal((await nurse.takes('a', STREAM_MANAGEMENT)).attrs.h, '1')
    assert.equal(await nurse.fails(), 'system-shutdown')
    assert.equal(await juliet.fails(), 'system-shutdown')
    await stopped
  })
})
