import { once } from 'node:events'
import net from 'node:net'

/** A network between a client and a server, which can be cut, or swallow everything without a word. */
export class Network {
  readonly #server: net.Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<net.Socket>()
  #silent = false

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target
    this.#server = net.createServer(client => this.#connect(client))
  }

  static async to(target: { readonly host: string; readonly port: number }): Promise<Network> {
    const network = new Network(target)
    network.#server.listen(0, target.host)
    await once(network.#server, 'listening')
    return network
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not a TCP address')
    return address.port
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size / 2
  }

  /** From now on nothing gets through, and nobody is told. */
  swallow(): void {
    this.#silent = true
  }

  /** Lets through what comes over new connections, and ends those that were there. */
  mend(): void {
    this.#silent = false
    this.cut()
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: net.Socket): void {
    const server = net.connect(this.#target)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', bytes => this.#silent || to.write(bytes))
      from.on('error', () => {}) // it is closed then
      from.once('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}
