import type { Component, Components } from '../core/components.js'
import type { DiscoInfo, Identity, Inquiry, Nested, Nesting } from '../core/discovery.js'
import type { Log } from '../core/log.js'
import type { Outbound } from '../core/module.js'
import type { Asking } from '../core/requests.js'
import { child, type Element, elements, is, xml } from '../xml/index.js'
import { StanzaError } from '../xmpp/errors.js'
import { type DataForm, formTypeOf, readForm } from '../xmpp/forms/index.js'
import { parseJid } from '../xmpp/jid.js'
import { CLIENT, DATA_FORMS, DELEGATION, DISCO_INFO } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'

interface Parts {
  readonly config: { readonly answerTime: number }
  readonly components: () => Components | undefined
  readonly asking: () => Asking
  readonly router: Outbound
  readonly log: Log
  readonly randomId: () => string
}

type Target = Inquiry['target']

/** What stands between the namespace of delegation and the one that is delegated. XEP-0355 §7.2.1, §7.2.2 */
const SEPARATORS: Readonly<Record<Target, string>> = { server: '::', account: ':bare:' }

/** Tells components what is delegated to them, and others what they say of it. XEP-0355 §4.2, §7.2 */
export class Delegated implements Nesting {
  readonly #parts: Parts
  /** What components have said, by target, domain and namespace. */
  readonly #told = new Map<string, Partial<DiscoInfo>>()
  readonly #met = new Set<Component>()
  /** Those that have been told what is delegated to them. */
  readonly #known = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** For those that were there before: the module has been switched on while they are connected. */
  catchUp(): void {
    for (const component of this.#parts.components()?.all() ?? [])
      if (!this.#met.has(component)) this.entitled(component)
  }

  entitled(component: Component): void {
    if (!component.isConnected) return
    this.#met.add(component)
    this.#forget(component)
    this.#advertise(component)
    for (const host of component.hosts)
      for (const ns of namespacesOf(component))
        for (const target of ['server', 'account'] as const) void this.#ask(component, target, host, ns)
  }

  detached(component: Component): void {
    this.#met.delete(component)
    this.#known.delete(component.jid.toString())
    this.#forget(component)
  }

  of(target: Target, domain: string): Nested | undefined {
    const namespaces = [...(this.#parts.components()?.all() ?? [])].flatMap(component =>
      component.hosts.includes(domain) ? namespacesOf(component).map(ns => [ns, component] as const) : [],
    )
    if (namespaces.length === 0) return undefined
    return {
      hides: name => namespaces.some(([ns]) => name === ns || name.startsWith(`${ns}#`)),
      told: namespaces.flatMap(([ns, { jid }]) => this.#told.get(keyOf(jid.toString(), target, domain, ns)) ?? []),
    }
  }

  #advertise({ jid, hosts, rights }: Component): void {
    const key = jid.toString()
    if (rights.delegations.size === 0 && !this.#known.has(key)) return
    this.#known.add(key)
    for (const host of hosts) {
      const delegated = [...rights.delegations].map(([namespace, attributes]) =>
        xml(
          'delegated',
          { namespace },
          attributes.map(name => xml('attribute', { name })),
        ),
      )
      const told = xml('delegation', { xmlns: DELEGATION }, delegated)
      const el = xml('message', { xmlns: CLIENT, id: this.#parts.randomId() }, told)
      void this.#parts.router.route(makeStanza({ from: parseJid(host), to: jid, el }))
    }
  }

  async #ask({ jid }: Component, target: Target, host: string, ns: string): Promise<void> {
    const { asking, config, log, randomId } = this.#parts
    const node = `${DELEGATION}${SEPARATORS[target]}${ns}`
    const el = xml('iq', { xmlns: CLIENT, type: 'get', id: randomId() }, xml('query', { xmlns: DISCO_INFO, node }))
    try {
      const answer = await asking().ask(makeStanza({ from: parseJid(host), to: jid, el }), config.answerTime)
      const query = answer.type === 'result' ? child(answer.el, 'query', DISCO_INFO) : undefined
      if (query) this.#told.set(keyOf(jid.toString(), target, host, ns), readInfo(query))
      else log.info({ component: jid.toString(), node }, 'a component says nothing of what is delegated to it')
    } catch (fault) {
      if (!(fault instanceof StanzaError)) throw fault
      log.info({ component: jid.toString(), node }, 'a component says nothing of what is delegated to it')
    }
  }

  #forget({ jid }: Component): void {
    for (const key of [...this.#told.keys()]) if (key.startsWith(`${jid} `)) this.#told.delete(key)
  }
}

const keyOf = (component: string, target: Target, domain: string, ns: string): string =>
  `${component} ${target} ${domain} ${ns}`

/** Those that are namespaces, and none of the special ones. */
const namespacesOf = ({ rights }: Component): readonly string[] =>
  [...rights.delegations.keys()].filter(ns => !ns.startsWith(`${DELEGATION}:`))

function readInfo(query: Element): Partial<DiscoInfo> {
  const all = elements(query)
  return {
    identities: all.filter(el => is(el, 'identity', DISCO_INFO)).map(readIdentity),
    features: all.flatMap(el => (is(el, 'feature', DISCO_INFO) && el.attrs.var ? [el.attrs.var] : [])),
    forms: all.filter(el => is(el, 'x', DATA_FORMS)).flatMap(readResult),
  }
}

/** XEP-0128 §2; anything else is left out. */
function readResult(x: Element): readonly DataForm[] {
  const { type, fields } = readForm(x)
  const form = { type, fields: fields.filter(field => field.var !== undefined) }
  return type === 'result' && formTypeOf(form) !== undefined ? [form] : []
}

function readIdentity({ attrs }: Element): Identity {
  const { category = '', type = '', name, 'xml:lang': lang } = attrs
  return { category, type, ...(name !== undefined && { name }), ...(lang !== undefined && { lang }) }
}
