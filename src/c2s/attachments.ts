import type { Clock } from '../core/clock.js'
import type { Directory } from '../core/directory.js'
import type { Host } from '../core/host.js'
import type { Log } from '../core/log.js'
import type { Router } from '../core/router.js'
import { child, type Element, textOf, xml } from '../xml/index.js'
import { badRequest, resourceConstraint, StanzaError, StreamError } from '../xmpp/errors.js'
import { type Jid, prepareResource } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import { ClientSession, type Line, type SessionWorld } from './client-session.js'
import type { Limits } from './limits.js'
import { readCount } from './outbox.js'
import { failed } from './stream.js'

interface Parts {
  readonly limits: Limits
  readonly directory: Directory
  readonly host: Host
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
}

/** A session for a connection, and what its client is told; without a session the client may try something else. */
export interface Attached {
  readonly session: ClientSession | undefined
  readonly reply: Element
}

/** How many sessions that could not be resumed in time are remembered, so that clients learn what had arrived of theirs. */
const REMEMBERED = 10_000

/** Brings clients and sessions together: binds resources (RFC 6120 §7), resumes sessions (XEP-0198 §5). */
export class Attachments {
  readonly #parts: Parts
  readonly #world: SessionWorld
  readonly #resumable = new Map<string, ClientSession>()
  /** Sessions that are over: how many stanzas they had handled, and whose they were. */
  readonly #expired = new Map<string, { readonly h: number; readonly account: Jid }>()
  readonly #ending = new Set<Promise<unknown>>()

  constructor(parts: Parts) {
    const { limits, clock, router } = parts
    this.#parts = parts
    this.#world = {
      limits,
      clock,
      undelivered: stanza => router.undelivered(stanza),
      left: session => this.#left(session),
      ended: session => this.#ended(session),
    }
  }

  async bind(request: Element, user: Jid, line: Line): Promise<Attached> {
    const { id } = request.attrs
    try {
      const jid = this.#choose(request, user)
      const session = this.#open(jid, line)
      await this.#parts.host.announce('bound', session)
      const result = xml('bind', { xmlns: ns.BIND }, xml('jid', {}, jid.toString()))
      return { session, reply: xml('iq', { type: 'result', id }, result) }
    } catch (fault) {
      if (!(fault instanceof StanzaError)) throw fault
      return { session: undefined, reply: xml('iq', { type: 'error', id }, fault.toElement()) }
    }
  }

  /** The answer to <enable/>. */
  enable(request: Element, session: ClientSession): Element {
    const answer = session.enable(request, this.#parts.randomId())
    if (session.resumptionId !== undefined) this.#resumable.set(session.resumptionId, session)
    return answer
  }

  async resume(request: Element, user: Jid): Promise<Attached> {
    const { previd = '' } = request.attrs
    const h = readCount(request.attrs.h)
    const session = this.#resumable.get(previd)
    if (!session?.account.equals(user)) return this.#notFound(previd, user)
    await session.release()
    if (session.isOver) return this.#notFound(previd, user)
    session.acknowledge(h)
    this.#parts.log.info({ user: session.jid.toString() }, 'session resumed')
    const reply = xml('resumed', { xmlns: ns.STREAM_MANAGEMENT, previd, h: session.handled })
    return { session, reply }
  }

  /** Ends all sessions; resolves when everything that this brings about has been dealt with. */
  async stop(): Promise<void> {
    for (const session of this.#resumable.values()) session.end(new StreamError('system-shutdown'))
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  /** The resource that a client wants, or one that nobody guesses (RFC 6120 §7.6, §7.7). */
  #choose(request: Element, user: Jid): Jid {
    const { limits, directory, randomId } = this.#parts
    const bind = child(request, 'bind', ns.BIND)
    const wanted = bind && child(bind, 'resource', ns.BIND)
    const jid = user.withResource(wanted ? readResource(textOf(wanted)) : randomId())
    if (directory.of(user).length >= limits.resources && !directory.get(jid)) throw resourceConstraint()
    return jid
  }

  /** Who binds a resource that is taken gets it: it is the same client, which knows better that it is gone (§7.7.2.2). */
  #open(jid: Jid, line: Line): ClientSession {
    const { directory } = this.#parts
    const session = new ClientSession(jid, line, this.#world)
    directory.get(jid)?.end(new StreamError('conflict', { text: 'The resource was bound by another connection' }))
    directory.add(session)
    return session
  }

  #left(session: ClientSession): void {
    this.#parts.directory.remove(session)
    const { resumptionId, handled, account } = session
    if (resumptionId === undefined) return
    this.#resumable.delete(resumptionId)
    this.#expired.set(resumptionId, { h: handled, account })
    for (const oldest of this.#expired.keys()) {
      if (this.#expired.size <= REMEMBERED) break
      this.#expired.delete(oldest)
    }
  }

  #ended(session: ClientSession): void {
    const told = Promise.resolve(this.#parts.host.announce('closed', session))
    this.#ending.add(told)
    told.finally(() => this.#ending.delete(told))
    this.#parts.log.info({ user: session.jid.toString() }, 'session over')
  }

  /** Also for sessions of others: nobody learns that they are there. */
  #notFound(previd: string, user: Jid): Attached {
    const before = this.#expired.get(previd)
    const h = before?.account.equals(user) ? before.h : undefined
    return { session: undefined, reply: failed('item-not-found', h) }
  }
}

function readResource(text: string): string {
  try {
    return prepareResource(text)
  } catch (cause) {
    throw badRequest(undefined, { cause })
  }
}
