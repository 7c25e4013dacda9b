import type { Duplex } from 'node:stream'
import { type Awaitable, isPromise } from '../core/awaitable.js'
import type { Clock, Timer } from '../core/clock.js'
import { Lane } from '../core/lane.js'
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
  xml,
} from '../xml/index.js'
import { escapeAttr } from '../xml/serialise.js'
import { StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { CLIENT, COMPONENT, PING, STREAM } from '../xmpp/ns.js'
import { type Addressed, type Kind, makeStanza } from '../xmpp/stanza.js'
import { readComponentStanza } from './incoming.js'
import type { ComponentLimits } from './limits.js'
import { Outgoing } from './outgoing.js'
import type { Registry } from './registry.js'
import type { Line } from './served.js'
import { START, type StreamEffect, type StreamInput, type StreamState, step } from './stream.js'

/** What connections share. */
export interface ConnectionWorld {
  readonly limits: ComponentLimits
  readonly registry: Registry
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
  /** The domains of users: what a stream comes from that is no component's. */
  readonly domains: ReadonlySet<string>
  /** The connection is closed, and all that it had read is dealt with. */
  readonly gone: (connection: Connection) => void
}

/** Stanzas that are read of one connection in a turn before it is the others' turn. */
const STANZAS_PER_TURN = 200

/** How long a component may take to close a connection that we are done with. */
const FAREWELL_MS = 3000

/** Reads a component's stream, performs the effects that the stream machine asks for, and writes. */
export class Connection implements Line {
  readonly from: string
  readonly since: number
  readonly #world: ConnectionWorld
  readonly #log: Log
  readonly #socket: Duplex
  readonly #parser: StreamParser
  readonly #out: Outgoing
  readonly #lane = new Lane()
  readonly #deadline: Timer
  #state: StreamState = START
  /** The domain of the component that this connection is; undefined before the handshake and after the end. */
  #domain: string | undefined
  #opened = false
  /** Stanzas of the component that are not dealt with. */
  #inFlight = 0
  #isLost = false
  /** Whether a pass over what was read is under way: effects may bring about others. */
  #reading = false
  #resting = false
  /** When the component was last heard, and when it was asked whether it is still there. */
  #heardAt: number
  #askedAt: number | undefined

  constructor(socket: Duplex, from: string, world: ConnectionWorld) {
    const { limits, clock, log, router } = world
    this.from = from
    this.since = clock.now()
    this.#heardAt = this.since
    this.#world = world
    this.#log = log.child({ from })
    this.#socket = socket
    this.#parser = new StreamParser(xmlLimits(limits, false))
    this.#out = new Outgoing(socket, { written: () => this.#wake(), router })
    this.#deadline = clock.after(limits.loginTime, () =>
      this.close(new StreamError('connection-timeout', { text: 'The handshake took too long' })),
    )
    this.#listen()
  }

  // --- reading

  #listen(): void {
    const socket = this.#socket
    socket.on('data', chunk => {
      if (!this.isOpen) return
      this.#heardAt = this.#world.clock.now()
      this.#askedAt = undefined
      this.#parser.write(chunk)
      this.#read()
    })
    socket.on('end', () => {
      // one that we have ended closes when all is written
      if (this.isOpen) this.#lost()
    })
    socket.on('close', () => this.#lost())
    socket.on('error', fault => this.#log.debug({ err: fault }, 'connection failed'))
  }

  /** Takes what the component has said, as far as it is its turn. */
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
      if (event instanceof StreamOpen) this.#input({ on: 'header', header: event, id: this.#world.randomId() })
      else if (event instanceof StreamClose) this.#input({ on: 'end' })
      else this.#input({ on: 'element', el: event })
      return true
    } catch (fault) {
      this.close(asStreamError(fault, this.#log))
      return false
    }
  }

  /** Whether the component is to be heard now: not while it asks for too much, or does not read. */
  #listens(): boolean {
    const { inFlight, queueBytes } = this.#world.limits
    // well before it is too much, so that it is not cut off for answers to itself
    return this.isOpen && this.#inFlight < inFlight && this.#out.backlog < queueBytes / 2
  }

  /** Stops or goes on reading: what is not read fills the component's window, and it waits. */
  #rest(rests: boolean): void {
    // one that is closed reads to its end, whatever comes
    if (rests === this.#resting || !this.isOpen) return
    this.#resting = rests
    if (rests) this.#socket.pause()
    else this.#socket.resume()
  }

  #wake(): void {
    if (this.#resting) this.#read()
  }

  // --- the stream

  #input(input: StreamInput): void {
    const [state, ...effects] = step(this.#state, input, this.#world.registry)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: StreamEffect): void {
    switch (effect.do) {
      case 'open':
        return this.#open(effect.domain, effect.id)
      case 'prove':
        return this.#prove(effect.domain, effect.id, effect.digest)
      case 'send':
        return this.#out.write(serialise(effect.el, COMPONENT))
      case 'attach':
        return this.#attach(effect.domain)
      case 'dispatch':
        return this.#dispatch(effect.kind, effect.el)
      case 'close':
        return this.#close(effect.error)
    }
  }

  #open(domain: string | undefined, id = this.#world.randomId()): void {
    this.#opened = true
    const [ours = ''] = this.#world.domains
    const attrs = `from='${escapeAttr(domain ?? ours)}' id='${escapeAttr(id)}'`
    this.#out.write(`<?xml version='1.0'?><stream:stream xmlns='${COMPONENT}' xmlns:stream='${STREAM}' ${attrs}>`)
  }

  #prove(domain: string, id: string, digest: string): void {
    const error = this.#world.registry.refusal(domain, id, digest)
    if (!error) return this.#input({ on: 'proven' })
    this.#log.warn({ component: domain, reason: error.condition }, 'component refused')
    this.#input({ on: 'fault', error })
  }

  #attach(domain: string): void {
    const { registry, limits } = this.#world
    this.#deadline.cancel()
    this.#parser.limits = xmlLimits(limits, true)
    this.#domain = domain
    registry.attach(domain, this)
  }

  #dispatch(kind: Kind, el: Element): void {
    const { registry, router } = this.#world
    const component = this.#domain === undefined ? undefined : registry.get(this.#domain)
    if (!component) return
    try {
      const incoming = readComponentStanza(kind, el, component)
      if ('stanza' in incoming) this.#takes(router.fromComponent({ stanza: incoming.stanza, component }, this.#lane))
      else if (incoming.answer) this.send(incoming.answer)
    } catch (fault) {
      this.close(asStreamError(fault, this.#log))
    }
  }

  /** A stanza of the component is being dealt with. */
  #takes(done: Awaitable<void>): void {
    if (!isPromise(done)) return
    this.#inFlight++
    done.then(() => {
      this.#inFlight--
      if (this.#isLost) this.#settle()
      else this.#wake()
    })
  }

  // --- writing

  send(stanza: Addressed): void {
    this.#out.send(stanza)
    if (this.#out.backlog > this.#world.limits.queueBytes) this.#cut('Too much is waiting for this component')
  }

  // --- the end

  get backlog(): number {
    return this.#out.backlog
  }

  get isOpen(): boolean {
    return this.#state.at !== 'closed'
  }

  close(error: StreamError): void {
    this.#input({ on: 'fault', error })
  }

  /** Our side of the stream ends. */
  #close(error: StreamError | undefined): void {
    this.#leave()
    if (error) {
      this.#log.info({ reason: error.condition, text: error.text }, 'component stream closed')
      this.#out.write(serialise(error.toElement(), COMPONENT))
    }
    if (this.#opened) this.#out.write('</stream:stream>')
    this.#out.flush()
    const socket = this.#socket
    socket.end()
    socket.resume() // or its end would never be read
    const farewell = this.#world.clock.after(FAREWELL_MS, () => socket.destroy())
    socket.once('close', () => farewell.cancel())
  }

  /** Breaks the connection off, for a component that would not read why. */
  #cut(reason: string): void {
    this.#log.warn({ component: this.#domain, reason }, 'component cut off')
    this.#lost()
  }

  /** From now on it is not the component any more. */
  #leave(): void {
    this.#deadline.cancel()
    const domain = this.#domain
    this.#domain = undefined
    if (domain !== undefined) this.#world.registry.detach(domain, this)
  }

  /** The connection is no more. */
  #lost(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#state = { at: 'closed' }
    this.#leave()
    this.#socket.destroy()
    this.#out.lose()
    this.#settle()
  }

  #settle(): void {
    if (this.#inFlight === 0) this.#world.gone(this)
  }

  // --- silence

  /** Asks a component that has been silent for long, and gives up one that does not answer. */
  checkPulse(now: number): void {
    const { limits } = this.#world
    if (this.#state.at !== 'bound') return
    if (this.#inFlight >= limits.inFlight) {
      // it waits for us, and is not heard
      this.#heardAt = now
      this.#askedAt = undefined
    } else if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= limits.answerTime) this.#cut('No answer')
    } else if (now - this.#heardAt >= limits.idle) {
      this.#askedAt = now
      this.#ask(this.#state.domain)
    }
  }

  #ask(domain: string): void {
    const { registry, randomId } = this.#world
    const [host] = registry.get(domain)?.hosts ?? []
    if (host === undefined) return
    const el = xml('iq', { xmlns: CLIENT, type: 'get', id: randomId() }, xml('ping', { xmlns: PING }))
    this.send(makeStanza({ from: parseJid(host), to: parseJid(domain), el }))
  }
}

const xmlLimits = (limits: ComponentLimits, isKnown: boolean): XmlLimits => ({
  maxStanzaBytes: isKnown ? limits.stanza : limits.stanzaBeforeLogin,
  maxParts: isKnown ? limits.parts : limits.partsBeforeLogin,
  maxDepth: limits.depth,
  maxAttributes: limits.attributes,
})

/** What a fault is for the peer: its own, or one of ours that it learns nothing about. */
function asStreamError(fault: unknown, log: Log): StreamError {
  if (fault instanceof StreamError) return fault
  if (fault instanceof XmlError) return new StreamError(fault.condition, { cause: fault })
  log.error({ err: fault }, 'a component stream failed')
  return new StreamError('internal-server-error', { cause: fault })
}
