import type { Accounts } from '../core/accounts.js'
import { type Awaitable, follow } from '../core/awaitable.js'
import { allows, type Component, type Sent } from '../core/components.js'
import type { RosterAccess } from '../core/contacts.js'
import { type Outbound, TAKEN, type Verdict } from '../core/module.js'
import type { Asking } from '../core/requests.js'
import {
  child,
  type Element,
  elements,
  firstElement,
  is,
  namespaceOf,
  parseElement,
  serialise,
  withAttrs,
  xml,
} from '../xml/index.js'
import {
  badRequest,
  conflict,
  errorReply,
  forbidden,
  internalServerError,
  itemNotFound,
  jidMalformed,
  resourceConstraint,
  StanzaError,
} from '../xmpp/errors.js'
import { forwarded } from '../xmpp/forwarded.js'
import { readStanzaOf } from '../xmpp/incoming.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { CLIENT, COMPONENT, FORWARD, PRIVILEGE, ROSTER } from '../xmpp/ns.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'

interface Parts {
  readonly config: { readonly answerTime: number; readonly maxRequests: number }
  readonly accounts: Accounts
  readonly domains: ReadonlySet<string>
  readonly router: Outbound
  readonly rosters: () => RosterAccess
  readonly asking: () => Asking
}

/** What components do in the name of accounts and of the server. XEP-0356 §4.3, §5.3, §6.3 */
export class PrivilegedRequests {
  readonly #parts: Parts
  /** How many requests of each component wait for an answer. */
  readonly #waiting = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What is nothing special goes on as it is. */
  take(sent: Sent): Verdict {
    const { kind, type, el, to } = sent.stanza
    if (!this.#parts.domains.has(to.domain)) return
    if (kind === 'message' && to.isDomain) {
      const privilege = child(el, 'privilege', PRIVILEGE)
      return privilege && this.#send(sent, privilege)
    }
    const payload = kind === 'iq' && (type === 'get' || type === 'set') ? firstElement(el) : undefined
    if (!payload) return
    if (is(payload, 'query', ROSTER) && to.isBare && to.local !== '') return this.#manageRoster(sent, payload)
    if (is(payload, 'privileged_iq', PRIVILEGE)) return this.#askFor(sent, payload)
  }

  /** §5.3: the message that is inside goes on instead, in its order. */
  #send({ stanza, component }: Sent, privilege: Element): Addressed {
    const { privileges } = component.rights
    if (privileges.message !== 'outgoing' || !component.hosts.includes(stanza.to.domain)) throw forbidden()
    const forwarded = child(privilege, 'forwarded', FORWARD)
    const message = forwarded && messageIn(forwarded)
    if (!message) throw badRequest('A message of jabber:client was expected')
    const from = tryParseJid(message.attrs.from ?? '')
    if (!from?.isBare || from.domain !== stanza.to.domain) throw forbidden()
    return readInner(message, from, tryParseJid(message.attrs.to ?? ''))
  }

  /** §4.3: as the account's own client, but that it has no resource. */
  #manageRoster({ stanza, component }: Sent, query: Element): Awaitable<typeof TAKEN> {
    const { to: account, type } = stanza
    if (!component.hosts.includes(account.domain) || !allows(component.rights.privileges.roster, type))
      throw forbidden()
    return follow(this.#parts.accounts.exists(account), exists => {
      if (!exists) throw itemNotFound()
      const rosters = this.#parts.rosters()
      const answer = type === 'get' ? rosters.read(account, query) : rosters.write(account, query)
      return follow(answer, payload => follow(this.#answer(stanza, payload ?? undefined), () => TAKEN))
    })
  }

  /** §6.3. What comes back is not waited for: others may take their time. */
  #askFor({ stanza, component }: Sent, payload: Element): Awaitable<typeof TAKEN> {
    const { to: account, type } = stanza
    if (account.local === '' || !account.isBare || !component.hosts.includes(account.domain)) throw forbidden()
    const [inner, ...more] = elements(payload)
    if (!inner || more.length > 0) throw badRequest('One iq was expected')
    const from = inner.attrs.from === undefined ? account : tryParseJid(inner.attrs.from)
    const wanted = firstElement(inner)
    const isAllowed =
      is(inner, 'iq', CLIENT) &&
      inner.attrs.type === type &&
      from?.equals(account) === true &&
      (wanted === undefined || allows(component.rights.privileges.iq.get(namespaceOf(wanted)), type))
    if (!isAllowed) throw forbidden()
    const request = readInner(inner, account, inner.attrs.to === undefined ? account : tryParseJid(inner.attrs.to))
    return follow(this.#parts.accounts.exists(account), exists => {
      if (!exists) throw forbidden()
      this.#ask(stanza, request, component)
      return TAKEN
    })
  }

  #ask(stanza: Addressed, request: Addressed, { jid }: Component): void {
    const { config, asking, router } = this.#parts
    const key = jid.toString()
    const waiting = this.#waiting.get(key) ?? 0
    if (waiting >= config.maxRequests) throw resourceConstraint('Too many requests wait for an answer')
    if (asking().isAsking(request)) throw conflict('There is such a request already')
    this.#waiting.set(key, waiting + 1)
    const done = () => this.#waiting.set(key, (this.#waiting.get(key) ?? 1) - 1)
    asking()
      .ask(request, config.answerTime)
      .finally(done)
      .then(
        ({ el }) => this.#answer(stanza, xml('privilege', { xmlns: PRIVILEGE }, forwarded(el))),
        fault => router.route(errorReply(stanza, fault instanceof StanzaError ? fault : internalServerError())),
      )
  }

  #answer({ to, from, id }: Addressed, payload: Element | undefined): Awaitable<void> {
    const el = xml('iq', { xmlns: CLIENT, type: 'result', id }, payload ?? null)
    return this.#parts.router.route(makeStanza({ from: to, to: from, el }))
  }
}

/** In the namespace of clients. Where a component's stream has its own, slixmpp 1.8 leaves a message in that. */
function messageIn(forwarded: Element): Element | undefined {
  const foreign = child(forwarded, 'message', COMPONENT)
  return foreign ? parseElement(serialise(withAttrs(foreign, { xmlns: CLIENT }))) : child(forwarded, 'message', CLIENT)
}

/** A stanza inside of another, to be sent in the name of `from`. */
function readInner(el: Element, from: Jid, to: Jid | undefined): Addressed {
  if (!to) throw jidMalformed()
  const read = readStanzaOf(el.name === 'iq' ? 'iq' : 'message', el, from, to)
  if ('refusal' in read) throw read.refusal
  return read.stanza
}
