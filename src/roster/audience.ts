import { type Awaitable, follow, isPromise } from '../core/awaitable.js'
import type { Blocks } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import type { Outbound } from '../core/module.js'
import type { Session } from '../core/session.js'
import { xml } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { Stanza } from '../xmpp/stanza.js'
import { takeDirected } from './directed.js'
import type { Roster, Rosters } from './rosters.js'
import { shows } from './states.js'
import { Together } from './together.js'

interface Parts {
  readonly rosters: Rosters
  readonly sessions: Directory
  readonly router: Outbound
  readonly domains: ReadonlySet<string>
  readonly blocks: () => Blocks | undefined
}

/**
 * Takes presence to those who may see it. The children of a stanza are shared by all its copies, and as long as nobody
 * has to be waited for there is no promise for any of them.
 */
export class Audience {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** To all contacts that have a subscription. RFC 6121 §4.2.2, §4.4.2, §4.5.2 */
  broadcast(stanza: Stanza, roster: Roster): Awaitable<void> {
    const together = new Together()
    for (const { jid, state } of roster.contacts()) if (shows(state)) together.add(this.give(stanza, jid))
    return together.done
  }

  /** To one, who is not known to be blocked. */
  give(stanza: Stanza, to: Jid): Awaitable<void> {
    if (this.#isAway(to)) return
    const blocked = this.#parts.blocks()?.isBlocked(stanza.from.bare, to) ?? false
    if (isPromise(blocked)) return blocked.then(blocked => (blocked ? undefined : this.#route(stanza, to)))
    return blocked ? undefined : this.#route(stanza, to)
  }

  /** The contact may see the account: it gets the presence of all its resources. RFC 6121 §3.1.5 */
  show(account: Jid, contact: Jid): Awaitable<void> {
    const present = this.#parts.sessions.of(account).filter(({ presence }) => presence)
    if (present.length === 0) return
    return follow(this.#parts.rosters.of(account), roster => {
      const together = new Together()
      const seers = seersAmong(roster, contact)
      for (const { presence } of present)
        if (presence) for (const seer of seers) together.add(this.give(presence.stanza, seer))
      return together.done
    })
  }

  /** The contact, which may be a whole domain, shall see the account go. It may be blocked by now. */
  hide(account: Jid, contact: Jid): Awaitable<void> {
    const { sessions, rosters } = this.#parts
    if (sessions.of(account).length === 0) return
    return follow(rosters.of(account), roster =>
      this.#depart(account, contact, seersAmong(roster, contact), (stanza, to) => this.#route(stanza, to)),
    )
  }

  /** The contact has just lost its subscription: it sees all resources go. RFC 6121 §3.2.2, §3.3.3, §4.6.1 */
  withdraw(account: Jid, contact: Jid): Awaitable<void> {
    return this.#depart(account, contact, [contact], (stanza, to) => this.give(stanza, to))
  }

  #depart(
    account: Jid,
    contact: Jid,
    seers: readonly Jid[],
    send: (stanza: Stanza, to: Jid) => Awaitable<void>,
  ): Awaitable<void> {
    const together = new Together()
    for (const session of this.#parts.sessions.of(account)) {
      const told = takeDirected(session, jid => covers(contact, jid))
      const unavailable = unavailableFrom(session)
      if (session.presence) for (const seer of seers) together.add(send(unavailable, seer))
      for (const jid of told) {
        const isTold = session.presence !== undefined && seers.some(seer => seer.equals(jid))
        if (!isTold) together.add(send(unavailable, jid))
      }
    }
    return together.done
  }

  /** Nobody would take it, so no hook needs to be asked and no account looked up. RFC 6121 §8.5.2.2.2 */
  #isAway(to: Jid): boolean {
    const { domains, sessions } = this.#parts
    if (!to.isBare || to.local === '' || !domains.has(to.domain)) return false
    for (const { presence } of sessions.of(to)) if (presence) return false
    return true
  }

  #route(stanza: Stanza, to: Jid): Awaitable<void> {
    return this.#parts.router.route(stanza.readdressed(to))
  }
}

/** What a session would send if it said goodbye. RFC 6121 §4.5.2 */
export function unavailableFrom({ jid }: Session): Stanza {
  const el = xml('presence', { xmlns: CLIENT, type: 'unavailable', from: jid.toString() })
  return new Stanza('presence', 'unavailable', jid, undefined, el)
}

/** Those whom an address means and who have a subscription. */
function seersAmong(roster: Roster, address: Jid): Jid[] {
  if (!address.isDomain) return shows(roster.get(address.bare).state) ? [address] : []
  return [...roster.contacts()]
    .filter(({ jid, state }) => jid.domain === address.domain && shows(state))
    .map(({ jid }) => jid)
}

/** Whether an address means this entity: a domain means everybody there, a bare JID all its resources. */
function covers(address: Jid, jid: Jid): boolean {
  if (address.isDomain) return address.domain === jid.domain
  return address.equals(address.isBare ? jid.bare : jid)
}
