import { type Awaitable, follow } from '../core/awaitable.js'
import type { Directory } from '../core/directory.js'
import type { Log } from '../core/log.js'
import { type Outbound, TAKEN } from '../core/module.js'
import type { Session } from '../core/session.js'
import { parseElement, serialise, xml } from '../xml/index.js'
import { badRequest, notAllowed, resourceConstraint } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { type Addressed, isAddressed, makeStanza, type Stanza } from '../xmpp/stanza.js'
import type { Audience } from './audience.js'
import { type Contact, looksLike } from './contact.js'
import { isInterested, push } from './pushes.js'
import type { Change, Plan, Roster, Rosters } from './rosters.js'
import { type Act, asks, inbound, isAsked, outbound, type Step, sees, shows } from './states.js'
import { Together } from './together.js'

export interface SubscriptionLimits {
  readonly maxItems: number
  readonly maxRequests: number
  readonly maxRequestSize: number
}

interface Parts {
  readonly rosters: Rosters
  readonly audience: Audience
  readonly sessions: Directory
  readonly router: Outbound
  readonly limits: SubscriptionLimits
  readonly log: Log
}

/**
 * Who may see whose presence. RFC 6121 §3
 *
 * A change is committed first. Then the account's own resources hear of it, at once and in the order of changes, and
 * only after that what it leads to goes to the contact: the other way round an answer could come before the push that
 * tells of the question.
 */
export class Subscriptions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What a client of the account has sent. §3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2 */
  sent(act: Act, stanza: Stanza, account: Jid): Awaitable<typeof TAKEN> {
    if (!isAddressed(stanza)) throw badRequest()
    const contact = stanza.to.bare
    if (contact.equals(account)) {
      if (act === 'subscribe') throw notAllowed('everybody sees their own presence')
      return TAKEN
    }
    const stamped = stanza.sentBy(account).readdressed(contact)
    return this.#parts.rosters
      .change(
        account,
        contact,
        (before, roster) => this.#planSent(outbound(act, before.state), before, roster),
        change => {
          push(this.#parts.sessions, account, change)
          if (outbound(act, change.before.state).passes) return this.#goOut(act, stamped, change.before)
        },
      )
      .then(() => TAKEN)
  }

  #planSent(step: Step, before: Contact, roster: Roster): Plan {
    const after = stepped(before, step)
    if (after.listed && !before.listed && roster.listed().length >= this.#parts.limits.maxItems)
      throw resourceConstraint('the contact list is full')
    return { after, isPushed: !looksLike(before, after) }
  }

  #goOut(act: Act, stanza: Addressed, before: Contact): Awaitable<void> {
    const { router, audience } = this.#parts
    const { from: account, to: contact } = stanza
    if (act === 'unsubscribed' && shows(before.state))
      return follow(audience.withdraw(account, contact), () => router.route(stanza))
    const routed = router.route(stanza)
    return act === 'subscribed' ? follow(routed, () => audience.show(account, contact)) : routed
  }

  /** What has come from a contact. §3.1.3, §3.1.6, §3.2.3, §3.3.3 */
  received(act: Act, stanza: Addressed, account: Jid): Awaitable<typeof TAKEN> {
    const contact = stanza.from.bare
    if (contact.equals(account) || this.#isAstray(act, stanza)) return TAKEN
    if (this.#parts.rosters.isGone(account)) return TAKEN // it has said goodbye
    const isBare = stanza.from.isBare && stanza.to.isBare
    const stamped = isBare ? stanza : stanza.sentBy(contact).readdressed(account)
    return this.#parts.rosters
      .change(
        account,
        contact,
        (before, roster) => this.#planReceived(act, stamped, before, roster),
        change => this.#tellReceived(act, stamped, change),
      )
      .then(() => TAKEN)
  }

  /** For a resource that is not there; a request is for the account wherever it is sent to. §8.5.3.2.2 */
  #isAstray(act: Act, { to }: Addressed): boolean {
    return !to.isBare && act !== 'subscribe' && this.#parts.sessions.get(to) === undefined
  }

  #planReceived(act: Act, stanza: Addressed, before: Contact, roster: Roster): Plan {
    const { limits, log } = this.#parts
    const after = stepped(before, inbound(act, before.state, before.approved))
    if (!isAsked(after.state) || isAsked(before.state)) return { after, isPushed: !looksLike(before, after) }
    if (roster.asking().length >= limits.maxRequests) {
      log.info({ account: `${stanza.to}`, from: `${stanza.from}` }, 'subscription request ignored: too many wait')
      return { after: before, isPushed: false }
    }
    return { after: { ...after, request: requestOf(stanza, limits.maxRequestSize) }, isPushed: false }
  }

  #tellReceived(act: Act, stanza: Addressed, change: Change): Awaitable<void> {
    const { before, after } = change
    const { passes, reply } = inbound(act, before.state, before.approved)
    // the stanza has to be there before the push that follows from it (§3.1.6, §3.2.3, §3.3.3)
    if (passes && after !== before) this.#deliver(act, stanza)
    push(this.#parts.sessions, stanza.to, change)
    const { audience, router } = this.#parts
    const { from: contact, to: account } = stanza
    const hidden = shows(before.state) && !shows(after.state) ? audience.withdraw(account, contact) : undefined
    if (reply === undefined) return hidden
    return follow(hidden, () => {
      const answered = router.route(said(reply, account, contact, stanza.id))
      return reply === 'subscribed' ? follow(answered, () => audience.show(account, contact)) : answered
    })
  }

  /** A request to those who are available, an answer also to those who only follow the roster. §2.2 */
  #deliver(act: Act, stanza: Addressed): void {
    for (const session of this.#parts.sessions.of(stanza.to))
      if (session.presence || (act !== 'subscribe' && isInterested(session))) session.send(stanza)
  }

  /** The user has taken a contact off the roster. §2.5.2 */
  removed(account: Jid, { jid, state }: Contact): Awaitable<void> {
    const { audience, router } = this.#parts
    const together = new Together()
    // a request that waits is taken back as well, or else its answer would find nobody who asked
    if (sees(state) || asks(state)) together.add(router.route(said('unsubscribe', account, jid)))
    if (shows(state)) {
      const hidden = audience.withdraw(account, jid)
      together.add(follow(hidden, () => router.route(said('unsubscribed', account, jid))))
    }
    return together.done
  }

  /** The account is about to be removed: nobody goes on seeing it, or waiting for it. */
  farewell(account: Jid): Promise<void> {
    const { rosters, router } = this.#parts
    return rosters.vacate(account, contacts => {
      const together = new Together()
      for (const contact of contacts) {
        together.add(this.removed(account, contact))
        if (isAsked(contact.state) && !shows(contact.state))
          together.add(router.route(said('unsubscribed', account, contact.jid)))
      }
      return together.done
    })
  }

  /** A resource has become available: it gets the requests that wait for an answer. §3.1.3 */
  remind(session: Session, roster: Roster): void {
    for (const { jid, request } of roster.asking()) {
      const el = request === undefined ? xml('presence', { xmlns: CLIENT }) : parseElement(request)
      session.send(makeStanza({ type: 'subscribe', from: jid, to: session.account, el }))
    }
  }

  /** Repeats what was never answered: the request or the answer may have been lost on the way. §3.1.2 */
  askAgain(account: Jid, roster: Roster): Awaitable<void> {
    const together = new Together()
    for (const { jid, state } of roster.contacts())
      if (asks(state)) together.add(this.#parts.router.route(said('subscribe', account, jid)))
    return together.done
  }
}

/** What a step makes of a contact; the very same one when nothing changes. */
function stepped(before: Contact, step: Step): Contact {
  const approved = step.approved ?? before.approved
  if (step.next === before.state && approved === before.approved) return before
  const { request, ...rest } = before
  // only a request, which is no decision of the user's, does without an item
  const listed = before.listed || approved || (step.next !== 'none' && step.next !== 'none+in')
  const after = { ...rest, state: step.next, approved, listed }
  return request !== undefined && isAsked(step.next) ? { ...after, request } : after
}

/** A request as it is kept: complete, or if it is too large without what it carries. */
function requestOf({ el, from, to, id }: Addressed, max: number): string {
  const bytes = Buffer.from(serialise(el))
  return bytes.length <= max ? bytes.toString() : serialise(said('subscribe', from, to, id).el)
}

const said = (type: Act, from: Jid, to: Jid, id = ''): Addressed =>
  makeStanza({ type, from, to, el: xml('presence', { xmlns: CLIENT, id: id || undefined }) })
