import { type Awaitable, follow } from '../core/awaitable.js'
import type { Departure } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import { type Outbound, TAKEN } from '../core/module.js'
import type { Session } from '../core/session.js'
import type { ValueStore } from '../core/stores.js'
import { type Element, xml } from '../xml/index.js'
import { delayed } from '../xmpp/delay.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import type { Audience } from './audience.js'
import { hasDirected } from './directed.js'
import type { Roster, Rosters } from './rosters.js'
import { sees, shows } from './states.js'
import { Together } from './together.js'

interface Parts {
  readonly rosters: Rosters
  readonly audience: Audience
  readonly sessions: Directory
  readonly router: Outbound
  readonly domains: ReadonlySet<string>
  readonly departures: ValueStore<Departure>
  readonly randomId: () => string
}

/** Asks contacts for their presence, and answers those who ask. RFC 6121 §4.3 */
export class Probes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The presence of all that the user has subscribed to, for a resource that has become available. §4.3.1 */
  gather(session: Session, roster: Roster): Awaitable<void> {
    const { domains, randomId } = this.#parts
    const together = new Together()
    let id: string | undefined
    for (const { jid, state } of roster.contacts()) {
      if (!sees(state)) continue
      if (domains.has(jid.domain) && jid.local !== '') together.add(this.#look(session, jid))
      else {
        id ??= randomId()
        together.add(this.#route('probe', session.account, jid, xml('presence', { xmlns: CLIENT, id })))
      }
    }
    return together.done
  }

  /** A contact on this server needs no probe. One that is not there is not even looked up: no news is "unavailable". */
  #look(session: Session, contact: Jid): Awaitable<void> {
    const present = this.#present(contact)
    if (present.length === 0) return
    return follow(this.#parts.rosters.contact(contact, session.account), ({ state }) => {
      // the two rosters differ: this repairs it (§4.3.2)
      if (!shows(state)) return this.#refuse(contact, session.account, undefined)
      return this.#giveAll(present, session.jid)
    })
  }

  /** Answers a probe. §4.3.2, §4.6.6 */
  answer(probe: Addressed, account: Jid): Awaitable<typeof TAKEN> {
    const prober = probe.from.bare
    const allowed = prober.equals(account)
      ? true
      : follow(this.#parts.rosters.contact(account, prober), ({ state }) => shows(state))
    const answered = follow(allowed, allowed =>
      allowed ? this.#answerContact(probe, account) : this.#answerStranger(probe, account),
    )
    return follow(answered, () => TAKEN)
  }

  #answerContact(probe: Addressed, account: Jid): Awaitable<void> {
    const { to, from } = probe
    const present = this.#present(to)
    if (to.isBare) return present.length > 0 ? this.#giveAll(present, from) : this.#answerAbsent(probe, account)
    // nothing but that it is there: no details, and no other resources
    const type = present.some(({ jid }) => jid.equals(to)) ? 'available' : 'unavailable'
    return this.#route(type, to, from, bareAnswer(probe))
  }

  /** §4.3.2: when it was last available, and nothing of what it said then. */
  async #answerAbsent(probe: Addressed, account: Jid): Promise<void> {
    const departure = await this.#parts.departures.get(account)
    const el = bareAnswer(probe)
    const stamped = departure ? delayed(el, parseJid(account.domain), departure.at) : el
    await this.#route('unavailable', account, probe.from, stamped)
  }

  /** One who got directed presence hears of the resource that sent it; all others hear the same, whatever there is. */
  #answerStranger(probe: Addressed, account: Jid): Awaitable<void> {
    const { to, from } = probe
    const known = this.#parts.sessions
      .of(account)
      .filter(session => (to.isBare || session.jid.equals(to)) && hasDirected(session, from))
    if (known.length === 0) return this.#refuse(account, from, probe.id)
    const together = new Together()
    for (const { jid } of known) together.add(this.#route('available', jid, from, bareAnswer(probe)))
    return together.done
  }

  #refuse(account: Jid, prober: Jid, id: string | undefined): Awaitable<void> {
    return this.#route('unsubscribed', account, prober, xml('presence', { xmlns: CLIENT, id: id || undefined }))
  }

  #giveAll(present: readonly Session[], to: Jid): Awaitable<void> {
    const together = new Together()
    for (const { presence } of present) if (presence) together.add(this.#parts.audience.give(presence.stanza, to))
    return together.done
  }

  #present(account: Jid): Session[] {
    return this.#parts.sessions.of(account).filter(({ presence }) => presence)
  }

  #route(type: string, from: Jid, to: Jid, el: Element): Awaitable<void> {
    return this.#parts.router.route(makeStanza({ type, from, to, el }))
  }
}

/** §4.3.2.1: with the id of the probe, when there is no presence that has its own. */
const bareAnswer = ({ id }: Addressed): Element => xml('presence', { xmlns: CLIENT, id: id || undefined })
