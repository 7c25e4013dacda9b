import { type Awaitable, follow } from '../core/awaitable.js'
import type { Clock } from '../core/clock.js'
import type { Broadcast, Departure } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import { TAKEN } from '../core/module.js'
import type { Session } from '../core/session.js'
import type { ValueStore } from '../core/stores.js'
import { child, type Element, elements, is, textOf } from '../xml/index.js'
import { badRequest } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import type { Stanza } from '../xmpp/stanza.js'
import { type Audience, unavailableFrom } from './audience.js'
import { takeDirected } from './directed.js'
import type { Probes } from './probes.js'
import type { Roster, Rosters } from './rosters.js'
import { shows } from './states.js'
import type { Subscriptions } from './subscriptions.js'
import { Together } from './together.js'

interface Parts {
  readonly rosters: Rosters
  readonly audience: Audience
  readonly probes: Probes
  readonly subscriptions: Subscriptions
  readonly sessions: Directory
  readonly departures: ValueStore<Departure>
  readonly clock: Clock
  readonly limits: { readonly maxStatus: number }
  /** Hear of all that is broadcast. */
  readonly followers: ReadonlySet<(broadcast: Broadcast) => void>
  readonly announce: (moment: 'willing' | 'available', session: Session) => Awaitable<void>
}

/** What sessions broadcast: that they are available, how, and that they are no more. RFC 6121 §4.2, §4.4, §4.5 */
export class Presence {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Presence that its client addressed to nobody. */
  broadcast(session: Session, stanza: Stanza): Awaitable<typeof TAKEN> {
    if (stanza.type === 'unavailable') return follow(this.#leave(session, stanza, true), () => TAKEN)
    const priority = readPriority(stanza.el)
    return follow(this.#parts.rosters.of(session.account), roster =>
      follow(this.#show(session, stanza, priority, roster), () => TAKEN),
    )
  }

  /** The session is over. What it has not said itself is said for it. §4.5.2 */
  closed(session: Session): Awaitable<void> {
    const { rosters, sessions } = this.#parts
    const left = this.#leave(session, unavailableFrom(session), sessions.get(session.jid)?.presence === undefined)
    return follow(left, () => rosters.release(session.account))
  }

  #show(session: Session, stanza: Stanza, priority: number, roster: Roster): Awaitable<void> {
    const { audience, probes, subscriptions, sessions, announce } = this.#parts
    // it may have gone while the roster was read
    if (sessions.get(session.jid) !== session) return
    const others = this.#available(session.account).filter(other => other !== session)
    const isInitial = session.presence === undefined
    const wasWilling = session.presence !== undefined && session.presence.priority >= 0
    session.presence = { stanza, priority }
    const together = new Together()
    const own = stanza.readdressed(session.account)
    for (const other of [session, ...others]) other.send(own)
    // before anything is waited for: what was kept for the account comes before what is new
    if (priority >= 0 && !wasWilling) together.add(announce('willing', session))
    together.add(audience.broadcast(stanza, roster))
    this.#tellFollowers(stanza, isInitial, roster)
    if (!isInitial) return together.done
    for (const { presence } of others) if (presence) session.send(presence.stanza.readdressed(session.jid))
    together.add(probes.gather(session, roster))
    subscriptions.remind(session, roster)
    if (others.length === 0) together.add(subscriptions.askAgain(session.account, roster))
    return follow(together.done, () => (session.presence ? announce('available', session) : undefined))
  }

  /** `isLast` unless another session goes on under the same address. */
  #leave(session: Session, stanza: Stanza, isLast: boolean): Awaitable<void> {
    const wasAvailable = session.presence !== undefined && isLast
    session.presence = undefined
    const directed = takeDirected(session)
    if (!wasAvailable && directed.length === 0) return
    const rest = this.#available(session.account)
    if (wasAvailable) this.#tellOwn(session, rest, stanza)
    return follow(this.#parts.rosters.of(session.account), roster => {
      const together = new Together()
      if (wasAvailable) together.add(this.#parts.audience.broadcast(stanza, roster))
      if (wasAvailable) this.#tellFollowers(stanza, false, roster)
      for (const jid of directed)
        if (!wasAvailable || !shows(roster.get(jid.bare).state)) together.add(this.#parts.audience.give(stanza, jid))
      if (wasAvailable && rest.length === 0) together.add(this.#depart(session.account, stanza))
      return together.done
    })
  }

  #tellFollowers(stanza: Stanza, isInitial: boolean, roster: Roster): void {
    const { followers } = this.#parts
    if (followers.size === 0) return
    const isSeenBy: Broadcast['isSeenBy'] = fits =>
      [...roster.contacts()].some(({ jid, state }) => shows(state) && fits(jid))
    for (const hear of followers) hear({ stanza, isInitial, isSeenBy })
  }

  #tellOwn(session: Session, others: readonly Session[], stanza: Stanza): void {
    const own = stanza.readdressed(session.account)
    for (const other of others) other.send(own)
    if (this.#parts.sessions.get(session.jid) === session) session.send(own)
  }

  async #depart(account: Jid, { el }: Stanza): Promise<void> {
    const { rosters, departures, clock, limits } = this.#parts
    if (rosters.isGone(account)) return
    const said = child(el, 'status', CLIENT)
    const status = said ? textOf(said) : ''
    const isKept = status !== '' && status.length <= limits.maxStatus
    await departures.set(account, { at: clock.now(), ...(isKept && { status }) })
  }

  #available(account: Jid): Session[] {
    return this.#parts.sessions.of(account).filter(({ presence }) => presence)
  }
}

/** §4.7.2.3: one at most, a number from -128 to 127, and 0 when nothing is said. */
function readPriority(el: Element): number {
  const [priority, ...more] = elements(el).filter(child => is(child, 'priority', CLIENT))
  if (!priority) return 0
  const text = textOf(priority).trim()
  const isNumber = /^[+-]?\d{1,4}$/.test(text) && elements(priority).length === 0
  const value = Number(text)
  if (more.length > 0 || !isNumber || value < -128 || value > 127) throw badRequest('priority: -128 to 127')
  return value
}
