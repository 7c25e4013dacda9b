/**
 * The floor: a server that knows no XML. It splits lines and passes them between two paired sockets, with one
 * write per socket per turn of the event loop. A connection's first line is the number of its pair.
 *
 *     node relay.js PORT
 */
import { createServer, type Socket } from 'node:net'

const alone = new Map<string, End>()
const full = new Set<End>()

interface End {
  readonly socket: Socket
  readonly outgoing: Buffer[]
  partner: End | undefined
  tail: Buffer | undefined
}

const server = createServer(socket => {
  const end: End = { socket, outgoing: [], partner: undefined, tail: undefined }
  socket.setNoDelay(true)
  socket.on('data', chunk => {
    if (end.partner) forward(end, end.partner, chunk)
    else pairUp(end, chunk.toString())
  })
  socket.on('error', () => socket.destroy())
})

const forward = (end: End, partner: End, chunk: Buffer): void => {
  const bytes = end.tail ? Buffer.concat([end.tail, chunk]) : chunk
  let start = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, start)) {
    partner.outgoing.push(bytes.subarray(start, at + 1))
    start = at + 1
  }
  end.tail = start < bytes.length ? bytes.subarray(start) : undefined
  if (full.size === 0) setImmediate(flush)
  full.add(partner)
}

const flush = (): void => {
  for (const { socket, outgoing } of full) {
    const [only] = outgoing
    socket.write(outgoing.length === 1 && only ? only : Buffer.concat(outgoing))
    outgoing.length = 0
  }
  full.clear()
}

const pairUp = (end: End, pair: string): void => {
  const partner = alone.get(pair)
  if (!partner) {
    alone.set(pair, end)
    return
  }
  alone.delete(pair)
  end.partner = partner
  partner.partner = end
  for (const { socket } of [end, partner]) socket.write('paired\n')
}

const NEWLINE = 0x0a

process.on('SIGTERM', () => process.exit(0))
server.listen(Number(process.argv[2]), '127.0.0.1')
