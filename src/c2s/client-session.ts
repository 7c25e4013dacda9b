import { isGuest } from '../core/accounts.js'
import type { Awaitable } from '../core/awaitable.js'
import type { Timer } from '../core/clock.js'
import type { Availability, Custody, Gate, Session, SessionStatus } from '../core/session.js'
import { type Slot, Slots } from '../core/slot.js'
import { type Element, serialise, xml } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT, PING, STREAM_MANAGEMENT } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'
import { Waiting } from './client-state.js'
import { Inbox } from './inbox.js'
import { Outbox, type Parcel } from './outbox.js'
import { Patience } from './patience.js'
import type { Line, SessionWorld } from './session-world.js'

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
  readonly #since: number
  readonly #slots = new Slots()
  readonly #inbox = new Inbox(() => this.#line?.wake())
  #line: Line | undefined
  /** Stream management, when the client has enabled it. */
  #outbox: Outbox | undefined
  #resumption: Resumption | undefined
  #expiry: Timer | undefined
  /** How many stanzas of the client we have handled since it enabled stream management. */
  #handled = 0
  /** Runs while we have asked for an acknowledgement that has not come; without stream management, while too much waits. */
  readonly #patience: Patience
  #held: Outbox | undefined
  /** While the client is not in use. */
  #waiting: Waiting | undefined
  /** Without stream management: what the connection was given, and has not written as far as we know. */
  readonly #unwritten: Parcel[] = []
  #over = false

  constructor(
    readonly jid: Jid,
    line: Line,
    world: SessionWorld,
  ) {
    this.account = jid.bare
    this.#line = line
    this.#world = world
    this.#patience = new Patience(world)
    this.#since = world.clock.now()
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

  /** What it was given and its client does not have, as far as we know. */
  get backlog(): { readonly stanzas: number; readonly bytes: number } {
    const [outbox, held] = [this.#outbox, this.#held]
    return {
      stanzas: (outbox?.count ?? this.#unwritten.length) + (held?.count ?? 0),
      bytes: Math.max(outbox?.size ?? 0, this.#line?.backlog ?? 0) + (held?.size ?? 0),
    }
  }

  // --- towards the client

  send(stanza: Addressed, custody?: Custody): void {
    const text = serialise(stanza.el, CLIENT)
    const parcel = { stanza, custody, size: text.length }
    if (this.#held && !this.#over) {
      this.#held.add(parcel)
      this.#limit(this.#held)
    } else this.#pass(parcel, text)
  }

  hold(): Gate {
    this.#held ??= new Outbox()
    return {
      send: (stanza, custody) => {
        const text = serialise(stanza.el, CLIENT)
        this.#pass({ stanza, custody, size: text.length }, text)
      },
      open: () => {
        const held = this.#held?.empty() ?? []
        this.#held = undefined
        for (const { stanza, custody } of held) this.send(stanza, custody)
      },
    }
  }

  /** What belongs at the end of everything that is written in this turn: a request for acknowledgement. */
  trailer(): string {
    if (!this.#outbox?.count || this.#patience.isRunning) return ''
    this.#patience.begin()
    return REQUEST
  }

  /** What makes a client that is there answer. */
  question(id: string): string {
    this.#flush() // it has to wake up
    if (this.#outbox) {
      this.#patience.begin()
      return REQUEST
    }
    const { jid, account } = this
    return serialise(
      xml('iq', { type: 'get', id, from: account.domain, to: jid.toString() }, xml('ping', { xmlns: PING })),
      CLIENT,
    )
  }

  #pass(parcel: Parcel, text: string): void {
    if (this.#over) this.#lose([parcel])
    else if (this.#waiting) this.#deliverInactive(parcel, text, this.#waiting)
    else this.#deliver(parcel, text)
  }

  #deliverInactive(parcel: Parcel, text: string, waiting: Waiting): void {
    if (waiting.takes(parcel, this.#world.clock.now())) {
      if (waiting.isFull) this.#flush()
      return
    }
    this.#flush()
    if (this.#over) this.#lose([parcel])
    else this.#deliver(parcel, text)
  }

  /** All that waits goes out; too much of it may end the session. */
  #flush(): void {
    for (const parcel of this.#waiting?.empty() ?? []) {
      if (this.#over) this.#lose([parcel])
      else this.#deliver(parcel, serialise(parcel.stanza.el, CLIENT))
    }
  }

  #deliver(parcel: Parcel, text: string): void {
    this.#world.counts.sent.add(parcel.stanza.kind)
    if (this.#outbox) {
      this.#outbox.add(parcel)
      this.#line?.write(text)
      this.#limit(this.#outbox, this.#patience)
    } else if (this.#line) {
      this.#unwritten.push(parcel)
      this.#line.write(text, this.#told)
      this.#limitBacklog(this.#line)
    } else this.#lose([parcel])
  }

  /** What was given to the connection without stream management is written, or will not be. */
  readonly #told = (isWritten: boolean): void => {
    if (isWritten) this.#unwritten.shift()?.custody?.settled(this)
    else if (this.#over) this.#lose(this.#unwritten.splice(0)) // or else it is lost with the connection, in a moment
  }

  /** What is kept back for the client it cannot take: it has no time for that which could be up. */
  #limit({ count, size }: Outbox, time?: Patience): void {
    const burden = { count, bytes: size }
    if (!this.#patience.isOver(burden)) return
    if (!this.#line || time?.isGone || this.#patience.isFarOver(burden)) this.#overflow()
  }

  #limitBacklog({ backlog }: Line): void {
    const burden = { count: 0, bytes: backlog }
    if (!this.#patience.isOver(burden)) return this.#patience.end()
    this.#patience.begin()
    if (this.#patience.isGone || this.#patience.isFarOver(burden)) this.#overflow()
  }

  #overflow(): void {
    this.end(new StreamError('resource-constraint', { text: 'Too much is waiting for this client' }))
  }

  // --- from the client

  /** A stanza of the client is being dealt with. */
  takes(done: Awaitable<void>): void {
    if (this.#waiting) this.#flush() // it is awake, and this costs it little
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
    this.#patience.end() // from here on it is about acknowledgements
    // a guest who logs in again is another
    if (!isTrue(request.attrs.resume) || this.get(isGuest)) return xml('enabled', { xmlns: STREAM_MANAGEMENT })
    const ms = resumeTime(request.attrs.max, this.#world.limits.resumeTime)
    this.#resumption = { id, ms }
    return xml('enabled', { xmlns: STREAM_MANAGEMENT, id, resume: 'true', max: Math.floor(ms / 1000) })
  }

  /** XEP-0198 §4: <a/>. */
  acknowledge(h: number): void {
    if (!this.#outbox) return
    const before = this.#outbox.count
    this.#patience.end()
    if (this.#outbox.acknowledge(h, this)) {
      // it goes on: what came behind the last request is asked for in its turn, not only when more is written
      if (this.#outbox.count > 0 && this.#outbox.count < before) this.#line?.write('')
      return
    }
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
    this.#flush() // as with a stanza
    this.#inbox.add(undefined, () => this.#line?.write(this.#acknowledgement()))
  }

  #acknowledgement(): string {
    return `<a xmlns='${STREAM_MANAGEMENT}' h='${this.#handled}'/>`
  }

  /**
   * XEP-0352: whether somebody looks at the client. What may wait does while nobody does, also while it has no
   * connection; it begins anew with each (§5.2).
   */
  set isActive(is: boolean) {
    if (!is) this.#waiting ??= new Waiting(this.#world.limits, this)
    else if (this.#waiting) {
      this.#flush()
      this.#waiting = undefined
    }
  }

  /** What waits while the client is not in use; undefined while it is. */
  get waiting(): { readonly count: number } | undefined {
    return this.#waiting
  }

  /** Whether it is not in use, and nothing is expected of it. */
  get isResting(): boolean {
    return this.#waiting !== undefined && this.#outbox?.count === 0
  }

  /** Nothing waits for ever. */
  checkWaiting(now: number): void {
    if (this.#waiting?.isDue(now)) this.#flush()
  }

  // --- connections

  /** The connection is gone, with what it had not written, and nobody said goodbye. */
  detach(line: Line): void {
    if (this.#line !== line) return
    this.#line = undefined
    const unwritten = this.#unwritten.splice(0)
    if (!this.#resumption) return this.#finish(unwritten)
    this.#lose(unwritten) // from before stream management: the client does not wait for it
    if (!this.#over) this.#expiry = this.#world.clock.after(this.#resumption.ms, () => this.#finish())
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
    this.#patience.end()
    for (const { stanza } of this.#outbox?.parcels ?? []) line.write(serialise(stanza.el, CLIENT))
    this.isActive = true
  }

  get isAttached(): boolean {
    return this.#line !== undefined
  }

  get isOver(): boolean {
    return this.#over
  }

  end(error: StreamError): void {
    const line = this.#line
    this.#line = undefined
    const isStuck = line !== undefined && line.backlog > this.#world.limits.queueBytes
    this.#finish(isStuck ? this.#unwritten.splice(0) : [])
    if (isStuck) line.drop(error)
    else line?.close(error)
  }

  /**
   * The stream on this connection ends, and with it the session, unless that has another one by now. Gives back the last
   * that is to be said of it: what is acknowledged now is not sent again when the client comes back.
   */
  leave(line: Line): string {
    if (this.#line !== line) return ''
    this.#flush() // it may still read
    this.#line = undefined
    this.#finish()
    return this.#outbox ? this.#acknowledgement() : ''
  }

  /**
   * What the client does not have is with others before anything new can come: order is kept. Everybody hears that the
   * session is gone when the last that it said itself is dealt with.
   */
  #finish(unwritten: readonly Parcel[] = []): void {
    if (this.#over) return
    this.#over = true
    this.#expiry?.cancel()
    this.#world.left(this)
    const kept = [this.#outbox, this.#waiting, this.#held].flatMap(queue => queue?.empty() ?? [])
    this.#lose([...unwritten, ...kept])
    this.#world.ended(this, this.#inbox.settled())
  }

  #lose(parcels: readonly Parcel[]): void {
    for (const { stanza, custody } of parcels) {
      if (custody) custody.lost(this)
      else this.#world.undelivered(stanza)
    }
  }

  status(): SessionStatus {
    const line = this.#line
    return {
      since: this.#since,
      from: line?.wire.from,
      encryption: line?.wire.encryption,
      isConnected: line !== undefined,
      management: this.#resumption ? 'resumable' : this.#outbox ? 'on' : 'off',
      unacknowledged: this.#outbox?.count ?? 0,
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
  return max !== undefined && /^[1-9]\d{0,8}$/.test(max) ? Math.min(Number(max) * 1000, ours) : ours
}
