/** The smallest client that can misbehave: a socket, TLS, SASL, and elements one by one. Imports nothing from src/. */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { type Element, xml } from '@xmpp/xml'
import Parser from '@xmpp/xml/lib/Parser.js'
import type { TestServer } from '../server-process.js'
import { until } from './until.js'

export const NS = {
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  ping: 'urn:xmpp:ping',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  sm: 'urn:xmpp:sm:3',
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  stream: 'http://etherx.jabber.org/streams',
  streams: 'urn:ietf:params:xml:ns:xmpp-streams',
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
} as const

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-1'

/** How a connection can end without a word. */
export type Cut =
  /** The peer is told by a reset; what was under way is lost. */
  | 'reset'
  /** The peer is told by the end of the TCP stream. */
  | 'close'
  /** The peer is not told: the socket stays, but nobody is there. */
  | 'silence'

export interface Login {
  readonly jid: string
  readonly password: string
  readonly mechanism?: Mechanism
  /** TLS from the first byte instead of STARTTLS. */
  readonly directTls?: boolean
}

export class Wire {
  readonly #server: TestServer
  readonly #raw: net.Socket
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #socket: net.Socket
  #parser: Parser | undefined
  #inbox: Element[] = []
  #listener: ((element: Element) => void) | undefined
  #gone = false
  #closed = false
  #ids = 0

  /** Connects and logs in; what follows is `bind` or a resume. */
  static async login(
    server: TestServer,
    { jid, password, mechanism = 'SCRAM-SHA-1', directTls }: Login,
  ): Promise<Wire> {
    const port = directTls ? server.ports.c2sTls : server.ports.c2s
    const raw = net.connect({ host: server.host, port, noDelay: true })
    await once(raw, 'connect')
    const wire = new Wire(server, raw)
    if (directTls) await wire.#secure()
    else {
      await wire.open()
      wire.send(xml('starttls', { xmlns: NS.tls }))
      await wire.next(element => element.is('proceed', NS.tls))
      await wire.#secure()
    }
    await wire.open()
    await wire.#authenticate(jid.split('@')[0] ?? '', password, mechanism)
    await wire.open()
    return wire
  }

  private constructor(server: TestServer, raw: net.Socket) {
    this.#server = server
    this.#raw = this.#socket = raw
    raw.on('error', () => {}) // its close says enough
    raw.once('close', () => {
      this.#closed = true
      this.#changes.emit('change')
    })
    this.#listenTo(raw)
  }

  /** Starts a stream and awaits its features. */
  async open(): Promise<Element> {
    const parser = new Parser()
    this.#parser = parser
    parser.on('element', (element: Element) => this.#take(parser, element))
    parser.on('error', (fault: Error) => this.#socket.destroy(fault))
    const { domain } = this.#server
    this.write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`,
    )
    return this.next(element => element.is('features', NS.stream))
  }

  async bind(resource: string): Promise<string> {
    const result = await this.request('set', xml('bind', { xmlns: NS.bind }, xml('resource', {}, resource)))
    return result.getChild('bind', NS.bind)?.getChild('jid')?.getText() ?? ''
  }

  /** Sends an iq and awaits the answer to it. */
  async request(type: 'get' | 'set', payload: Element): Promise<Element> {
    const id = `wire-${++this.#ids}`
    this.send(xml('iq', { type, id }, payload))
    return this.next(element => element.name === 'iq' && element.attrs.id === id)
  }

  /** What was sent before is handled, and answered, when this returns. */
  async ping(): Promise<void> {
    await this.request('get', xml('ping', { xmlns: NS.ping }))
  }

  send(...elements: readonly Element[]) {
    this.write(elements.join(''))
  }

  write(text: string) {
    if (!this.#gone) this.#socket.write(text)
  }

  /** The first element that fits and was not taken yet; the others stay. */
  async next(fits: (element: Element) => boolean): Promise<Element> {
    const found = await until(
      () => `the element comes\n${this.#closed ? 'the connection is closed\n' : ''}received: ${this.#inbox.join('\n')}`,
      () => this.#inbox.find(fits) ?? (this.#closed ? null : undefined),
      signal => once(this.#changes, 'change', { signal }),
    )
    if (found === null) throw new Error(`the connection closed; received: ${this.#inbox.join('\n')}`)
    this.#inbox = this.#inbox.filter(element => element !== found)
    return found
  }

  /** From now on every element goes to the listener, in the turn in which it is parsed. */
  listen(listener: (element: Element) => void) {
    this.#listener = listener
    const early = this.#inbox
    this.#inbox = []
    for (const element of early) listener(element)
  }

  /** Ends the connection for us: from here on nothing is sent or noticed. */
  cut(how: Cut) {
    this.#gone = true
    this.#listener = undefined
    if (how === 'silence') this.#socket.pause()
    else if (how === 'reset') this.#raw.resetAndDestroy()
    else this.#raw.destroy()
  }

  /** After a silence: what the server said to nobody until it closed. */
  async remains(): Promise<readonly Element[]> {
    this.#gone = false
    this.#socket.resume()
    await this.closed()
    return this.#inbox
  }

  async closed(): Promise<void> {
    await until(
      () => 'the server closes the connection',
      () => this.#closed || undefined,
      signal => once(this.#changes, 'change', { signal }),
    )
  }

  /** Says goodbye as a well-behaved client does. */
  async close(): Promise<void> {
    this.write('</stream:stream>')
    await this.closed()
  }

  #take(parser: Parser, element: Element) {
    if (this.#gone || parser !== this.#parser) return
    if (this.#listener) return this.#listener(element)
    this.#inbox.push(element)
    this.#changes.emit('change')
  }

  #listenTo(socket: net.Socket) {
    const decoder = new StringDecoder('utf8')
    socket.on('data', data => {
      if (socket === this.#socket) this.#parser?.write(decoder.write(data))
    })
    socket.on('end', () => {
      if (socket === this.#socket) socket.end()
    })
  }

  async #secure() {
    const { certificate, domain } = this.#server
    const socket = tls.connect({ socket: this.#raw, servername: domain, ca: readFileSync(certificate) })
    this.#socket = socket
    await once(socket, 'secureConnect')
    socket.on('error', () => {}) // its close says enough
    this.#listenTo(socket)
  }

  async #authenticate(user: string, password: string, mechanism: Mechanism) {
    const mechanisms = { PLAIN: () => this.#plain(user, password), 'SCRAM-SHA-1': () => this.#scram(user, password) }
    await mechanisms[mechanism]()
  }

  async #plain(user: string, password: string) {
    this.send(xml('auth', { xmlns: NS.sasl, mechanism: 'PLAIN' }, base64(`\0${user}\0${password}`)))
    await this.#saslAnswer('success')
  }

  /** RFC 5802 §5 */
  async #scram(user: string, password: string) {
    const first = `n=${user},r=${randomBytes(18).toString('base64')}`
    this.send(xml('auth', { xmlns: NS.sasl, mechanism: 'SCRAM-SHA-1' }, base64(`n,,${first}`)))
    const challenge = await this.#saslAnswer('challenge')
    const { r = '', s = '', i = '' } = Object.fromEntries(challenge.split(',').map(part => [part[0], part.slice(2)]))
    const salted = await promisify(pbkdf2)(password, Buffer.from(s, 'base64'), Number(i), 20, 'sha1')
    const clientKey = hmac(salted, 'Client Key')
    const message = `${first},${challenge},c=biws,r=${r}`
    const signature = hmac(createHash('sha1').update(clientKey).digest(), message)
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))
    this.send(xml('response', { xmlns: NS.sasl }, base64(`c=biws,r=${r},p=${Buffer.from(proof).toString('base64')}`)))
    const final = await this.#saslAnswer('success')
    const expected = `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`
    if (final !== expected) throw new Error(`the server does not know the password: ${final}`)
  }

  async #saslAnswer(name: 'challenge' | 'success'): Promise<string> {
    const answer = await this.next(element => element.getNS() === NS.sasl && element.name !== 'mechanisms')
    if (answer.name !== name) throw new Error(`login refused: ${answer}`)
    return Buffer.from(answer.getText(), 'base64').toString()
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

const hmac = (key: Buffer, text: string) => createHmac('sha1', key).update(text).digest()
