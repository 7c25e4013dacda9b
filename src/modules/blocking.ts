import { integer } from '../core/config.js'
import { blocks, contacts } from '../core/contacts.js'
import { defineModule, get, offer, type Request, set, TAKEN } from '../core/module.js'
import { Slot } from '../core/slot.js'
import { addresses } from '../core/stores.js'
import { type Element, elements, is, xml } from '../xml/index.js'
import { badRequest, jidMalformed, notAcceptable, policyViolation, serviceUnavailable } from '../xmpp/errors.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { BLOCKING, BLOCKING_ERRORS } from '../xmpp/ns.js'
import { type Kind, makeStanza } from '../xmpp/stanza.js'
import { BlockLists } from './block-lists.js'

/** Clients that asked for the list hear of changes to it (§3.3). */
const interested = new Slot('blocking', false)

/** Lets users cut somebody off, both ways. XEP-0191 */
export const blocking = defineModule({
  name: 'blocking',
  doc: 'Lets users block others (XEP-0191).',
  implements: ['XEP-0191 1.3'],
  features: [BLOCKING],
  config: { maxItems: integer({ default: 1000, min: 1, doc: 'How many addresses one user may block.' }) },
  settingsInPlace: true,
  stores: { blocked: addresses() },
  setup({ config, stores: { blocked }, sessions, bus, randomId, tryUse }) {
    const lists = new BlockLists({ store: blocked, sessions, bus, tell })

    function tell(account: Jid, name: string, jids: readonly Jid[]): void {
      for (const session of sessions.of(account).filter(each => each.get(interested))) {
        const push = xml('iq', { id: randomId() }, listOf(name, jids))
        session.send(makeStanza({ type: 'set', from: account, to: session.jid, el: push }))
      }
    }

    async function block({ to: account, payload }: Request): Promise<void> {
      const jids = itemsOf(payload)
      if (jids.length === 0) throw badRequest() // §3.3
      const list = await lists.of(account)
      if (list.countWith(jids) > config.maxItems) throw policyViolation(`At most ${config.maxItems} can be blocked`)
      const news = jids.filter(jid => !list.has(jid))
      await lists.change(account, 'block', jids)
      for (const jid of news) await tryUse(contacts)?.hide(account, jid)
    }

    async function unblock({ to: account, payload }: Request): Promise<void> {
      const named = itemsOf(payload)
      const list = await lists.of(account)
      const jids = named.length > 0 ? named : list.all // §3.5
      await lists.change(account, 'unblock', named)
      for (const jid of jids) if (!list.has(jid)) await tryUse(contacts)?.show(account, jid) // nor is its domain
    }

    return {
      iq: [
        get(['self'], 'blocklist', BLOCKING, async ({ to: account, session }) => {
          session?.set(interested, true)
          return listOf('blocklist', (await lists.of(account)).all)
        }),
        set(['self'], 'block', BLOCKING, block),
        set(['self'], 'unblock', BLOCKING, unblock),
      ],
      hooks: {
        fromClient: {
          check: ({ stanza: { to }, session }) => to && lists.ifBlocked(session.account, to, refuseOutbound),
        },
        toAccount: {
          check: ({ stanza: { kind, from }, account }) => lists.ifBlocked(account, from, () => refuseInbound(kind)),
        },
      },
      on: {
        bound: async ({ account }) => void (await lists.of(account)),
        closed: ({ account }) => lists.release(account),
      },
      offers: [offer(blocks, { isBlocked: (account, contact) => lists.isBlocked(account, contact) })],
      stop: () => lists.stop(),
    }
  },
})

function itemsOf(list: Element): readonly Jid[] {
  return elements(list).map(item => {
    if (!is(item, 'item', BLOCKING)) throw badRequest()
    const jid = tryParseJid(item.attrs.jid ?? '')
    if (!jid) throw jidMalformed()
    return jid
  })
}

const listOf = (name: string, jids: readonly Jid[]): Element =>
  xml(name, { xmlns: BLOCKING }, ...jids.map(jid => xml('item', { jid: jid.toString() })))

function refuseOutbound(): never {
  throw notAcceptable(undefined, { type: 'cancel', detail: xml('blocked', { xmlns: BLOCKING_ERRORS }) })
}

function refuseInbound(kind: Kind): typeof TAKEN {
  if (kind === 'presence') return TAKEN // not even an error: the user looks offline
  throw serviceUnavailable() // answers are not answered: the router sees to that
}
