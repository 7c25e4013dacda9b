import { isGuest } from '../core/accounts.js'
import { type Awaitable, follow, isPromise } from '../core/awaitable.js'
import type { Clock } from '../core/clock.js'
import type { Directory } from '../core/directory.js'
import type { Host } from '../core/host.js'
import type { Log } from '../core/log.js'
import type { Router } from '../core/router.js'
import { child, type Element, textOf, xml } from '../xml/index.js'
import { badRequest, resourceConstraint, StanzaError, StreamError } from '../xmpp/errors.js'
import { type Jid, prepareResource } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import { ClientSession } from './client-session.js'
import type { ClientCounts } from './counts.js'
import type { Guests } from './guests.js'
import type { Limits } from './limits.js'
import { readCount } from './outbox.js'
import type { Line, SessionWorld } from './session-world.js'
import { failed } from './stream.js'

interface Parts {
  readonly limits: Limits
  readonly directory: Directory
  readonly host: Host
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
  readonly guests: Guests
}

/** How many sessions that could not be resumed in time are remembered, so that clients learn what had arrived of theirs. */
const REMEMBERED = 10_000

/**
 * Brings clients and sessions together: binds resources (RFC 6120 §7), resumes sessions (XEP-0198 §5). What a client is
 * told when that cannot be is what the promises resolve with; it may try something else.
 */
export class Attachments {
  readonly #parts: Parts
  readonly #world: SessionWorld
  readonly #resumable = new Map<string, ClientSession>()
  /** Sessions that are over: how many stanzas they had handled, and whose they were. */
  readonly #expired = new Map<string, { readonly h: number; readonly account: Jid }>()
  /** Sessions that are over, by their JIDs, of which not everybody knows yet. */
  readonly #ending = new Map<string, Promise<void>>()

  constructor(parts: Parts, counts: ClientCounts) {
    const { limits, clock, router } = parts
    this.#parts = parts
    this.#world = {
      limits,
      counts,
      clock,
      undelivered: stanza => router.undelivered(stanza),
      left: session => parts.directory.remove(session),
      ended: (session, settled) => this.#ended(session, settled),
    }
  }

  async bind(request: Element, user: Jid, line: Line): Promise<Element | undefined> {
    const { id } = request.attrs
    try {
      const jid = user.withResource(this.#choose(request))
      for (let before = this.#vacate(jid); before; before = this.#vacate(jid)) await before
      if (line.isOpen) await this.#open(jid, line, id)
      return undefined
    } catch (fault) {
      if (!(fault instanceof StanzaError)) throw fault
      return xml('iq', { type: 'error', id }, fault.toElement())
    }
  }

  /** The answer to <enable/>. */
  enable(request: Element, session: ClientSession): Element {
    const answer = session.enable(request, this.#parts.randomId())
    if (session.resumptionId !== undefined) this.#resumable.set(session.resumptionId, session)
    return answer
  }

  async resume(request: Element, user: Jid, line: Line): Promise<Element | undefined> {
    const { previd = '' } = request.attrs
    const handled = readCount(request.attrs.h)
    if (handled === undefined) return failed('bad-request')
    const session = this.#resumable.get(previd)
    if (!session?.account.equals(user)) return this.#notFound(previd, user)
    do await session.release()
    while (session.isAttached) // to another that wanted it at the same time
    if (session.isOver) return this.#notFound(previd, user)
    if (!line.isOpen) return undefined
    session.acknowledge(handled)
    this.#parts.log.info({ user: session.jid.toString() }, 'session resumed')
    line.carry(session, xml('resumed', { xmlns: ns.STREAM_MANAGEMENT, previd, h: session.handled }))
    session.attach(line)
    return undefined
  }

  /** Ends all sessions; resolves when everything that this brings about has been dealt with. */
  async stop(): Promise<void> {
    for (const session of this.#resumable.values()) session.end(new StreamError('system-shutdown'))
    while (this.#ending.size > 0) await Promise.all(this.#ending.values())
  }

  /** The resource that a client wants, or one that nobody guesses (RFC 6120 §7.6, §7.7). */
  #choose(request: Element): string {
    const bind = child(request, 'bind', ns.BIND)
    const wanted = bind && child(bind, 'resource', ns.BIND)
    return wanted ? readResource(textOf(wanted)) : this.#parts.randomId()
  }

  /**
   * Who binds a resource that is taken gets it: it is the same client, which knows better that it is gone (§7.7.2.2).
   * Everybody knows that the session before is over when the next begins.
   */
  #vacate(jid: Jid): Promise<void> | undefined {
    const text = 'The resource was bound by another connection'
    this.#parts.directory.get(jid)?.end(new StreamError('conflict', { text }))
    return this.#ending.get(jid.toString())
  }

  async #open(jid: Jid, line: Line, id: string | undefined): Promise<void> {
    const { directory, host, guests } = this.#parts
    this.#makeRoom(jid)
    if (line.isGuest) await guests.admit(jid.bare)
    if (!line.isOpen) return line.isGuest ? guests.forget(jid.bare) : undefined
    const session = new ClientSession(jid, line, this.#world)
    if (line.isGuest) session.set(isGuest, true)
    directory.add(session)
    const bound = xml('bind', { xmlns: ns.BIND }, xml('jid', {}, jid.toString()))
    line.carry(session, xml('iq', { type: 'result', id }, bound))
    const ready = host.announce('bound', session)
    session.takes(ready) // so that modules do not hear of its end before they are done with its beginning
    await ready
  }

  /** Of the sessions that an account may have, those without a connection go first, or a client that has bad luck is locked out. */
  #makeRoom(account: Jid): void {
    const { directory, limits } = this.#parts
    const sessions = directory.of(account)
    if (sessions.length < limits.resources) return
    const away = sessions.find(session => session instanceof ClientSession && !session.isAttached)
    if (!away) throw resourceConstraint()
    away.end(new StreamError('resource-constraint'))
  }

  #ended(session: ClientSession, settled: Awaitable<void>): void {
    const jid = session.jid.toString()
    const ended = follow(settled, () => this.#tell(session))
    if (!isPromise(ended)) return
    this.#ending.set(jid, ended)
    ended.finally(() => this.#ending.delete(jid))
  }

  #tell(session: ClientSession): Awaitable<void> {
    const { jid, resumptionId, handled, account } = session
    if (resumptionId !== undefined) {
      this.#resumable.delete(resumptionId)
      this.#expired.set(resumptionId, { h: handled, account })
      for (const oldest of this.#expired.keys()) {
        if (this.#expired.size <= REMEMBERED) break
        this.#expired.delete(oldest)
      }
    }
    this.#parts.log.info({ user: jid.toString() }, 'session over')
    const told = this.#parts.host.announce('closed', session)
    return session.get(isGuest) ? follow(told, () => this.#parts.guests.forget(account)) : told
  }

  /** Also for sessions of others: nobody learns that they are there. */
  #notFound(previd: string, user: Jid): Element {
    const before = this.#expired.get(previd)
    return failed('item-not-found', before?.account.equals(user) ? before.h : undefined)
  }
}

function readResource(text: string): string {
  try {
    return prepareResource(text)
  } catch (cause) {
    throw badRequest(undefined, { cause })
  }
}
