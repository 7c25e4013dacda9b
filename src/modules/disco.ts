import { isGuest } from '../core/accounts.js'
import { follow } from '../core/awaitable.js'
import { integer, text } from '../core/config.js'
import { contacts } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import {
  type DiscoInfo,
  type DiscoItem,
  type DiscoNode,
  discovery,
  type Identity,
  type Inquiry,
  nesting,
} from '../core/discovery.js'
import { type Announced, type Contract, defineModule, get, offer, type Request } from '../core/module.js'
import { type Element, xml } from '../xml/index.js'
import { itemNotFound, serviceUnavailable } from '../xmpp/errors.js'
import { type DataForm, FORM_TYPE, type FormField, formElement, formTypeOf } from '../xmpp/forms/index.js'
import { DISCO_INFO, DISCO_ITEMS, RSM } from '../xmpp/ns.js'
import { listSource, pageElement, pageOf, readPageRequest } from '../xmpp/result-set.js'

/** Tells what the server and accounts can do, and what belongs to them. XEP-0030 */
export const disco = defineModule({
  name: 'disco',
  doc: 'Tells what the server can do and which services it has (XEP-0030).',
  implements: ['XEP-0030 2.5.0', 'XEP-0059 1.0', 'XEP-0128 1.0.1'],
  features: [DISCO_INFO, DISCO_ITEMS, RSM],
  accountFeatures: [DISCO_INFO, DISCO_ITEMS],
  config: {
    name: text({ default: 'Parlance', doc: 'What the server calls itself in service discovery.' }),
    maxPage: integer({ default: 500, min: 1, doc: 'How many items are told at a time to who asks page by page.' }),
  },
  settingsInPlace: true,
  setup(context) {
    const { tryUse } = context
    const teller = new Teller(context)
    /** Who may know that there is such an account, and which resources it has (§8). */
    const mayKnow = ({ to, from }: Request) =>
      to.equals(from.bare) || (tryUse(contacts)?.seesPresence(to, from) ?? false)
    return {
      iq: [
        get(['server'], 'query', DISCO_INFO, request => teller.info('server', request)),
        get(['account'], 'query', DISCO_INFO, request =>
          follow(mayKnow(request), known => {
            // whatever is asked about it, there is no such account (§8)
            if (!known) throw serviceUnavailable()
            return teller.info('account', request)
          }),
        ),
        get(['server'], 'query', DISCO_ITEMS, request => teller.items('server', request)),
        get(['account'], 'query', DISCO_ITEMS, request =>
          follow(mayKnow(request), known => (known ? teller.items('account', request) : nothing(request))),
        ),
        // an empty result is what §8 wants here, while all else gets an error
        get(['nobody'], 'query', DISCO_ITEMS, nothing),
      ],
      offers: [offer(discovery, { info: domain => teller.serverInfo(domain) })],
    }
  },
})

interface Parts {
  readonly config: { readonly name: string; readonly maxPage: number }
  readonly announced: Announced
  readonly sessions: Directory
  readonly tryUse: <T>(contract: Contract<T>) => T | undefined
}

/** Tells of domains, accounts and their nodes whatever modules say of them. */
class Teller {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  serverInfo(domain: string): DiscoInfo {
    const { config, announced } = this.#parts
    const own = together([
      { identities: [{ category: 'server', type: 'im', name: config.name }], features: announced.server },
      ...announced.info(domain),
    ])
    const info = this.#nested('server', domain, own)
    // said, and not left to the stream's xml:lang: it is part of what is hashed (XEP-0390 §4.1)
    return { ...info, identities: info.identities.map(identity => ({ lang: 'en', ...identity })) }
  }

  /** With what others say who answer instead of us (XEP-0355 §7.2). */
  #nested(target: Inquiry['target'], domain: string, info: DiscoInfo): DiscoInfo {
    const others = this.#parts.tryUse(nesting)?.of(target, domain)
    if (!others) return info
    const features = info.features.filter(name => !others.hides(name))
    const forms = info.forms.filter(form => !others.hides(formTypeOf(form) ?? ''))
    return together([{ ...info, features, forms }, ...others.told])
  }

  async #accountInfo({ to, from }: Request): Promise<DiscoInfo> {
    const { announced, sessions } = this.#parts
    // XEP-0175 §5
    const type = sessions.of(to).some(session => session.get(isGuest)) ? 'anonymous' : 'registered'
    const own = together([
      { identities: [{ category: 'account', type }], features: announced.account },
      ...(await announced.accountInfo(to, from)),
    ])
    return this.#nested('account', to.domain, own)
  }

  async info(target: Inquiry['target'], request: Request): Promise<Element> {
    const { node } = request.payload.attrs
    if (!node) {
      const ofServer = target === 'server'
      return infoElement(ofServer ? this.serverInfo(request.to.domain) : await this.#accountInfo(request), node)
    }
    const told = await this.#node(node, target, request).info?.()
    if (!told) throw itemNotFound()
    return infoElement(told, node)
  }

  async items(target: Inquiry['target'], request: Request): Promise<Element> {
    const { node } = request.payload.attrs
    const found = node ? await this.#node(node, target, request).items?.() : this.#ownItems(target, request)
    return itemsElement(request.payload, found ?? [], this.#parts.config.maxPage)
  }

  #ownItems(target: Inquiry['target'], { to }: Request): readonly DiscoItem[] {
    const { announced, sessions } = this.#parts
    if (target === 'server') return announced.items(to.domain)
    return sessions.of(to).flatMap(({ jid, presence }) => (presence ? { jid: jid.toString() } : []))
  }

  #node(name: string, target: Inquiry['target'], { to, from }: Request): DiscoNode {
    const node = this.#parts.announced.node(name, { target, to, from })
    if (!node) throw itemNotFound() // §7
    return node
  }
}

/** What several say of one entity: in order, and nothing twice (XEP-0115 §5.4). */
function together(parts: readonly Partial<DiscoInfo>[]): DiscoInfo {
  const identities = new Map<string, Identity>()
  for (const identity of parts.flatMap(part => part.identities ?? [])) {
    const { category, type, lang = '' } = identity
    const key = [category, type, lang].join('/')
    if (!identities.has(key)) identities.set(key, identity)
  }
  const forms = new Map<string, DataForm>()
  for (const form of parts.flatMap(part => part.forms ?? [])) {
    const formType = formTypeOf(form) ?? ''
    const before = forms.get(formType)
    // one form for each FORM_TYPE, whoever has something to say in it
    forms.set(formType, before ? { ...before, fields: [...before.fields, ...form.fields.filter(isOrdinary)] } : form)
  }
  return {
    identities: [...identities.values()],
    features: [...new Set(parts.flatMap(part => part.features ?? []))].sort(),
    forms: [...forms.values()],
  }
}

const isOrdinary = ({ var: name }: FormField): boolean => name !== FORM_TYPE

/** With the node that was asked for (§3.2). */
const infoElement = ({ identities, features, forms }: DiscoInfo, node: string | undefined): Element =>
  xml(
    'query',
    { xmlns: DISCO_INFO, node },
    identities.map(({ category, type, name, lang }) => xml('identity', { category, type, name, 'xml:lang': lang })),
    features.map(name => xml('feature', { var: name })),
    forms.map(formElement),
  )

/** All items, or the page of them that was asked for. XEP-0059 §3 */
async function itemsElement(query: Element, items: readonly DiscoItem[], maxPage: number): Promise<Element> {
  const { node } = query.attrs
  const element = (shown: readonly DiscoItem[], set: Element | null): Element =>
    xml(
      'query',
      { xmlns: DISCO_ITEMS, node },
      shown.map(({ jid, node, name }) => xml('item', { jid, node, name })),
      set,
    )
  const wanted = readPageRequest(query)
  // where there is nothing at all nothing is said about it either (XEP-0059 §2.2)
  if (!wanted || items.length === 0) return element(items, null)
  const page = await pageOf(listSource(items, uidOf), wanted, maxPage)
  return element(page.items, pageElement(page))
}

const uidOf = ({ jid, node = '' }: DiscoItem): string => `${jid} ${node}`.trimEnd()

/** Has the node that was asked for, whether there is one or not (§3.2). */
const nothing = ({ payload }: Request): Element => xml('query', { xmlns: DISCO_ITEMS, node: payload.attrs.node })
