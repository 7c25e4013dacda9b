import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { readings } from '../../test/readings.js'
import { chat, isElement } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { STREAM, STREAM_MANAGEMENT } from '../xmpp/ns.js'
import {
  ACTIVE,
  come,
  does,
  INACTIVE,
  inWords,
  pocketed,
  ROMEO,
  receipt,
  shows,
  state,
} from './client-state-fixture.test.js'

describe('what waits for a client that is not in use', () => {
  it('is not among what it has to acknowledge', async () => {
    const { romeo, juliet } = await pocketed()
    await does(juliet, receipt('1'), shows('away'), shows('dnd'))

    romeo.acknowledges(0)
    romeo.send(ACTIVE)
    await settled()
    assert.deepEqual(come(romeo), ['received 1', 'dnd', 'r'])
    romeo.acknowledges(2)
    await romeo.pings()
    come(romeo)
    romeo.acknowledges(4)
    const error = await romeo.finds(event => isElement(event) && event.is('error', STREAM))

    assert.ok(isElement(error))
    assert.equal(error.getChild('handled-count-too-high', STREAM_MANAGEMENT)?.attrs['send-count'], '3')
  })

  it('does not make its sender wait', async () => {
    const { juliet } = await pocketed({ keepsMessages: true })
    await juliet.enables()

    juliet.send(receipt('1'), state('composing'), state('paused'), shows('away'))

    assert.equal(await juliet.handled(), 4)
  })

  it('waits on when the connection is cut, and comes when the session is resumed, which is in use', async () => {
    const { verona, romeo, juliet, id } = await pocketed()
    await does(juliet, chat('romeo', 'one'), receipt('1'), shows('away'))
    assert.deepEqual(come(romeo), ['one', 'r'])
    await romeo.cuts()
    await does(juliet, receipt('2'), shows('dnd'))
    await verona.clock.pass(1_200_000)

    const again = await verona.logsIn('romeo')
    await again.resumes(id, 0)
    await settled()
    assert.deepEqual(come(again), ['one', 'received 1', 'received 2', 'dnd', 'r'])
    await does(juliet, shows('away'))

    assert.deepEqual(come(again), ['away'])
    assert.deepEqual(verona.offline, [])
  })

  it('may wait again as soon as the session is resumed', async () => {
    const { verona, romeo, juliet, id } = await pocketed()
    await romeo.cuts()

    const again = await verona.logsIn('romeo')
    again.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='0'/>`, INACTIVE)
    await again.takes('resumed', STREAM_MANAGEMENT)
    await does(juliet, shows('away'))

    assert.deepEqual(again.unread, [])
  })

  it('goes to others or is stored, behind what was sent, when the session is over', async () => {
    const { verona, romeo, juliet } = await pocketed()
    await does(juliet, chat('romeo', 'one'), receipt('1'), state('composing'), state('paused'), shows('away'))
    await romeo.cuts()
    await verona.clock.pass(3_600_000)

    assert.deepEqual(verona.offline.map(inWords), ['one', 'received 1', 'paused'])
  })

  it('goes to others when the session is ended by an operator', async () => {
    const { verona, juliet } = await pocketed()
    await does(juliet, receipt('1'))

    verona.kit.directory.get(parseJid(ROMEO))?.end(new StreamError('policy-violation'))

    assert.deepEqual(verona.offline.map(inWords), ['received 1'])
  })

  it('is sent and kept when the server stops', async () => {
    const { verona, romeo, juliet } = await pocketed()
    await does(juliet, receipt('1'), shows('away'))

    const stopped = verona.c2s.stop()
    assert.deepEqual(
      [inWords(await romeo.takes('message')), inWords(await romeo.takes('presence'))],
      ['received 1', 'away'],
    )
    await romeo.finds(event => isElement(event) && event.name === 'error')
    await Promise.all([romeo.cuts(), juliet.cuts(), stopped])

    assert.deepEqual(verona.offline.map(inWords), ['received 1'])
  })

  it('is sent, and that is all, to one without stream management that closes its stream', async () => {
    const verona = await StreamKit.start()
    const juliet = await verona.comesOnline('juliet/tomb')
    const romeo = await verona.comesOnline('romeo/balcony')
    romeo.send(INACTIVE)
    await settled()
    await does(juliet, receipt('1'))

    romeo.send('</stream:stream>')

    assert.equal(inWords(await romeo.takes('message')), 'received 1')
    await romeo.ends()
    assert.deepEqual(verona.offline, [])
  })

  it('goes to others when such a connection is cut', async () => {
    const verona = await StreamKit.start()
    const juliet = await verona.comesOnline('juliet/tomb')
    const romeo = await verona.comesOnline('romeo/balcony')
    romeo.send(INACTIVE)
    await settled()
    await does(juliet, receipt('1'), state('composing'))

    await romeo.cuts()

    assert.deepEqual(verona.offline.map(inWords), ['received 1', 'composing'])
  })

  it('ends the session like everything else when it is too much for one that nobody resumes', async () => {
    const { verona, romeo, juliet } = await pocketed({ limits: { queue: 100, inactiveQueue: 60 } })
    await romeo.cuts()

    for (let i = 0; i < 130; i++) juliet.send(receipt(`${i}`))
    await juliet.pings()

    assert.deepEqual(verona.closed, [ROMEO])
    assert.deepEqual(
      verona.offline.map(inWords),
      Array.from({ length: 130 }, (_, i) => `received ${i}`),
    )
  })

  it('is told to operators', async () => {
    const { verona, romeo, juliet } = await pocketed()
    const watched = async () => {
      const said = await readings(...verona.c2s.metrics)
      return [said.parlance_sessions_inactive, said.parlance_inactive_waiting_stanzas]
    }
    await does(juliet, receipt('1'), shows('away'), shows('dnd'))

    const waiting = await watched()
    romeo.send(ACTIVE)
    await settled()

    assert.deepEqual(
      [waiting, await watched()],
      [
        [1, 2],
        [0, 0],
      ],
    )
  })

  it('takes no timer', async () => {
    const { verona, romeo, juliet } = await together()
    const before = verona.timers

    romeo.send(INACTIVE)
    await does(juliet, shows('away'), receipt('1'))

    assert.deepEqual([verona.timers, romeo.unread], [before, []])
  })
})

describe('binding a resource', () => {
  it('begins a session that is in use, whatever was before', async () => {
    const { verona, romeo, juliet } = await pocketed()
    await romeo.cuts()

    const again = await verona.comesOnline('romeo/balcony')
    await does(juliet, shows('away'))

    assert.deepEqual(come(again), ['away'])
  })
})
