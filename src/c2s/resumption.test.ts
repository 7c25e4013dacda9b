import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { bodyOf, chat, conditionOf, isElement, type Wire } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { STREAM_MANAGEMENT } from '../xmpp/ns.js'

const ROMEO = 'romeo@verona.example/balcony'

describe('resumption', () => {
  it('sends again what was not handled, in order, and nothing else', async () => {
    const { verona, romeo, juliet, id } = await together()
    juliet.send(...['one', 'two', 'three', 'four'].map(words => chat('romeo', words)))
    assert.deepEqual(await romeo.hearsSeveral(4), ['one', 'two', 'three', 'four'])
    await romeo.cuts()

    const again = await verona.logsIn('romeo')
    const resumed = await again.resumes(id, 2)

    assert.deepEqual([resumed.name, resumed.attrs.previd, resumed.attrs.h], ['resumed', id, '0'])
    assert.deepEqual(await again.hearsSeveral(2), ['three', 'four'])
    await again.takes('r', STREAM_MANAGEMENT)
    assert.deepEqual(verona.closed, [])
  })

  it('brings what was sent while nobody was there, behind it', async () => {
    const { verona, romeo, juliet, id } = await together()
    juliet.send(chat('romeo', 'one'))
    await romeo.hears()
    await romeo.cuts()
    juliet.send(chat('romeo', 'two'))
    await juliet.pings()

    const again = await verona.logsIn('romeo')
    await again.resumes(id, 0)
    juliet.send(chat('romeo', 'three'))

    assert.deepEqual([await again.hears(), await again.hears()], ['one', 'two'])
    await again.takes('r', STREAM_MANAGEMENT)
    assert.equal(await again.hears(), 'three')
  })

  it('carries the counts over', async () => {
    const { verona, romeo, juliet, id } = await together()
    romeo.send(chat('juliet', 'a'), chat('juliet', 'b'))
    assert.equal(await romeo.handled(), 2)
    juliet.send(chat('romeo', 'one'))
    await romeo.hears()
    await romeo.cuts()

    const again = await verona.logsIn('romeo')
    assert.equal((await again.resumes(id, 1)).attrs.h, '2')
    again.send(chat('juliet', 'c'))
    juliet.send(chat('romeo', 'two'))

    assert.equal(await again.hears(), 'two')
    assert.equal(await again.handled(), 3)
    again.acknowledges(2)
    await again.pings()
    await juliet.pings()
    assert.deepEqual(bodies(juliet), ['a', 'b', 'c'])
  })

  it('works again and again', async () => {
    const { verona, romeo, juliet, id } = await together()
    let wire = romeo
    for (let i = 0; i < 5; i++) {
      await wire.cuts()
      juliet.send(chat('romeo', i))
      await juliet.pings()
      wire = await verona.logsIn('romeo')
      assert.equal((await wire.resumes(id, i)).name, 'resumed')
      assert.equal(await wire.hears(), `${i}`)
      await wire.takes('r', STREAM_MANAGEMENT)
    }
    assert.deepEqual(
      verona.moments.filter(moment => moment.includes('romeo')),
      [`bound ${ROMEO}`],
    )
  })

  it('takes over from a connection that is still there', async () => {
    const { verona, romeo, juliet, id } = await together()

    const again = await verona.logsIn('romeo')
    assert.equal((await again.resumes(id, 0)).name, 'resumed')

    assert.equal(await romeo.fails(), 'conflict')
    juliet.send(chat('romeo', 'one'))
    assert.equal(await again.hears(), 'one')
    await settled()
    assert.deepEqual(verona.closed, [])
  })

  it('takes over from a client that was not reading any more', async () => {
    const { verona, romeo, juliet, id } = await together()
    romeo.stopsReading()
    juliet.send(...['one', 'two', 'three'].map(words => chat('romeo', words)))
    await juliet.pings()

    const again = await verona.logsIn('romeo')
    await again.resumes(id, 0)

    assert.deepEqual(await again.hearsSeveral(3), ['one', 'two', 'three'])
    await verona.clock.pass(3000)
    assert.equal(verona.connections, 2, 'the old connection is gone')
  })

  it('waits for what the old connection had read: nothing comes twice', async () => {
    const { verona, romeo, juliet, id } = await together({ keepsMessages: true })
    verona.storage.hold()
    romeo.send(...['one', 'two', 'three'].map(words => chat('juliet', words)))
    await settled()
    await romeo.cuts()

    const again = await verona.logsIn('romeo')
    again.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='0'/>`)
    await settled()
    assert.deepEqual(again.unread, [])
    verona.storage.release()

    assert.equal((await again.takes('resumed', STREAM_MANAGEMENT)).attrs.h, '3')
    assert.deepEqual(await juliet.hearsSeveral(3), ['one', 'two', 'three'])
  })

  it('by two at once is for one of them, and the other knows', async () => {
    const { verona, romeo, juliet, id } = await together({ keepsMessages: true })
    verona.storage.hold()
    romeo.send(chat('juliet', 'one'))
    await settled()
    await romeo.cuts()
    const [first, second] = [await verona.logsIn('romeo'), await verona.logsIn('romeo')]

    for (const wire of [first, second]) wire.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='0'/>`)
    await settled()
    verona.storage.release()

    await first.takes('resumed', STREAM_MANAGEMENT)
    assert.equal(await first.fails(), 'conflict')
    await second.takes('resumed', STREAM_MANAGEMENT)
    juliet.send(chat('romeo', 'two'))
    assert.equal(await second.hears(), 'two')
    second.send(chat('juliet', 'three'))
    assert.equal(await second.handled(), 2)
    assert.deepEqual(await juliet.hearsSeveral(2), ['one', 'three'])
    assert.deepEqual(verona.closed, [])
  })

  it('that its client does not wait for leaves the session for the next', async () => {
    const { verona, romeo, id } = await together({ keepsMessages: true })
    verona.storage.hold()
    romeo.send(chat('juliet', 'one'))
    await settled()
    await romeo.cuts()
    const impatient = await verona.logsIn('romeo')
    impatient.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='0'/>`)
    await settled()
    await impatient.cuts()
    verona.storage.release()

    const again = await verona.logsIn('romeo')

    assert.equal((await again.resumes(id, 0)).attrs.h, '1')
    await again.pings()
  })

  describe('is refused, and a resource can be bound instead', () => {
    it('when nobody knows the session', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.logsIn('romeo')

      await isNotFound(romeo, 'nothing like it', undefined)

      await romeo.binds('balcony')
    })

    it('when it is the session of another account', async () => {
      const { verona, romeo, id } = await together()
      const tybalt = await verona.logsIn('nurse')

      await isNotFound(tybalt, id, undefined)

      await tybalt.binds('street')
      await romeo.pings()
    })

    it('when its time is over; then the client learns what had arrived', async () => {
      const { verona, romeo, id } = await together({ limits: { resumeTime: 60_000 } })
      romeo.send(chat('juliet', 'one'))
      assert.equal(await romeo.handled(), 1)
      await romeo.cuts()
      await verona.clock.pass(60_000)

      const again = await verona.logsIn('romeo')
      await isNotFound(again, id, '1')
      const nurse = await verona.logsIn('nurse')
      await isNotFound(nurse, id, undefined)

      await again.binds('balcony')
    })

    it('when it was closed properly', async () => {
      const { verona, romeo, id } = await together()
      romeo.send('</stream:stream>')
      await romeo.takes('a', STREAM_MANAGEMENT)
      await romeo.ends()
      const again = await verona.logsIn('romeo')

      await isNotFound(again, id, '0')

      await again.binds('balcony')
    })

    it('when it was closed properly with something under way: that is waited for', async () => {
      const { verona, romeo, id } = await together({ keepsMessages: true })
      verona.storage.hold()
      romeo.send(chat('juliet', 'one'), '</stream:stream>')
      assert.equal((await romeo.takes('a', STREAM_MANAGEMENT)).attrs.h, '0')
      await romeo.ends()
      const again = await verona.logsIn('romeo')

      again.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='0'/>`)
      await settled()
      verona.storage.release()

      assert.equal((await again.takes('failed', STREAM_MANAGEMENT)).attrs.h, '1')
    })

    it('when it was ended by us', async () => {
      const { verona, romeo, id } = await together()
      const again = await verona.logsIn('romeo')
      for (const session of verona.kit.directory.of(parseJid(ROMEO))) session.end(new StreamError('reset'))
      assert.equal(await romeo.fails(), 'reset')

      await isNotFound(again, id, '0')
    })

    for (const h of ['', 'one', '-1', '4294967296', '1e3', undefined])
      it(`when it is not said how much was handled: ${h ?? 'nothing'}`, async () => {
        const { verona, romeo, id } = await together()
        await romeo.cuts()
        const again = await verona.logsIn('romeo')

        again.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}'${h === undefined ? '' : ` h='${h}'`}/>`)

        const answer = await again.takes('failed', STREAM_MANAGEMENT)
        assert.equal(conditionOf(answer), 'bad-request')
        assert.equal((await again.resumes(id, 0)).name, 'resumed')
      })
  })

  it('with more handled than was sent ends the stream, but not the session', async () => {
    const { verona, romeo, juliet, id } = await together()
    juliet.send(chat('romeo', 'one'))
    await romeo.hears()
    await romeo.cuts()
    const again = await verona.logsIn('romeo')

    again.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='2'/>`)
    const failure = await again.failure()
    const detail = failure.getChild('handled-count-too-high', STREAM_MANAGEMENT)
    assert.deepEqual(
      [conditionOf(failure), detail?.attrs.h, detail?.attrs['send-count']],
      ['undefined-condition', '2', '1'],
    )

    const third = await verona.logsIn('romeo')
    assert.equal((await third.resumes(id, 1)).name, 'resumed')
  })

  it('comes before a resource is bound, not after', async () => {
    const { verona, romeo, id } = await together()
    const other = await verona.binds('romeo/street')

    const answer = await other.resumes(id, 0)

    assert.deepEqual([answer.name, conditionOf(answer)], ['failed', 'unexpected-request'])
    await other.pings()
    await romeo.pings()
  })

  it('is over when the session is: time, the queue, and what is waited for', async () => {
    const { verona, romeo } = await together({ limits: { resumeTime: 60_000 } })
    const timers = verona.timers
    await romeo.cuts()
    assert.equal(verona.timers, timers + 1)

    await verona.clock.pass(60_000)

    assert.deepEqual([verona.closed, verona.timers], [[ROMEO], timers])
  })
})

async function isNotFound(wire: Wire, id: string, h: string | undefined): Promise<void> {
  const answer = await wire.resumes(id, 0)
  assert.deepEqual([answer.name, conditionOf(answer), answer.attrs.h], ['failed', 'item-not-found', h])
}

/** The words of all messages that have come, taken. */
function bodies(wire: Wire): string[] {
  return wire.takesAll().filter(isElement).map(bodyOf)
}
