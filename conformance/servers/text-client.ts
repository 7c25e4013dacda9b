/** The least client that can be: text goes out, text comes in. For errands before a suite, such as making accounts. */
import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Server } from './server.js'

/** What a client needs to find a server. */
export type Address = Pick<Server, 'name' | 'host' | 'domain' | 'ports' | 'certificate'>

export type Transport = 'plain' | 'STARTTLS' | 'direct TLS'

const PATIENCE_MS = 10_000

export class TextClient {
  #socket: net.Socket
  #text = ''
  readonly #changes = new EventEmitter()
  /** What the server offers on the stream that is open, as it sent it. */
  features = ''
  readonly #server

  /** Connects, opens a stream and, unless the transport is plain, has it encrypted. */
  static async connect(server: Address, transport: Transport): Promise<TextClient> {
    const port = { plain: server.ports.plain, STARTTLS: server.ports.c2s, 'direct TLS': server.ports.c2sTls }[transport]
    if (port === undefined) throw new Error(`${server.name} was started without a port for ${transport}`)
    const client = new TextClient(server, net.connect({ host: server.host, port }))
    if (transport === 'direct TLS') await client.#secure()
    else await client.#listen(client.#socket, 'connect')
    await client.#open()
    if (transport === 'STARTTLS') {
      await client.exchange("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", /<proceed/)
      await client.#secure()
      await client.#open()
    }
    return client
  }

  private constructor(server: Address, socket: net.Socket) {
    this.#server = server
    this.#socket = socket
  }

  /** By PLAIN; binds a resource and gives the full JID. */
  async login(user: string, password: string): Promise<string> {
    const proof = Buffer.from(`\0${user}\0${password}`).toString('base64')
    await this.exchange(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${proof}</auth>`, /<success/)
    await this.#open()
    const bound = await this.exchange(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
      /<jid>([^<]+)<\/jid>.*<\/iq>/s,
    )
    return bound[1] ?? ''
  }

  /** Makes an account (XEP-0077). `user` and `password` need no escaping. */
  async register(user: string, password: string): Promise<void> {
    const fields = `<username>${user}</username><password>${password}</password>`
    await this.exchange(
      `<iq type='set' id='reg-${user}'><query xmlns='jabber:iq:register'>${fields}</query></iq>`,
      new RegExp(`<iq[^>]*id=['"]reg-${user}['"][^>]*/?>`),
    )
  }

  /** Sends something, and waits for what is to come of it. */
  async exchange(text: string, expected: RegExp): Promise<RegExpExecArray> {
    this.#text = ''
    this.#socket.write(text)
    const signal = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      if (/type=['"]error['"]|<failure|<stream:error/.test(this.#text)) throw this.#refusal(text)
      const found = expected.exec(this.#text)
      if (found) return found
      if (this.#socket.closed) throw this.#refusal(text)
      await once(this.#changes, 'change', { signal }).catch(() => Promise.reject(this.#refusal(text)))
    }
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return
    // also by a reset: a server that is done may close before it has read that we are, too
    const closed = new Promise(resolve => this.#socket.once('close', resolve))
    this.#socket.end('</stream:stream>')
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.destroy(), PATIENCE_MS)
    await closed
    clearTimeout(timer)
  }

  async #open() {
    const [features] = await this.exchange(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='${this.#server.domain}'>`,
      /<stream:features.*(<\/stream:features>|<stream:features\/>)/s,
    )
    this.features = features
  }

  #secure() {
    this.#socket.removeAllListeners('data')
    this.#socket = tls.connect({
      socket: this.#socket,
      ca: this.#server.certificate,
      servername: this.#server.domain,
    })
    return this.#listen(this.#socket, 'secureConnect')
  }

  async #listen(socket: net.Socket, ready: string) {
    socket.on('error', () => {}) // told by what is missing then
    await once(socket, ready)
    socket.on('close', () => this.#changes.emit('change'))
    socket.setEncoding('utf8').on('data', text => {
      this.#text += text
      this.#changes.emit('change')
    })
  }

  #refusal(text: string) {
    return new Error(`${this.#server.name} answered ${text} with: ${this.#text || 'nothing'}`)
  }
}

/** Makes accounts, each over a connection of its own: one may be all that a server gives to each. They need no escaping. */
export async function register(server: Address, users: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(users).map(async ([user, password]) => {
      const client = await TextClient.connect(server, server.ports.plain === undefined ? 'STARTTLS' : 'plain')
      try {
        await client.register(user, password)
      } finally {
        await client.close()
      }
    }),
  )
}
