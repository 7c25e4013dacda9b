import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { TextClient } from './text-client.js'

const FEATURES = '<stream:features><register/></stream:features>'

/** A server that knows nothing but how to begin, and ends as it is told to. */
async function begins(end: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      if (data.includes('</stream:stream>')) end(socket)
      else socket.write(FEATURES)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function connect(server: net.Server): Promise<TextClient> {
  const { port } = server.address() as net.AddressInfo // it listens on TCP
  const ports = { plain: port, c2s: port, c2sTls: port }
  return TextClient.connect(
    { name: 'a server', host: '127.0.0.1', domain: 'localhost', ports, certificate: '' },
    'plain',
  )
}

describe('the least client', () => {
  for (const [how, end] of [
    ['closes in good order', (socket: net.Socket) => void socket.end('</stream:stream>')],
    ['cuts the connection', (socket: net.Socket) => void socket.resetAndDestroy()],
  ] as const)
    it(`is closed when the server ${how}`, async () => {
      const server = await begins(end)
      const client = await connect(server)
      assert.equal(client.features, FEATURES)

      await client.close()

      const closed = once(server, 'close')
      server.close()
      await closed
    })
})
