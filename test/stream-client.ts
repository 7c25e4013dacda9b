/** A small strict client for the in-memory streams of stream-kit.ts: it speaks in text and awaits elements. */
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { child, type Element, StreamClose, type StreamEvent, StreamOpen, StreamParser } from '../src/xml/index.js'
import { BIND, CLIENT, DELAY, SASL, STREAM, STREAM_ERRORS, STREAM_MANAGEMENT, TLS } from '../src/xmpp/ns.js'
import { settled } from './kit.js'

/** The password of everybody in Verona. */
export const PASSWORD = 'wherefore art thou'

/** One end of a connection: a client that takes what comes word for word, and does nothing of its own accord. */
export class Wire {
  jid = ''
  #socket: Duplex
  #parser = newParser()
  readonly #unread: (StreamEvent | Lost)[] = []
  #wake: () => void = () => {}

  constructor(socket: Duplex) {
    this.#socket = socket
    this.#listen()
  }

  // --- saying

  /** In one piece. */
  send(...text: readonly string[]): void {
    this.#socket.write(text.join(''))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Begins a stream; what comes from here on is a new one of the server's. */
  begins(attrs = "to='verona.example' version='1.0'"): void {
    this.#parser = newParser()
    this.send(`<?xml version='1.0'?><stream:stream xmlns='${CLIENT}' xmlns:stream='${STREAM}' ${attrs}>`)
  }

  /** Begins a stream and reads what it is offered. */
  async opens(attrs?: string): Promise<Element> {
    this.begins(attrs)
    const header = await this.header()
    assert.equal(header.attrs.version, '1.0')
    return this.takes('features', STREAM)
  }

  async secures(options?: tls.ConnectionOptions): Promise<void> {
    this.send(`<starttls xmlns='${TLS}'/>`)
    await this.takes('proceed', TLS)
    await this.shakesHands(options)
  }

  /** The client's part of a TLS handshake. */
  async shakesHands(options: tls.ConnectionOptions = {}): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data').removeAllListeners('end')
    const secured = tls.connect({ socket: plain, rejectUnauthorized: false, ...options })
    secured.on('error', () => {})
    this.#socket = secured
    this.#listen()
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve)
      secured.once('close', () => reject(new Error('no TLS')))
    })
  }

  /** Its end of the TLS channel. */
  get channel(): tls.TLSSocket {
    assert.ok(this.#socket instanceof tls.TLSSocket, 'there is no TLS')
    return this.#socket
  }

  /** Logs in, and begins the stream on which a resource is bound. */
  async logsIn(user: string, attrs?: string): Promise<Element> {
    this.send(plain(user, PASSWORD))
    await this.takes('success', SASL)
    return this.opens(attrs)
  }

  async binds(resource?: string): Promise<void> {
    this.send(bindRequest(resource))
    const result = await this.takes('iq')
    assert.equal(result.attrs.type, 'result', `${result}`)
    this.jid = child(result.getChild('bind', BIND) ?? result, 'jid')?.getText() ?? ''
  }

  /** Enables stream management; the answer. */
  async enables(attrs = "resume='true'"): Promise<Element> {
    this.send(`<enable xmlns='${STREAM_MANAGEMENT}' ${attrs}/>`)
    return this.takes('enabled', STREAM_MANAGEMENT)
  }

  acknowledges(h: number): void {
    this.send(`<a xmlns='${STREAM_MANAGEMENT}' h='${h}'/>`)
  }

  /** Asks how many stanzas the server has handled; what came before the answer is left unread. */
  async handled(): Promise<number> {
    this.send(`<r xmlns='${STREAM_MANAGEMENT}'/>`)
    const answer = await this.finds(event => isElement(event) && event.is('a', STREAM_MANAGEMENT))
    return isElement(answer) ? Number(answer.attrs.h) : Number.NaN
  }

  /** Asks to go on with a session; the answer. */
  async resumes(id: string, h: number): Promise<Element> {
    this.send(`<resume xmlns='${STREAM_MANAGEMENT}' previd='${id}' h='${h}'/>`)
    const answer = await this.next()
    assert.ok(isElement(answer), `an answer was expected, but there came ${nameOf(answer)}`)
    return answer
  }

  /** Sends a request that the server answers itself; all that came before the answer is left unread. */
  async pings(): Promise<void> {
    this.send(`<iq type='get' id='ping' to='verona.example'><nobody-answers xmlns='urn:example'/></iq>`)
    await this.finds(event => isElement(event) && event.attrs.id === 'ping')
  }

  // --- hearing

  /** What has come and was not taken. */
  get unread(): readonly string[] {
    return this.#unread.map(nameOf)
  }

  /** The same, taken. */
  takesAll(): (StreamEvent | Lost)[] {
    return this.#unread.splice(0)
  }

  async next(): Promise<StreamEvent | Lost> {
    return this.finds(() => true)
  }

  async header(): Promise<StreamOpen> {
    const event = await this.next()
    assert.ok(event instanceof StreamOpen, `a header was expected, but there came ${nameOf(event)}`)
    return event
  }

  /** The next thing that comes, which is an element of this name. */
  async takes(name: string, ns: string = CLIENT): Promise<Element> {
    const event = await this.next()
    assert.ok(isElement(event), `<${name}/> was expected, but there came ${nameOf(event)}`)
    const found = event.attrs.xmlns ?? CLIENT
    assert.deepEqual([event.name, found], [name, ns], `${event}`)
    return event
  }

  /** The next thing that comes is one of these, of SASL. */
  async anyOf(...names: readonly string[]): Promise<Element> {
    const event = await this.next()
    assert.ok(isElement(event) && names.includes(event.name), `${names} was expected, but there came ${nameOf(event)}`)
    assert.equal(event.attrs.xmlns, SASL)
    return event
  }

  /** The next thing that comes is a message; its words. */
  async hears(): Promise<string> {
    return bodyOf(await this.takes('message'))
  }

  /** As many messages, and nothing but them. */
  async hearsSeveral(count: number): Promise<string[]> {
    const heard: string[] = []
    while (heard.length < count) heard.push(await this.hears())
    return heard
  }

  /** The first that fits; what comes before stays unread. */
  async finds(fits: (event: StreamEvent | Lost) => boolean): Promise<StreamEvent | Lost> {
    for (;;) {
      const index = this.#unread.findIndex(fits)
      const [found] = index < 0 ? [] : this.#unread.splice(index, 1)
      if (found) return found
      assert.ok(!(this.#unread.at(-1) instanceof Lost), `the connection is gone, unread: ${this.unread.join(' ')}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** The next thing that comes is an error, and with it the end of the stream: its condition. */
  async fails(): Promise<string> {
    return conditionOf(await this.failure())
  }

  /** The same; the error as it is. */
  async failure(): Promise<Element> {
    const error = await this.takes('error', STREAM)
    await this.ends()
    return error
  }

  /** The next thing that comes is the end of the stream. The client ends its own, too, and closes the connection. */
  async ends(): Promise<void> {
    const event = await this.next()
    assert.ok(event instanceof StreamClose, `the end was expected, but there came ${nameOf(event)}`)
    this.#socket.end()
    await this.isGone()
  }

  /** The next thing that comes is the end of the connection. */
  async isGone(): Promise<void> {
    const event = await this.next()
    assert.ok(event instanceof Lost, `nothing more was expected, but there came ${nameOf(event)}`)
  }

  // --- the connection

  /** It breaks: both sides see it go. */
  async cuts(): Promise<void> {
    this.#socket.destroy()
    await settled()
  }

  /** Closes the connection, but not the stream. */
  async hangsUp(): Promise<void> {
    this.#socket.end()
    await settled()
  }

  /** Ends the stream and closes the connection without waiting for anything. */
  leavesAtOnce(): void {
    this.#socket.end('</stream:stream>')
  }

  stopsReading(): void {
    this.#socket.pause()
  }

  readsOn(): void {
    this.#socket.resume()
  }

  /** Bytes that the server has not read yet. */
  get unsent(): number {
    return this.#socket.writableLength
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('data', chunk => {
      this.#parser.write(chunk)
      for (let event = this.#parser.next(); event; event = this.#parser.next()) this.#take(event)
    })
    socket.on('error', () => {})
    let isLost = false
    const lose = () => {
      if (!isLost && socket === this.#socket) this.#take(new Lost())
      isLost = true
    }
    socket.on('end', lose)
    socket.on('close', lose)
  }

  #take(event: StreamEvent | Lost): void {
    this.#unread.push(event)
    this.#wake()
  }
}

/** The connection is no more. */
export class Lost {}

export const plain = (user: string, password: string): string =>
  `<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(`\0${user}\0${password}`)}</auth>`

export const bindRequest = (resource?: string): string =>
  `<iq type='set' id='bind'><bind xmlns='${BIND}'>${
    resource === undefined ? '' : `<resource>${resource}</resource>`
  }</bind></iq>`

/** A chat message to an account of Verona, or one of its resources: `juliet`, `juliet/tomb`. */
export const chat = (to: string, words: string | number): string => {
  const [user, ...resource] = to.split('/')
  return `<message type='chat' to='${[`${user}@verona.example`, ...resource].join('/')}'><body>${words}</body></message>`
}

export const bodyOf = (message: Element): string => child(message, 'body')?.getText() ?? ''

/** When it was sent, as far as the server says so. */
export const delayOf = (message: Element): string | undefined => child(message, 'delay', DELAY)?.attrs.stamp

/** The condition of a stream error, or of any other. */
export function conditionOf(error: Element): string {
  const conditions = error.getChildElements().filter(({ name }) => name !== 'text')
  return (conditions.find(({ attrs }) => attrs.xmlns === STREAM_ERRORS) ?? conditions[0])?.name ?? ''
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const isElement = (event: StreamEvent | Lost): event is Element =>
  !(event instanceof StreamOpen || event instanceof StreamClose || event instanceof Lost)

const nameOf = (event: StreamEvent | Lost): string => (isElement(event) ? `${event}` : event.constructor.name)

const newParser = () => new StreamParser({ maxStanzaBytes: 4 * 1024 * 1024, maxDepth: 100, maxAttributes: 100 })
