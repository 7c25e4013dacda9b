/** A client with stream management (XEP-0198) that keeps its side of the bargain, whatever happens to its sockets. */
import { EventEmitter, once } from 'node:events'
import { type Element, xml } from '@xmpp/xml'
import type { TestServer } from '../server-process.js'
import { until } from './until.js'
import { type Cut, type Login, NS, Wire } from './wire.js'

export type Resumption =
  | { readonly resumed: true }
  | { readonly resumed: false; readonly refusal: Element; readonly wire: Wire }

export class ManagedStream {
  jid = ''
  id = ''
  /** Stanzas of the server that we handled. */
  handled = 0
  /** Stanzas of ours that the server says it handled. */
  acknowledged = 0
  /** Called for every stanza, in the turn in which it arrives. */
  onStanza: (stanza: Element) => void = () => {}
  /** Called when the server acknowledges, in the turn in which that arrives. */
  onAck: () => void = () => {}
  /** Elements that this client has no use for, stream errors among them. */
  readonly strange: Element[] = []
  readonly #server
  readonly #login
  readonly #changes = new EventEmitter().setMaxListeners(0)
  readonly #pongs = new Set<string>()
  #wire: Wire | undefined
  #unacknowledged: string[] = []

  static async start(server: TestServer, login: Login, resource: string): Promise<ManagedStream> {
    const stream = new ManagedStream(server, login)
    await stream.startAgain(await stream.spare(), resource)
    return stream
  }

  private constructor(server: TestServer, login: Login) {
    this.#server = server
    this.#login = login
  }

  /** A further connection, logged in and ready to take over. */
  spare(): Promise<Wire> {
    return Wire.login(this.#server, this.#login)
  }

  /** What we said and the server did not acknowledge, oldest first. */
  get unacknowledged(): readonly string[] {
    return this.#unacknowledged
  }

  /** Sends now or, while there is no connection, as soon as there is one. */
  send(...stanzas: readonly (Element | string)[]) {
    const texts = stanzas.map(String)
    this.#unacknowledged.push(...texts)
    this.#wire?.write(texts.join(''))
  }

  requestAck() {
    this.#wire?.send(xml('r', { xmlns: NS.sm }))
  }

  /** For elements that are no stanzas. */
  sendNonza(nonza: Element) {
    this.#wire?.send(nonza)
  }

  /** Everything sent so far is acknowledged when this returns. */
  async settled(): Promise<void> {
    this.requestAck()
    await this.until('everything is acknowledged', () => this.#unacknowledged.length === 0)
  }

  async ping(): Promise<void> {
    const id = `ping-${this.handled}-${this.acknowledged}`
    this.send(xml('iq', { type: 'get', id }, xml('ping', { xmlns: NS.ping })))
    await this.until('a pong', () => this.#pongs.delete(id))
  }

  /** Loses the connection, perhaps in the middle of a stanza. Gives what is left of it. */
  cut(how: Cut, torn?: Element): Wire {
    const wire = this.#connected()
    if (torn) {
      this.#unacknowledged.push(`${torn}`)
      wire.write(`${torn}`.slice(0, `${torn}`.length / 2))
    }
    this.#wire = undefined
    wire.cut(how)
    return wire
  }

  /** After a cut: comes back where it was, if the server lets it, and says again what was lost. */
  async resume(wire?: Wire): Promise<Resumption> {
    const next = wire ?? (await this.spare())
    next.send(xml('resume', { xmlns: NS.sm, h: this.handled, previd: this.id }))
    const answer = await next.next(element => element.getNS() === NS.sm)
    if (answer.attrs.h !== undefined) this.#acknowledge(Number(answer.attrs.h))
    if (!answer.is('resumed', NS.sm)) return { resumed: false, refusal: answer, wire: next }
    next.write(this.#unacknowledged.join(''))
    this.#adopt(next)
    return { resumed: true }
  }

  /** A new session on a connection that is logged in. Gives what the old one had not seen acknowledged. */
  async startAgain(wire: Wire, resource: string): Promise<readonly string[]> {
    this.jid = await wire.bind(resource)
    wire.send(xml('enable', { xmlns: NS.sm, resume: 'true' }))
    const enabled = await wire.next(element => element.getNS() === NS.sm)
    if (!enabled.is('enabled', NS.sm)) throw new Error(`not enabled: ${enabled}`)
    this.id = enabled.attrs.id ?? ''
    this.handled = this.acknowledged = 0
    const lost = this.#unacknowledged
    this.#unacknowledged = []
    this.#adopt(wire)
    return lost
  }

  /** Ends the session for good. */
  async close(): Promise<void> {
    await this.#connected().close()
    this.#wire = undefined
  }

  /** Reads what is still in the line until the server, which went away, is seen to be gone. */
  async drained(): Promise<void> {
    await this.#connected().closed()
    this.#wire = undefined
  }

  /** Waits for something that a stanza or an acknowledgement brings about. */
  async until(what: string, fact: () => boolean): Promise<void> {
    await until(
      () =>
        `${this.jid}: ${what}; ${this.#unacknowledged.length} unacknowledged, unexpected: ${this.strange.join(' ')}`,
      () => fact() || undefined,
      signal => once(this.#changes, 'change', { signal }),
    )
  }

  #connected(): Wire {
    if (this.#wire) return this.#wire
    throw new Error(`${this.jid} has no connection`)
  }

  #adopt(wire: Wire) {
    this.#wire = wire
    wire.listen(element => {
      if (wire !== this.#wire) return
      this.#handle(wire, element)
      this.#changes.emit('change')
    })
  }

  #handle(wire: Wire, element: Element) {
    if (element.is('r', NS.sm)) wire.send(xml('a', { xmlns: NS.sm, h: this.handled }))
    else if (element.is('a', NS.sm)) {
      this.#acknowledge(Number(element.attrs.h))
      this.onAck()
    } else if (['message', 'presence', 'iq'].includes(element.name)) {
      this.handled++
      const { type, id = '', from } = element.attrs
      if (element.name === 'iq' && (type === 'get' || type === 'set'))
        this.send(xml('iq', { type: 'result', id, to: from }))
      else if (element.name === 'iq' && id.startsWith('ping-')) this.#pongs.add(id)
      else this.onStanza(element)
    } else this.strange.push(element)
  }

  #acknowledge(h: number) {
    if (!(h >= this.acknowledged && h - this.acknowledged <= this.#unacknowledged.length)) {
      throw new Error(
        `the server acknowledges ${h} after ${this.acknowledged}, with ${this.#unacknowledged.length} open`,
      )
    }
    this.#unacknowledged.splice(0, h - this.acknowledged)
    this.acknowledged = h
  }
}
