import { once } from 'node:events'
import net from 'node:net'

const HOST = '127.0.0.1'

/** Ports of the loopback address that nobody has. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // all are held before the first is let go, so that they differ
  const holders = Array.from({ length: count }, () => net.createServer().listen(0, HOST))
  await Promise.all(holders.map(holder => once(holder, 'listening')))
  const ports = holders.map(holder => (holder.address() as net.AddressInfo).port) // they listen on TCP
  await Promise.all(holders.map(holder => new Promise(resolve => holder.close(resolve))))
  return ports
}

/** Whether somebody takes connections there. */
export function accepts(port: number, host = HOST): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
