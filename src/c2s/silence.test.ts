import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import type { Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { PING, STREAM_MANAGEMENT } from '../xmpp/ns.js'

describe('silence', () => {
  it('is broken by a question after a minute', async () => {
    const verona = await StreamKit.start()
    const romeo = await verona.binds('romeo/balcony')

    await verona.clock.pass(60_000)

    const ping = await romeo.takes('iq')
    assert.deepEqual(
      [ping.attrs.type, ping.attrs.from, ping.attrs.to],
      ['get', 'verona.example', 'romeo@verona.example/balcony'],
    )
    assert.ok(ping.getChild('ping', PING))
  })

  it('is broken by a request where stanzas are acknowledged', async () => {
    const verona = await StreamKit.start()
    const romeo = await enabled(verona)

    await verona.clock.pass(60_000)

    await romeo.takes('r', STREAM_MANAGEMENT)
  })

  for (const answer of [`<iq type='result' id='ID' to='verona.example'/>`, `<iq type='error' id='ID'/>`, ' '])
    it(`is no death when it is answered (${answer})`, async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')

      for (let i = 0; i < 20; i++) {
        await verona.clock.pass(60_000)
        const { attrs } = await romeo.takes('iq')
        romeo.send(answer.replace('ID', attrs.id ?? ''))
        await settled()
      }

      await romeo.pings()
      assert.deepEqual([verona.closed, romeo.unread], [[], []])
    })

  it('is death when it is not', async () => {
    const verona = await StreamKit.start()
    const romeo = await verona.binds('romeo/balcony')

    await verona.clock.pass(85_000)
    assert.deepEqual(verona.closed, [])
    await verona.clock.pass(10_000)

    assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
    await romeo.takes('iq')
    await romeo.isGone()
  })

  it('does not end a session that can be resumed', async () => {
    const verona = await StreamKit.start()
    const romeo = await enabled(verona)

    await verona.clock.pass(95_000)

    assert.deepEqual([verona.closed, verona.connections], [[], 0])
    await romeo.takes('r', STREAM_MANAGEMENT)
    await romeo.isGone()
  })
})

/** Romeo, with stream management. */
async function enabled(verona: StreamKit): Promise<Wire> {
  const romeo = await verona.binds('romeo/balcony')
  romeo.send(`<enable xmlns='${STREAM_MANAGEMENT}' resume='true'/>`)
  await romeo.takes('enabled', STREAM_MANAGEMENT)
  return romeo
}
