import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Timer } from '../core/clock.js'
import type { Log } from '../core/log.js'
import { notOffered, type Registrar } from '../core/registration.js'
import { type Element, StreamClose, StreamOpen, StreamParser, serialise } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { Allowance } from './allowance.js'
import type { ClientSession } from './client-session.js'
import type { Arrival, ConnectionWorld } from './connection-world.js'
import { dispatch, languageOf, manage } from './dispatch.js'
import { bindingFeatures, loginFeatures, streamHeader, tlsFeatures } from './features.js'
import { xmlLimits } from './limits.js'
import { Login, type LoginAnswer, NO_OFFER, offerOn } from './login.js'
import { Pulse } from './pulse.js'
import type { Line } from './session-world.js'
import { LEGAL, START, START_SECURE, type StreamEffect, type StreamInput, type StreamState, step } from './stream.js'
import { asStreamError } from './stream-faults.js'
import { type Told, Writer } from './writer.js'

/** Stanzas that are read of one connection in a turn before it is the others' turn. */
const STANZAS_PER_TURN = 200

/** How long a client may take to close a connection that we are done with. */
const FAREWELL_MS = 3000

/** Reads a client's stream, performs the effects that the stream machine asks for, and writes. */
export class Connection implements Line {
  readonly #world: ConnectionWorld
  readonly #log: Log
  readonly #isLocal: boolean
  readonly #from: string
  #socket: Duplex
  #parser: StreamParser
  #state: StreamState
  #session: ClientSession | undefined
  #offer = NO_OFFER
  #login: Login | undefined
  isGuest = false
  /** When the certificate that it is logged in by expires, in milliseconds since 1970. */
  #until = Number.POSITIVE_INFINITY
  #deadline: Timer | undefined
  readonly #writer: Writer
  readonly #pulse: Pulse
  /** How much is read of a session; none before there is one. */
  #allowance: Allowance | undefined
  #opened = false
  /** Of the client's stream. */
  #language: string | undefined
  /** Whether a pass over what was read is under way: effects may bring about others. */
  #reading = false
  #resting = false

  constructor(arrival: Arrival, world: ConnectionWorld) {
    const { limits, clock, log } = world
    this.#world = world
    this.#log = log.child({ from: arrival.from })
    this.#isLocal = arrival.isLocal
    this.#from = arrival.from
    this.#state = arrival.isSecure ? START_SECURE : START
    this.#parser = new StreamParser(xmlLimits(limits, false))
    this.#pulse = new Pulse(limits, clock.now())
    this.#deadline = clock.after(limits.loginTime, () =>
      this.#input({ on: 'fault', error: new StreamError('connection-timeout', { text: 'Login took too long' }) }),
    )
    this.#socket = arrival.socket
    const author = {
      trailer: () => this.#session?.trailer() ?? '',
      wake: () => this.wake(), // it may have stopped for too much to write
      fail: (fault: unknown) => this.fail(fault),
    }
    this.#writer = new Writer(arrival.socket, author, world.turn)
    this.#listen(arrival.socket)
  }

  // --- reading

  #listen(socket: Duplex): void {
    socket.on('data', chunk => {
      if (socket !== this.#socket || !this.isOpen) return
      this.#pulse.heard(this.#world.clock.now())
      this.#allowance?.tookBytes(chunk.length)
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
      this.#allowance?.tookStanza()
      if (event instanceof StreamOpen) {
        this.#language = languageOf(event)
        this.#input({ on: 'header', header: event })
      } else if (event instanceof StreamClose) this.#input({ on: 'end' })
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
    return this.#session.inFlight < inFlight && this.backlog < queueBytes / 2 && (this.#allowance?.isLeft ?? true)
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
      case 'register':
        return void this.#register(effect.request, effect.domain)
      case 'authenticate':
        this.#login = new Login(effect.domain, this.#offer, this.#from, this.#world.logins)
        return void this.#await(this.#login.start(effect.mechanism, effect.text))
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
        if (this.#session) dispatch(this.#session, effect, this.#language, this.#world)
        return
      case 'manage':
        return this.#manage(effect.el)
      case 'close':
        return this.#close(effect.error)
      case 'drop':
        return void this.#socket.destroy()
    }
  }

  #manage(el: Element): void {
    const told = this.#session && manage(this.#session, el, this.#world)
    // to write nothing would ask a client that has just answered once more, again and again
    if (told) this.write(told)
  }

  #open(domain: string | undefined, to: string | undefined): void {
    this.#opened = true
    const from = domain ?? [...this.#world.settings.domains][0]
    this.write(streamHeader({ id: this.#world.randomId(), from, to }))
  }

  #features(kind: 'tls' | 'login' | 'binding', secure: boolean): Element {
    const { limits } = this.#world
    if (kind === 'tls') return tlsFeatures()
    if (kind === 'login') {
      const domain = this.domain ?? ''
      const channel = { ...this.#channel(), ...this.#world.seenOn(this.#socket, domain) }
      this.#offer = offerOn(channel, { takesGuests: this.#world.logins.guests.isTakenAt(domain) })
      return loginFeatures(secure, this.#offer, this.#registrar() !== undefined, limits)
    }
    const ofModules = this.#state.at === 'binding' ? this.#world.streamFeatures(this.#state.user.domain) : []
    return bindingFeatures(ofModules, limits)
  }

  /** Who needs no TLS by configuration is trusted with a password only if no network is in between. */
  #channel(): { readonly isPrivate: boolean } {
    const secure = 'secure' in this.#state && this.#state.secure
    return { isPrivate: secure || this.#isLocal }
  }

  /** What the client has sent behind <starttls/> was not sent under TLS: it is dropped (RFC 6120 §5.4.3.3). */
  async #secure(): Promise<void> {
    const plain = this.#socket
    this.#writer.flush()
    plain.removeAllListeners('data')
    try {
      // listeners look at this.#socket: from here on they do not take the old one's end for the stream's
      const socket = await this.#world.secure(plain)
      if (!this.isOpen) return void socket.destroy()
      this.#socket = socket
      this.#writer.moveTo(socket)
      this.#resting = false
      this.#listen(socket)
      this.#input({ on: 'secured' })
    } catch (fault) {
      this.#log.info({ reason: String(fault) }, 'no TLS')
      plain.destroy()
    }
  }

  /** Who makes accounts on this stream, if somebody does: passwords are for nobody else to read. */
  #registrar(): Registrar | undefined {
    const { at } = this.#state
    const domain = at === 'negotiating' || at === 'registering' ? this.#state.domain : ''
    const registrar = this.#channel().isPrivate ? this.#world.registrar() : undefined
    return registrar?.isOffered(domain) ? registrar : undefined
  }

  async #register(request: Element, domain: string): Promise<void> {
    try {
      const applicant = { domain, address: this.#from, connection: this }
      const answer = this.#registrar()?.answer(request, applicant) ?? notOffered(request, domain)
      this.write(serialise(await answer, CLIENT))
      this.#input({ on: 'answered' })
    } catch (fault) {
      this.#input({ on: 'fault', error: asStreamError(fault, this.#log) })
    }
    this.#read()
  }

  #restart(): void {
    const { limits } = this.#world
    const isLoggedIn = this.#state.at === 'opening' && this.#state.user !== undefined
    this.#offer = NO_OFFER
    if (isLoggedIn) this.#login = undefined
    this.#parser = new StreamParser(xmlLimits(limits, isLoggedIn))
  }

  /** What a mechanism makes of the client's words. */
  async #await(answer: Promise<LoginAnswer> | undefined): Promise<void> {
    try {
      const input = (await answer) ?? { on: 'rejected', condition: 'malformed-request', text: undefined }
      this.isGuest = this.#login?.isGuest ?? false
      if (this.#login) this.#until = this.#login.until
      if (input.on === 'authenticated') this.#log.info({ user: input.user.toString() }, 'logged in')
      if (input.on === 'rejected') this.#log.info({ reason: input.condition }, 'login refused')
      if (input.on !== 'challenge') this.#world.counts.login(this.#login?.mechanism, input.on === 'authenticated')
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
      else {
        this.#deadline?.cancel()
        this.#deadline = undefined // or it would be kept for as long as the connection
      }
      this.#input({ on: told ? 'not attached' : 'attached' })
    } catch (fault) {
      this.fail(fault)
    }
    this.#read()
  }

  carry(session: ClientSession, reply: Element): void {
    this.#session = session
    this.#allowance = new Allowance(this.#world, () => this.wake())
    this.write(serialise(reply, CLIENT))
  }

  // --- writing

  get backlog(): number {
    return this.#writer.backlog
  }

  write(text: string, told?: Told): void {
    this.#writer.write(text, told)
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
    this.#login?.abandon()
    this.#allowance?.stop()
    if (session) this.write(session.leave(this))
    if (error) {
      this.#log.info({ reason: error.condition, text: error.text, user: session?.jid.toString() }, 'stream closed')
      this.write(serialise(error.toElement(), CLIENT))
    }
    if (this.#opened) this.write('</stream:stream>')
    this.#writer.flush()
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
    this.#login?.abandon()
    this.#allowance?.stop()
    if (this.isOpen) {
      this.#state = { at: 'closed' }
      this.#log.debug({ user: session?.jid.toString() }, 'connection lost')
    }
    session?.detach(this)
    this.#socket.destroy()
    this.#world.gone(this)
  }

  // --- silence

  /** Asks a client that has been silent for long, and gives up one that does not answer, or is no longer who it was. */
  checkPulse(now: number): void {
    const session = this.#session
    if (this.#state.at !== 'bound' || !session) return
    // RFC 6120 §13.7.2.3
    if (now >= this.#until) return this.close(new StreamError('reset', { text: 'Your certificate has expired' }))
    session.checkWaiting(now)
    // it waits for us, and is not heard
    if (session.inFlight >= this.#world.limits.inFlight || this.#allowance?.isWaiting) return this.#pulse.heard(now)
    const due = this.#pulse.check(now, session.isResting)
    if (due === 'ask') this.write(session.question(this.#world.randomId()))
    if (due === 'give up') this.drop(new StreamError('connection-timeout', { text: 'No answer' }))
  }
}
