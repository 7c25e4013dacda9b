import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { settled } from '../../test/kit.js'
import { chat, Wire } from '../../test/stream-client.js'
import { listening, StreamKit } from '../../test/stream-kit.js'
import { STREAM, TLS } from '../xmpp/ns.js'

const ROMEO = 'romeo@verona.example/balcony'

describe('the way in for clients', () => {
  describe('closes', () => {
    it('with a word to everybody, wherever they are', async () => {
      const verona = await StreamKit.start()
      const fresh = verona.connects()
      const opened = verona.connects()
      await opened.opens()
      const loggedIn = await verona.logsIn('nurse')
      const romeo = await verona.binds('romeo/balcony')

      const stopped = verona.c2s.stop()

      await fresh.header()
      for (const wire of [fresh, opened, loggedIn, romeo]) assert.equal(await wire.fails(), 'system-shutdown')
      await stopped
      assert.deepEqual([verona.closed, verona.connections, verona.timers], [[ROMEO], 0, 0])
    })

    it('without waiting for ever for those who do not answer', async () => {
      const verona = await StreamKit.start()
      await verona.binds('romeo/balcony')

      const stopped = verona.c2s.stop()
      await verona.clock.pass(3000)

      await stopped
      assert.equal(verona.connections, 0)
    })

    it('nor under TLS', async () => {
      const verona = await StreamKit.start({ tlsRequired: true })
      const romeo = verona.connects({ isLocal: false })
      await romeo.opens()
      await romeo.secures()
      await romeo.opens()
      await romeo.logsIn('romeo')

      const stopped = verona.c2s.stop()
      await romeo.takes('error', STREAM)
      await verona.clock.pass(3000)

      await stopped
      assert.deepEqual([verona.connections, verona.timers], [0, 0])
    })

    it('when everything is kept that was under way, and everybody knows who is gone', async () => {
      const verona = await StreamKit.start({ keepsMessages: true })
      const juliet = await verona.binds('juliet/tomb')
      const romeo = await verona.binds('romeo/balcony')
      verona.storage.hold()
      romeo.send(chat('juliet', 'one'))
      await settled()

      let isStopped = false
      const stopped = verona.c2s.stop().then(() => {
        isStopped = true
      })
      for (const wire of [romeo, juliet]) assert.equal(await wire.fails(), 'system-shutdown')
      await settled()
      assert.equal(isStopped, false)
      verona.storage.release()

      await stopped
      assert.deepEqual(verona.heardOffline(), ['one'])
      assert.deepEqual(verona.closed.toSorted(), ['juliet@verona.example/tomb', ROMEO])
    })

    it('also sessions that wait for their clients; what these do not have is kept', async () => {
      const verona = await StreamKit.start()
      const juliet = await verona.binds('juliet/tomb')
      const romeo = await verona.comesOnline('romeo/balcony')
      await romeo.enables()
      await romeo.cuts()
      juliet.send(chat('romeo', 'one'))
      await juliet.pings()

      const stopped = verona.c2s.stop()
      assert.equal(await juliet.fails(), 'system-shutdown')

      await stopped
      assert.deepEqual(verona.heardOffline(), ['one'])
      assert.deepEqual([verona.closed.length, verona.timers], [2, 0])
    })

    it('in the middle of a handshake, without a word', async () => {
      const verona = await StreamKit.start({ tlsRequired: true })
      const wire = verona.connects({ isLocal: false })
      await wire.opens()
      wire.send(`<starttls xmlns='${TLS}'/>`)
      await wire.takes('proceed', TLS)

      await verona.c2s.stop()

      await wire.isGone()
    })

    it('for good', async () => {
      const verona = await StreamKit.start()
      await verona.c2s.stop()

      const late = verona.connects()

      await late.isGone()
      assert.deepEqual([verona.connections, verona.timers], [0, 0])
    })
  })

  describe('over TCP', () => {
    it('begins in the clear and goes on under TLS', async () => {
      const { verona, port } = await listening('starttls', { tlsRequired: true })
      const romeo = new Wire(net.connect(port, '127.0.0.1'))

      await romeo.opens()
      await romeo.secures()
      await romeo.opens()
      await romeo.logsIn('romeo')
      await romeo.binds('balcony')
      romeo.send(chat('romeo/balcony', 'to myself'))
      assert.equal(await romeo.hears(), 'to myself')

      const stopped = verona.c2s.stop()
      assert.equal(await romeo.fails(), 'system-shutdown')
      await stopped
    })

    it('takes a password from this very machine where TLS is not required', async () => {
      const { verona, port } = await listening('starttls', { tlsRequired: false })
      const romeo = new Wire(net.connect(port, '127.0.0.1'))

      await romeo.opens()
      await romeo.logsIn('romeo')
      romeo.send('</stream:stream>')

      await romeo.ends()
      await verona.c2s.stop()
    })

    it('begins with TLS where that is agreed on', async () => {
      const { verona, port } = await listening('tls', { tlsRequired: true })
      const socket = tls.connect({ port, rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] })
      const romeo = new Wire(socket)

      await romeo.opens()
      assert.equal(socket.alpnProtocol, 'xmpp-client')
      await romeo.logsIn('romeo')
      await romeo.binds('balcony')
      romeo.send('</stream:stream>')

      await romeo.ends()
      assert.deepEqual(verona.closed, [ROMEO])
      await verona.c2s.stop()
    })

    it('does not wait for a handshake for ever', async () => {
      const { verona, port } = await listening('tls', { tlsRequired: true })
      const socket = net.connect(port, '127.0.0.1')
      await arrived(verona, socket)

      const closed = once(socket.resume(), 'close')
      await verona.clock.pass(30_000)

      await closed
      assert.equal(verona.timers, 1) // the pulse
      await verona.c2s.stop()
    })

    it('does not let one through that finishes its handshake too late', async () => {
      const { verona, port } = await listening('tls', { tlsRequired: true })
      const socket = net.connect(port, '127.0.0.1')
      await arrived(verona, socket)

      const closed = once(socket.resume(), 'close')
      await verona.c2s.stop()

      await closed
    })

    it('says so when a port is taken', async () => {
      const { verona, port } = await listening('tls')

      await assert.rejects(verona.c2s.listen({ host: '127.0.0.1', port }, 'tls'), { code: 'EADDRINUSE' })

      await verona.c2s.stop()
    })
  })
})

/** The server has seen the connection: its deadline runs. */
async function arrived(verona: StreamKit, socket: net.Socket): Promise<void> {
  await once(socket, 'connect')
  while (verona.timers < 2) await settled()
}
