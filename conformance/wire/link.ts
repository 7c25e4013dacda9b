/** The way to a server, and what comes from it. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { CLIENT, type Element, Reader, STREAMS, show } from './xml.js'

/** How clients are encrypted. */
export const TRANSPORTS = ['plain', 'starttls', 'tls'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface Address {
  readonly host: string
  readonly port: number
  readonly domain: string
  readonly transport: Transport
  /** Of its stream: that of clients, or of components. */
  readonly namespace: string
  /** How long to wait for what should come, in milliseconds. */
  readonly patience: number
}

/** What has come: an element, the head or end of a stream, or that the connection has gone. */
export type Arrival =
  | { readonly kind: 'element' | 'opened'; readonly element: Element }
  | { readonly kind: 'closed' | 'gone' | 'failed'; readonly reason?: string }

export const describeArrival = (arrival: Arrival): string => {
  switch (arrival.kind) {
    case 'element':
      return show(arrival.element)
    case 'opened':
      return `a stream header: ${show(arrival.element)}`
    case 'closed':
      return 'the end of the stream'
    case 'gone':
      return 'the end of the connection'
    case 'failed':
      return `something that is not XML (${arrival.reason})`
  }
}

/** One connection of one client. */
export class Link {
  readonly #address: Address
  readonly #arrive: (arrival: Arrival) => void
  readonly #log: (line: string) => void
  #socket: net.Socket
  #reader = this.#newReader()

  private constructor(address: Address, socket: net.Socket, events: LinkEvents) {
    this.#address = address
    this.#arrive = events.arrive
    this.#log = events.log
    this.#socket = socket
    this.#listen()
  }

  static async open(address: Address, events: LinkEvents): Promise<Link> {
    const { host, port, domain, transport } = address
    const socket =
      transport === 'tls'
        ? tls.connect({ host, port, servername: domain, rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] })
        : net.connect({ host, port })
    socket.setNoDelay()
    await once(socket, transport === 'tls' ? 'secureConnect' : 'connect')
    return new Link(address, socket, events)
  }

  /** What identifies the TLS connection to both ends (RFC 9266), or the server's certificate; undefined without TLS. */
  binding(type: string): Buffer | undefined {
    if (!(this.#socket instanceof tls.TLSSocket)) return undefined
    // RFC 5929 §4.1, for certificates that are signed with SHA-256 or a weaker hash
    if (type === 'tls-server-end-point')
      return createHash('sha256').update(this.#socket.getPeerCertificate().raw).digest()
    return this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }

  /** From now on in TLS: the server has agreed. */
  async secure(): Promise<void> {
    this.#socket.removeAllListeners()
    const secured = tls.connect({ socket: this.#socket, servername: this.#address.domain, rejectUnauthorized: false })
    await once(secured, 'secureConnect')
    this.#socket = secured
    this.#listen()
    this.restart()
  }

  /** The next thing that comes is the head of a new stream. */
  restart(): void {
    this.#reader = this.#newReader()
  }

  write(data: string | Uint8Array): void {
    this.#log(`> ${typeof data === 'string' ? data : Buffer.from(data).toString('hex')}`)
    this.#socket.write(data)
  }

  /** Reads no more: what the server sends fills its window. */
  pause(): void {
    this.#socket.pause()
  }

  /** As if the cable were cut. */
  cut(): void {
    this.#socket.destroy()
  }

  #newReader(): Reader {
    return new Reader({
      opened: element => this.#arrive({ kind: 'opened', element }),
      element: element => {
        if (endsStream(element)) this.restart()
        this.#arrive({ kind: 'element', element })
      },
      closed: () => this.#arrive({ kind: 'closed' }),
      failed: reason => this.#arrive({ kind: 'failed', reason }),
    })
  }

  #listen(): void {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    this.#socket.on('data', data => {
      try {
        const text = decoder.decode(data, { stream: true })
        this.#log(`< ${text}`)
        this.#reader.write(text)
      } catch {
        this.#arrive({ kind: 'failed', reason: 'not UTF-8' })
      }
    })
    this.#socket.on('error', () => {}) // 'close' follows
    this.#socket.on('close', () => this.#arrive({ kind: 'gone' }))
  }
}

export interface LinkEvents {
  arrive(arrival: Arrival): void
  /** What goes to and comes from the server, as it does. */
  log(line: string): void
}

/** After these the server expects a new stream (RFC 6120 §5.4.3.3, §6.4.6). */
const endsStream = ({ name, ns }: Element) =>
  (name === 'proceed' && ns === 'urn:ietf:params:xml:ns:xmpp-tls') ||
  (name === 'success' && ns === 'urn:ietf:params:xml:ns:xmpp-sasl')

export const header = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xml:lang='en' xmlns='${CLIENT}' xmlns:stream='${STREAMS}'>`
