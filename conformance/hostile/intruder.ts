/** A connection that keeps to no protocol. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'

export class Intruder {
  readonly socket: net.Socket
  /** What came, as text. */
  heard = ''
  #closed = false
  readonly #ended: Promise<void>

  constructor(socket: net.Socket) {
    this.socket = socket
    this.#ended = new Promise(resolve => {
      socket.once('close', () => {
        this.#closed = true
        resolve()
      })
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('data', data => (this.heard += data))
  }

  static async connect(port: number): Promise<Intruder> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true })
    const intruder = new Intruder(socket)
    await Promise.race([once(socket, 'connect').catch(() => {}), intruder.#ended])
    return intruder
  }

  /** With TLS from the first byte. */
  static async secure(port: number, options: tls.ConnectionOptions = {}): Promise<Intruder> {
    const socket = tls.connect({
      ...{ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false },
      ...options,
    })
    const intruder = new Intruder(socket)
    await Promise.race([once(socket, 'secureConnect').catch(() => {}), intruder.#ended])
    return intruder
  }

  get isClosed(): boolean {
    return this.#closed
  }

  say(data: string | Uint8Array): void {
    if (!this.#closed) this.socket.write(data)
  }

  /** Whether the server has ended the connection by then, in milliseconds. */
  async isClosedWithin(time: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, time)
    })
    await Promise.race([this.#ended, late])
    clearTimeout(timer)
    return this.#closed
  }

  /** Waits until this has come; fails if it does not. */
  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) {
      const news = once(this.socket, 'data', { signal: AbortSignal.timeout(10_000) })
      if (this.#closed) throw new Error(`closed before ${text} came, after ${this.heard}`)
      await Promise.race([news.catch(() => this.leave()), this.#ended])
    }
  }

  leave(): void {
    this.socket.destroy()
  }
}

/** Does something so many times, some of them at once. */
export async function times(count: number, act: (turn: number) => Promise<void>, atOnce = 20): Promise<void> {
  let turn = 0
  const worker = async () => {
    while (turn < count) await act(turn++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
}
