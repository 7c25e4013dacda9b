import type { Component, Components } from '../core/components.js'
import type { RosterAccess } from '../core/contacts.js'
import type { Log } from '../core/log.js'
import { type Announced, type Outbound, type Request, TAKEN, type Verdict } from '../core/module.js'
import type { Asking } from '../core/requests.js'
import { child, type Element, elements, firstElement, is, namespaceOf, xml } from '../xml/index.js'
import { errorReply, resourceConstraint, serviceUnavailable } from '../xmpp/errors.js'
import { forwarded } from '../xmpp/forwarded.js'
import { parseJid, tryParseJid } from '../xmpp/jid.js'
import { CLIENT, DELEGATION, DISCO_INFO, DISCO_ITEMS, FORWARD, ROSTER } from '../xmpp/ns.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'

/** What stands in the place of namespaces for what nobody can list beforehand. XEP-0355 §7.2.4, §7.2.5 */
const ANY_INFO = `${DELEGATION}:bare:disco#info:*`
const ANY_ITEMS = `${DELEGATION}:bare:disco#items:*`

interface Parts {
  readonly config: { readonly answerTime: number; readonly maxRequests: number }
  readonly components: () => Components | undefined
  readonly asking: () => Asking
  readonly rosters: () => RosterAccess | undefined
  readonly announced: Announced
  readonly router: Outbound
  readonly log: Log
  readonly randomId: () => string
}

/** Has components answer what is delegated to them. XEP-0355 §4.3 */
export class Delegations {
  readonly #parts: Parts
  /** How many requests wait for each component. */
  readonly #waiting = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A request that the server, or an account, is about to answer. Nobody waits for a component (§9). */
  take(request: Request): Verdict {
    for (const component of this.#parts.components()?.all() ?? []) {
      const { hosts, rights, jid } = component
      if (rights.delegations.size === 0 || !hosts.includes(request.to.domain)) continue
      if (!this.#isDelegated(request, rights.delegations)) continue
      // the managing entity is answered by the server itself (§4.3.1)
      if (request.from.domain === jid.domain) return
      this.#forward(request, component)
      return TAKEN
    }
  }

  #isDelegated({ payload, to, from }: Request, delegations: Component['rights']['delegations']): boolean {
    const attributes = delegations.get(namespaceOf(payload))
    if (attributes) return attributes.every(name => payload.attrs[name] !== undefined)
    if (to.local === '') return false
    const { node } = payload.attrs
    const isOwnNode = () => this.#parts.announced.node(node ?? '', { target: 'account', to, from }) !== undefined
    if (is(payload, 'query', DISCO_INFO)) return delegations.has(ANY_INFO) && Boolean(node) && !isOwnNode()
    return is(payload, 'query', DISCO_ITEMS) && delegations.has(ANY_ITEMS) && (!node || !isOwnNode())
  }

  #forward(request: Request, { jid, isConnected }: Component): void {
    const { config, asking, randomId, rosters } = this.#parts
    const { stanza, to, session, payload } = request
    if (!isConnected) throw serviceUnavailable()
    const key = jid.toString()
    const waiting = this.#waiting.get(key) ?? 0
    if (waiting >= config.maxRequests) throw resourceConstraint('Too many requests wait for an answer')
    // whoever answers: pushes go out as ever
    if (session && is(payload, 'query', ROSTER)) rosters()?.interest(session)
    const wrapped = xml('delegation', { xmlns: DELEGATION }, forwarded(stanza.el))
    const el = xml('iq', { xmlns: CLIENT, type: 'set', id: randomId() }, wrapped)
    this.#waiting.set(key, waiting + 1)
    asking()
      .ask(makeStanza({ from: parseJid(to.domain), to: jid, el }), config.answerTime)
      .finally(() => this.#waiting.set(key, (this.#waiting.get(key) ?? 1) - 1))
      .then(
        answer => this.#answer(stanza, answer, jid.toString()),
        () => this.#fail(stanza),
      )
  }

  #answer(request: Addressed, answer: Addressed, component: string): void {
    const inner = answer.type === 'result' ? unwrapped(answer.el) : undefined
    if (inner && isAnswer(inner, request)) {
      const el = xml('iq', { xmlns: CLIENT, type: 'result', id: request.id }, firstElement(inner) ?? null)
      void this.#parts.router.route(makeStanza({ from: request.to, to: request.from, el }))
      return
    }
    this.#parts.log.warn({ component, type: answer.type }, 'a delegated request got no answer that can be used')
    this.#fail(request)
  }

  #fail(request: Addressed): void {
    void this.#parts.router.route(errorReply(request, serviceUnavailable()))
  }
}

/** What a component answers in the name of the server. */
function unwrapped(answer: Element): Element | undefined {
  const delegation = child(answer, 'delegation', DELEGATION)
  const forwarded = delegation && child(delegation, 'forwarded', FORWARD)
  return forwarded && child(forwarded, 'iq', CLIENT)
}

/** §4.3: it has to be a result, for who has asked, under the id of the request. */
function isAnswer(inner: Element, { from, to, id }: Addressed): boolean {
  const { attrs } = inner
  const isFrom = attrs.from === undefined || tryParseJid(attrs.from)?.equals(to) === true
  const isTo = tryParseJid(attrs.to ?? '')?.equals(from) === true
  return attrs.type === 'result' && attrs.id === id && isFrom && isTo && elements(inner).length <= 1
}
