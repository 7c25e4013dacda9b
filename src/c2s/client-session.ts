import type { Awaitable } from '../core/awaitable.js'
import type { Clock, Timer } from '../core/clock.js'
import type { Availability, Custody, Gate, Session } from '../core/session.js'
import { type Slot, Slots } from '../core/slot.js'
import { type Element, serialise, xml } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT, PING, STREAM_MANAGEMENT } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'
import { Inbox } from './inbox.js'
import type { Limits } from './limits.js'
import { Outbox, type Parcel } from './outbox.js'

/** The connection that a session has at a time. */
export interface Line {
  /** To be written in this turn. `taken` is called when the system has it. */
  write(text: string, taken?: () => void): void
  /** Bytes that the client has not read yet, as far as we know. */
  readonly backlog: number
  /** Reads on, if it had stopped for too much being in flight. */
  wake(): void
  /** Ends the stream. */
  close(error: StreamError | undefined): void
}

/** What sessions share. */
export interface SessionWorld {
  readonly limits: Limits
  readonly clock: Clock
  /** Nobody else answers for this stanza, and its session is over. */
  undelivered(stanza: Addressed): void
  /** The session is over: it is to leave the directory, at once. */
  left(session: ClientSession): void
  /** And what it was given is with others: let everybody know. */
  ended(session: ClientSession): Awaitable<void>
}

/** Resumption as it was agreed with the client. */
interface Resumption {
  readonly id: string
  readonly ms: number
}

/** A client's session. It outlives its connection when the client may resume it. XEP-0198 */
export class ClientSession implements Session {
  readonly account: Jid
  presence: Availability | undefined
  readonly #world: SessionWorld
  readonly #slots = new Slots()
  readonly #inbox = new Inbox(() => this.#line?.wake())
  #line: Line | undefined
  /** Stream management, when the client has enabled it. */
  #outbox: Outbox | undefined
  #resumption: Resumption | undefined
  #expiry: Timer | undefined
  /** How many stanzas of the client we have handled since it enabled stream management. */
  #handled = 0
  /** Whether we have asked for an acknowledgement that has not come. */
  #asked = false
  #held: Parcel[] | undefined
  #over = false

  constructor(
    readonly jid: Jid,
    line: Line,
    world: SessionWorld,
  ) {
    this.account = jid.bare
    this.#line = line
    this.#world = world
  }

  /** Its id for resumption; undefined when it cannot be resumed. */
  get resumptionId(): string | undefined {
    return this.#resumption?.id
  }

  get handled(): number {
    return this.#handled
  }

  /** Stanzas of the client that are not dealt with. */
  get inFlight(): number {
    return this.#inbox.count
  }

  get isManaged(): boolean {
    return this.#outbox !== undefined
  }

  // --- towards the client

  send(stanza: Addressed, custody?: Custody): void {
    const text = serialise(stanza.el, CLIENT)
    const parcel = { stanza, custody, size: text.length }
    if (this.#over) this.#lose([parcel])
    else if (this.#held) {
      this.#held.push(parcel)
      if (this.#held.length > this.#world.limits.queue) this.#overflow()
    } else this.#deliver(parcel, text)
  }

  hold(): Gate {
    this.#held ??= []
    return {
      send: (stanza, custody) => {
        const text = serialise(stanza.el, CLIENT)
        if (this.#over) this.#lose([{ stanza, custody, size: text.length }])
        else this.#deliver({ stanza, custody, size: text.length }, text)
      },
      open: () => {
        const held = this.#held ?? []
        this.#held = undefined
        for (const { stanza, custody } of held) this.send(stanza, custody)
      },
    }
  }

  /** What belongs at the end of everything that is written in this turn: a request for acknowledgement. */
  trailer(): string {
    if (!this.#outbox?.count || this.#asked) return ''
    this.#asked = true
    return REQUEST
  }

  /** What makes a client that is there answer. */
  question(id: string): string {
    if (this.#outbox) {
      this.#asked = true
      return REQUEST
    }
    const { jid, account } = this
    return serialise(
      xml('iq', { type: 'get', id, from: account.domain, to: jid.toString() }, xml('ping', { xmlns: PING })),
      CLIENT,
    )
  }

  #deliver(parcel: Parcel, text: string): void {
    const { limits } = this.#world
    const { custody } = parcel
    if (this.#outbox) {
      this.#outbox.add(parcel)
      this.#line?.write(text)
      if (this.#outbox.count > limits.queue || this.#outbox.size > limits.queueBytes) this.#overflow()
    } else if (this.#line) {
      this.#line.write(text, custody && (() => custody.settled(this)))
      if (this.#line.backlog > limits.queueBytes) this.#overflow()
    } else this.#lose([parcel])
  }

  #overflow(): void {
    this.end(new StreamError('resource-constraint', { text: 'Too much is waiting for this client' }))
  }

  // --- from the client

  /** A stanza of the client is being dealt with. */
  takes(done: Awaitable<void>): void {
    // what came before <enable/> is not counted, even if it is finished later
    this.#inbox.add(done, this.#outbox ? this.#count : nothing)
  }

  readonly #count = (): void => {
    this.#handled = (this.#handled + 1) >>> 0
  }

  /** XEP-0198 §3: the answer to <enable/>. */
  enable(request: Element, id: string): Element {
    if (this.#outbox) throw new StreamError('policy-violation', { text: 'Stream management is enabled already' })
    this.#outbox = new Outbox()
    if (!isTrue(request.attrs.resume)) return xml('enabled', { xmlns: STREAM_MANAGEMENT })
    const ms = resumeTime(request.attrs.max, this.#world.limits.resumeTime)
    this.#resumption = { id, ms }
    return xml('enabled', { xmlns: STREAM_MANAGEMENT, id, resume: 'true', max: Math.floor(ms / 1000) })
  }

  /** XEP-0198 §4: <a/>. */
  acknowledge(h: number): void {
    if (!this.#outbox) return
    this.#asked = false
    if (this.#outbox.acknowledge(h, this)) return
    throw new StreamError('undefined-condition', {
      text: `You acknowledged ${h} stanzas, but I sent you ${this.#outbox.sent}`,
      detail: xml('handled-count-too-high', { xmlns: STREAM_MANAGEMENT, h, 'send-count': this.#outbox.sent }),
    })
  }

  /**
   * XEP-0198 §4: <r/>. The answer comes when everything before it is handled: what an acknowledgement covers is
   * committed, and one for less would be of no use.
   */
  answerRequest(): void {
    if (!this.#outbox) return
    this.#inbox.add(undefined, () => this.#line?.write(`<a xmlns='${STREAM_MANAGEMENT}' h='${this.#handled}'/>`))
  }

  // --- connections

  /** The connection is gone, and nobody said goodbye. */
  detach(line: Line): void {
    if (this.#line !== line) return
    this.#line = undefined
    if (!this.#resumption) this.#finish()
    else if (!this.#over) this.#expiry = this.#world.clock.after(this.#resumption.ms, () => this.#finish())
  }

  /** Takes the session from the connection it has; resolves when what that had read is dealt with. */
  release(): Awaitable<void> {
    const line = this.#line
    if (line) {
      this.detach(line)
      line.close(new StreamError('conflict', { text: 'The session was resumed on another connection' }))
    }
    return this.#inbox.settled()
  }

  /** Goes on with another connection; the client has handled what `acknowledge` was told. XEP-0198 §5 */
  attach(line: Line): void {
    this.#expiry?.cancel()
    this.#line = line
    this.#asked = false
    for (const { stanza } of this.#outbox?.parcels ?? []) line.write(serialise(stanza.el, CLIENT))
  }

  get isOver(): boolean {
    return this.#over
  }

  end(error: StreamError): void {
    const line = this.#line
    this.#line = undefined
    this.#finish()
    line?.close(error)
  }

  /** The stream on this connection has ended, and with it the session, unless that has another one by now. */
  leave(line: Line): void {
    if (this.#line !== line) return
    this.#line = undefined
    this.#finish()
  }

  /**
   * What the client does not have is with others before anything new can come: order is kept. Everybody hears that the
   * session is gone when the last that it said itself is dealt with.
   */
  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#expiry?.cancel()
    this.#world.left(this)
    this.#lose([...(this.#outbox?.empty() ?? []), ...(this.#held ?? [])])
    this.#held = undefined
    this.#inbox.add(undefined, () => void this.#world.ended(this))
  }

  #lose(parcels: readonly Parcel[]): void {
    for (const { stanza, custody } of parcels) {
      if (custody) custody.lost(this)
      else this.#world.undelivered(stanza)
    }
  }

  // --- what modules keep

  get<T>(slot: Slot<T>): T {
    return this.#slots.get(slot)
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots.set(slot, value)
  }
}

const REQUEST = `<r xmlns='${STREAM_MANAGEMENT}'/>`

const nothing = (): void => {}

const isTrue = (written: string | undefined): boolean => written === 'true' || written === '1'

/** The client may want less time than it could have (XEP-0198 §3). */
function resumeTime(max: string | undefined, ours: number): number {
  return max !== undefined && /^\d{1,9}$/.test(max) ? Math.min(Number(max) * 1000, ours) : ours
}
