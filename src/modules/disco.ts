import { text } from '../core/config.js'
import { contacts } from '../core/contacts.js'
import { defineModule, get, type Request } from '../core/module.js'
import { type Attrs, type Element, xml } from '../xml/index.js'
import { itemNotFound, serviceUnavailable } from '../xmpp/errors.js'
import { DISCO_INFO, DISCO_ITEMS } from '../xmpp/ns.js'

/** Tells what the server and accounts can do, and what belongs to them. XEP-0030 */
export const disco = defineModule({
  name: 'disco',
  doc: 'Tells what the server can do and which services it has (XEP-0030).',
  implements: ['XEP-0030 2.5.0'],
  features: [DISCO_INFO, DISCO_ITEMS],
  accountFeatures: [DISCO_INFO, DISCO_ITEMS],
  config: {
    name: text({ default: 'Parlance', doc: 'What the server calls itself in service discovery.' }),
  },
  setup({ config, announced, sessions, tryUse }) {
    /** Who may know that there is such an account, and which resources it has (§8). */
    const mayKnow = ({ to, from }: Request) =>
      to.equals(from.bare) || (tryUse(contacts)?.seesPresence(to, from) ?? false)

    const server = { category: 'server', type: 'im', name: config.name }
    const account = { category: 'account', type: 'registered' }

    return {
      iq: [
        get(['server'], 'query', DISCO_INFO, request => info(request, server, announced.server)),
        get(['account'], 'query', DISCO_INFO, async request => {
          // whatever is asked about it, there is no such account (§8)
          if (!(await mayKnow(request))) throw serviceUnavailable()
          return info(request, account, announced.account)
        }),
        get(['server'], 'query', DISCO_ITEMS, request => items(request, announced.items(request.to.domain))),
        get(['account'], 'query', DISCO_ITEMS, async request => {
          if (!(await mayKnow(request))) return nothing(request)
          const available = sessions.of(request.to).filter(({ presence }) => presence !== undefined)
          return items(
            request,
            available.map(({ jid }) => ({ jid: jid.toString() })),
          )
        }),
        // an empty result is what §8 wants here, while all else gets an error
        get(['nobody'], 'query', DISCO_ITEMS, nothing),
      ],
    }
  },
})

function info({ payload }: Request, identity: Attrs, features: readonly string[]): Element {
  refuseNode(payload)
  const names = [...new Set(features)].sort()
  return xml(
    'query',
    { xmlns: DISCO_INFO },
    xml('identity', identity),
    names.map(name => xml('feature', { var: name })),
  )
}

function items({ payload }: Request, found: readonly { readonly jid: string; readonly name?: string }[]): Element {
  refuseNode(payload)
  return xml(
    'query',
    { xmlns: DISCO_ITEMS },
    found.map(({ jid, name }) => xml('item', { jid, name })),
  )
}

/** Has the node that was asked for, whether there is one or not (§3.2). */
const nothing = ({ payload }: Request): Element => xml('query', { xmlns: DISCO_ITEMS, node: payload.attrs.node })

function refuseNode({ attrs }: Element): void {
  if (attrs.node) throw itemNotFound()
}
