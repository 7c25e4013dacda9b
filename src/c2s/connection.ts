import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { Router } from '../core/router.js'
import {
  type Element,
  StreamClose,
  StreamOpen,
  StreamParser,
  serialise,
  XmlError,
  type XmlLimits,
} from '../xml/index.js'
import { escapeAttr } from '../xml/serialise.js'
import { StreamError } from '../xmpp/errors.js'
import { readClientStanza } from '../xmpp/incoming.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { CLIENT, STREAM } from '../xmpp/ns.js'
import type { Kind } from '../xmpp/stanza.js'
import type { Attachments } from './attachments.js'
import type { ClientSession, Line } from './client-session.js'
import { bindingFeatures, loginFeatures, tlsFeatures } from './features.js'
import type { Limits } from './limits.js'
import { Login, type LoginAnswer, type LoginWorld } from './login.js'
import { readCount } from './outbox.js'
import {
  failed,
  LEGAL,
  START,
  START_SECURE,
  type StreamEffect,
  type StreamInput,
  type StreamSettings,
  type StreamState,
  step,
} from './stream.js'
import { answerStreamRequest } from './stream-requests.js'
import type { Flushable, Turn } from './turn.js'

/** What connections share. */
export interface ConnectionWorld {
  readonly limits: Limits
  readonly settings: StreamSettings
  readonly logins: LoginWorld
  readonly attachments: Attachments
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
  readonly turn: Turn
  /** What modules offer after login, for a domain. */
  readonly streamFeatures: (domain: string) => readonly Element[]
  readonly randomId: () => string
  /** Puts TLS on a connection, as its server; resolves when the handshake is done. */
  readonly secure: (socket: Duplex) => Promise<Duplex>
  /** The connection is closed. */
  readonly gone: (connection: Connection) => void
}

/** How a connection came to be. */
export interface Arrival {
  readonly socket: Duplex
  /** TLS is there already. */
  readonly isSecure: boolean
  /** From this very machine, so that nobody can read it even without TLS. */
  readonly isLocal: boolean
  /** For the log. */
  readonly from: string
}

/** Stanzas that are read of one connection in a turn before it is the others' turn. */
const STANZAS_PER_TURN = 200

/** How long a client may take to close a connection that we are done with. */
const FAREWELL_MS = 3000

/** Reads a client's stream, performs the effects that the stream machine asks for, and writes. */
export class Connection implements Line, Flushable {
  readonly #world: ConnectionWorld
  readonly #log: Log
  readonly #isLocal: boolean
  readonly #from: string
  #socket: Duplex
  #parser: StreamParser
  #state: StreamState
  #session: ClientSession | undefined
  #login: Login | undefined
  #deadline: Timer | undefined
  #out = ''
  /** Who waits to hear what becomes of it. */
  #told: Told[] | undefined
  #opened = false
  #inTurn = false
  /** Whether a pass over what was read is under way: effects may bring about others. */
  #reading = false
  #resting = false
  /** When the client was last heard, and when it was asked whether it is still there. */
  #heardAt: number
  #askedAt: number | undefined

  constructor(arrival: Arrival, world: ConnectionWorld) {
    const { limits, clock, log } = world
    this.#world = world
    this.#log = log.child({ from: arrival.from })
    this.#isLocal = arrival.isLocal
    this.#from = arrival.from
    this.#state = arrival.isSecure ? START_SECURE : START
    this.#parser = new StreamParser(xmlLimits(limits, limits.stanzaBeforeLogin))
    this.#heardAt = clock.now()
    this.#deadline = clock.after(limits.loginTime, () =>
      this.#input({ on: 'fault', error: new StreamError('connection-timeout', { text: 'Login took too long' }) }),
    )
    this.#socket = arrival.socket
    this.#listen(arrival.socket)
  }

  // --- reading

  #listen(socket: Duplex): void {
    socket.on('data', chunk => {
      if (socket !== this.#socket || !this.isOpen) return
      this.#heardAt = this.#world.clock.now()
      this.#askedAt = undefined
      this.#parser.write(chunk)
      this.#read()
    })
    socket.on('end', () => {
      // one that we have ended closes when all is written
      if (socket === this.#socket && this.isOpen) this.#lost()
    })
    socket.on('close', () => {
      if (socket === this.#socket) this.#lost()
    })
    socket.on('error', fault => this.#log.debug({ err: fault }, 'connection failed'))
  }

  /** Takes what the client has said, as far as it is its turn. */
  #read(): void {
    if (this.#reading) return
    this.#reading = true
    let budget = STANZAS_PER_TURN
    let wantsMore = true
    while (wantsMore && this.#listens() && budget-- > 0) wantsMore = this.#readOne()
    this.#reading = false
    const isOthersTurn = wantsMore && budget < 0
    if (isOthersTurn) setImmediate(() => this.#read())
    this.#rest(isOthersTurn || !this.#listens())
  }

  /** False when nothing whole is left. */
  #readOne(): boolean {
    try {
      const event = this.#parser.next()
      if (event === undefined) return false
      if (event instanceof StreamOpen) this.#input({ on: 'header', header: event })
      else if (event instanceof StreamClose) this.#input({ on: 'end' })
      else this.#input({ on: 'element', el: event })
      return true
    } catch (fault) {
      this.fail(fault)
      return false
    }
  }

  /** Whether the client is to be heard now: not while it waits for something, asks for too much, or does not read. */
  #listens(): boolean {
    const expected = LEGAL[this.#state.at]
    if (!expected.includes('element') && !expected.includes('header')) return false
    const { inFlight, queueBytes, stanzaBeforeLogin } = this.#world.limits
    if (!this.#session) return this.backlog < stanzaBeforeLogin
    // well before it is too much (`queueBytes`), so that nobody is cut off for answers to itself
    return this.#session.inFlight < inFlight && this.backlog < queueBytes / 2
  }

  /** Stops or goes on reading: what is not read fills the client's window, and it waits. */
  #rest(rests: boolean): void {
    // one that is closed reads to its end, whatever comes
    if (rests === this.#resting || this.#state.at === 'securing' || !this.isOpen) return
    this.#resting = rests
    if (rests) this.#socket.pause()
    else this.#socket.resume()
  }

  wake(): void {
    if (this.#resting) this.#read()
  }

  // --- the stream

  #input(input: StreamInput): void {
    const [state, ...effects] = step(this.#state, input, this.#world.settings)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: StreamEffect): void {
    switch (effect.do) {
      case 'open':
        return this.#open(effect.domain, effect.to)
      case 'offer':
        return this.write(serialise(this.#features(effect.features, effect.secure), CLIENT))
      case 'send':
        return this.write(serialise(effect.el, CLIENT))
      case 'secure':
        return void this.#secure()
      case 'authenticate':
        this.#login = new Login(effect.domain, this.#world.logins)
        return void this.#await(this.#login.start(this.#channel(), effect.mechanism, effect.text))
      case 'respond':
        return void this.#await(this.#login?.respond(effect.text))
      case 'abort':
        this.#login = undefined
        return
      case 'restart':
        return this.#restart()
      case 'bind':
        return void this.#attach(this.#world.attachments.bind(effect.request, effect.user, this))
      case 'resume':
        return void this.#attach(this.#world.attachments.resume(effect.request, effect.user, this))
      case 'dispatch':
        return this.#dispatch(effect.kind, effect.el)
      case 'manage':
        return this.#manage(effect.el)
      case 'close':
        return this.#close(effect.error)
      case 'drop':
        return void this.#socket.destroy()
    }
  }

  #open(domain: string | undefined, to: string | undefined): void {
    this.#opened = true
    const attrs = [
      ['id', this.#world.randomId()],
      ['from', domain ?? [...this.#world.settings.domains][0]],
      ['to', to],
      ['version', '1.0'],
      ['xml:lang', 'en'],
    ] as const
    const written = attrs.map(([name, value]) => (value === undefined ? '' : ` ${name}='${escapeAttr(value)}'`))
    this.write(`<?xml version='1.0'?><stream:stream xmlns='${CLIENT}' xmlns:stream='${STREAM}'${written.join('')}>`)
  }

  #features(kind: 'tls' | 'login' | 'binding', secure: boolean): Element {
    if (kind === 'tls') return tlsFeatures()
    if (kind === 'login') return loginFeatures(secure, this.#channel())
    return bindingFeatures(this.#state.at === 'binding' ? this.#world.streamFeatures(this.#state.user.domain) : [])
  }

  /** Who needs no TLS by configuration is trusted with a password only if no network is in between. */
  #channel(): { readonly isPrivate: boolean } {
    const { at } = this.#state
    const secure = (at === 'negotiating' || at === 'authenticating' || at === 'challenged') && this.#state.secure
    return { isPrivate: secure || this.#isLocal }
  }

  /** What the client has sent behind <starttls/> was not sent under TLS: it is dropped (RFC 6120 §5.4.3.3). */
  async #secure(): Promise<void> {
    const plain = this.#socket
    this.flush()
    plain.removeAllListeners('data')
    try {
      // listeners look at this.#socket: from here on they do not take the old one's end for the stream's
      const socket = await this.#world.secure(plain)
      if (!this.isOpen) return void socket.destroy()
      this.#socket = socket
      this.#resting = false
      this.#listen(socket)
      this.#input({ on: 'secured' })
    } catch (fault) {
      this.#log.info({ reason: String(fault) }, 'no TLS')
      plain.destroy()
    }
  }

  #restart(): void {
    const { limits } = this.#world
    const isLoggedIn = this.#state.at === 'opening' && this.#state.user !== undefined
    if (isLoggedIn) this.#login = undefined
    this.#parser = new StreamParser(xmlLimits(limits, isLoggedIn ? limits.stanza : limits.stanzaBeforeLogin))
  }

  /** What a mechanism makes of the client's words. */
  async #await(answer: Promise<LoginAnswer> | undefined): Promise<void> {
    try {
      const input = (await answer) ?? { on: 'rejected', condition: 'malformed-request', text: undefined }
      if (input.on === 'authenticated') this.#log.info({ user: input.user.toString() }, 'logged in')
      if (input.on === 'rejected') this.#log.info({ reason: input.condition }, 'login refused')
      this.#input(input)
    } catch (fault) {
      this.#log.error({ err: fault }, 'login failed')
      this.#input({ on: 'rejected', condition: 'temporary-auth-failure', text: undefined })
    }
    this.#read()
  }

  /** Waits until it carries a session. Without one the client is told why, and may try something else. */
  async #attach(refusal: Promise<Element | undefined>): Promise<void> {
    try {
      const told = await refusal
      if (told) this.write(serialise(told, CLIENT))
      else this.#deadline?.cancel()
      this.#input({ on: told ? 'not attached' : 'attached' })
    } catch (fault) {
      this.fail(fault)
    }
    this.#read()
  }

  carry(session: ClientSession, reply: Element): void {
    this.#session = session
    this.write(serialise(reply, CLIENT))
  }

  #dispatch(kind: Kind, el: Element): void {
    const session = this.#session
    if (!session) return
    if (el.attrs.from !== undefined && !isSender(session, el.attrs.from))
      return this.#input({ on: 'fault', error: new StreamError('invalid-from') })
    const incoming = readClientStanza(kind, el, session.jid)
    const answer = 'stanza' in incoming ? answerStreamRequest(incoming.stanza) : incoming.answer
    if (answer) session.send(answer)
    const isForOthers = 'stanza' in incoming && !answer
    session.takes(isForOthers ? this.#world.router.fromClient(session, incoming.stanza) : undefined)
  }

  /** XEP-0198 */
  #manage(el: Element): void {
    const session = this.#session
    if (!session) return
    try {
      if (el.name === 'enable') this.write(serialise(this.#world.attachments.enable(el, session), CLIENT))
      else if (el.name === 'resume' || !session.isManaged) this.write(serialise(failed('unexpected-request'), CLIENT))
      else if (el.name === 'r') session.answerRequest()
      else session.acknowledge(countOf(el))
    } catch (fault) {
      this.fail(fault)
    }
  }

  // --- writing

  get backlog(): number {
    return this.#out.length + this.#socket.writableLength
  }

  write(text: string, told?: Told): void {
    if (this.#isDeaf) return told?.(false)
    this.#out += text
    if (told) {
      this.#told ??= []
      this.#told.push(told)
    }
    if (this.#inTurn) return
    this.#inTurn = true
    this.#world.turn.add(this)
  }

  flush(): void {
    this.#inTurn = false
    const text = this.#session ? this.#out + this.#session.trailer() : this.#out
    const told = this.#told
    this.#out = ''
    this.#told = undefined
    if (this.#isDeaf) tell(told, false)
    else if (text !== '') this.#socket.write(text, fault => this.#written(told, fault))
  }

  /** Whether nothing can be written any more. */
  get #isDeaf(): boolean {
    return this.#socket.writableEnded || this.#socket.destroyed
  }

  #written(told: readonly Told[] | undefined, fault: unknown): void {
    tell(told, !fault)
    this.wake() // it may have stopped for too much to write
  }

  // --- the end

  get wire(): Line['wire'] {
    const socket = this.#socket
    const encryption = socket instanceof TLSSocket ? `${socket.getProtocol()} ${socket.getCipher().name}` : undefined
    return { from: this.#from || undefined, encryption }
  }

  get isOpen(): boolean {
    return this.#state.at !== 'closed'
  }

  /** The domain that it asked for, until it has a session. */
  get domain(): string | undefined {
    return 'domain' in this.#state ? this.#state.domain : this.waiting?.domain
  }

  /** Who has logged in, and has not got a resource. */
  get waiting(): Jid | undefined {
    return 'user' in this.#state ? this.#state.user : undefined
  }

  close(error: StreamError): void {
    this.#input({ on: 'fault', error })
  }

  fail(fault: unknown): void {
    this.close(asStreamError(fault, this.#log))
  }

  drop({ condition, text }: StreamError): void {
    this.#log.info({ reason: condition, text }, 'connection broken off')
    this.#socket.destroy()
    this.#lost()
  }

  /** Our side of the stream ends; so does the session, unless it has gone on without us. */
  #close(error: StreamError | undefined): void {
    const session = this.#session
    this.#session = undefined
    this.#deadline?.cancel()
    if (session) this.write(session.leave(this))
    if (error) {
      this.#log.info({ reason: error.condition, text: error.text, user: session?.jid.toString() }, 'stream closed')
      this.write(serialise(error.toElement(), CLIENT))
    }
    if (this.#opened) this.write('</stream:stream>')
    this.flush()
    const socket = this.#socket
    socket.end()
    socket.resume() // or its end would never be read
    const farewell = this.#world.clock.after(FAREWELL_MS, () => socket.destroy())
    socket.once('close', () => farewell.cancel())
  }

  /** The connection is no more. A session that can be resumed waits for its client. */
  #lost(): void {
    const session = this.#session
    this.#session = undefined
    this.#deadline?.cancel()
    if (this.isOpen) {
      this.#state = { at: 'closed' }
      this.#log.debug({ user: session?.jid.toString() }, 'connection lost')
    }
    session?.detach(this)
    this.#socket.destroy()
    this.#world.gone(this)
  }

  // --- silence

  /** Asks a client that has been silent for long, and gives up one that does not answer. */
  checkPulse(now: number): void {
    const { limits } = this.#world
    const session = this.#session
    if (this.#state.at !== 'bound' || !session) return
    if (session.inFlight >= limits.inFlight) {
      // it waits for us, and is not heard
      this.#heardAt = now
      this.#askedAt = undefined
    } else if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= limits.answerTime)
        this.drop(new StreamError('connection-timeout', { text: 'No answer' }))
    } else if (now - this.#heardAt >= limits.idle) {
      this.#askedAt = now
      this.write(session.question(this.#world.randomId()))
    }
  }
}

type Told = (isWritten: boolean) => void

function tell(all: readonly Told[] | undefined, isWritten: boolean): void {
  for (const told of all ?? []) told(isWritten)
}

/** Who a client may say it is. RFC 6120 §8.1.2.1 */
function isSender({ jid, account }: ClientSession, from: string): boolean {
  const claimed = tryParseJid(from)
  return claimed !== undefined && (claimed.equals(jid) || claimed.equals(account))
}

function countOf(acknowledgement: Element): number {
  const count = readCount(acknowledgement.attrs.h)
  if (count === undefined) throw new StreamError('policy-violation', { text: 'h is no number of stanzas' })
  return count
}

const xmlLimits = ({ depth, attributes }: Limits, maxStanzaBytes: number): XmlLimits => ({
  maxStanzaBytes,
  maxDepth: depth,
  maxAttributes: attributes,
})

/** What a fault is for the peer: its own, or one of ours that it learns nothing about. */
function asStreamError(fault: unknown, log: Log): StreamError {
  if (fault instanceof StreamError) return fault
  if (fault instanceof XmlError) return new StreamError(fault.condition, { cause: fault })
  log.error({ err: fault }, 'a stream failed')
  return new StreamError('internal-server-error', { cause: fault })
}
