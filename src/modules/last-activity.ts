import { follow } from '../core/awaitable.js'
import { contacts } from '../core/contacts.js'
import { defineModule, type Flows, get, type Request, type Verdict } from '../core/module.js'
import { type Element, firstElement, is, xml } from '../xml/index.js'
import { forbidden, itemNotFound } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { LAST_ACTIVITY } from '../xmpp/ns.js'

/** Tells contacts when somebody was last there, and everybody how long the server has been running. XEP-0012 */
export const lastActivity = defineModule({
  name: 'last-activity',
  doc: 'Tells contacts when somebody was last there (XEP-0012).',
  implements: ['XEP-0012 2.0'],
  features: [LAST_ACTIVITY],
  accountFeatures: [LAST_ACTIVITY],
  needs: ['roster'],
  setup({ sessions, domains, clock, use }) {
    const start = clock.now()
    const secondsSince = (at: number): number => Math.max(0, Math.floor((clock.now() - at) / 1000))
    const answer = (seconds: number, status?: string): Element =>
      xml('query', { xmlns: LAST_ACTIVITY, seconds }, status)

    /** §3: when the last of its resources went, or that one is there. */
    async function ofAccount({ to }: Request): Promise<Element> {
      if (sessions.of(to).length > 0) return answer(0)
      const departure = await use(contacts).departure(to)
      if (!departure) throw itemNotFound('Nobody has logged in yet')
      return answer(secondsSince(departure.at), departure.status)
    }

    /** Only who may see the account's presence, whether there is such an account or not (§3, §4). */
    const guarded = <T>(account: Jid, asker: Jid, then: () => T | Promise<T>) =>
      follow(use(contacts).seesPresence(account, asker), sees => {
        if (!sees) throw forbidden()
        return then()
      })

    function check({ stanza: { kind, type, to, from, el } }: Flows['fromClient'] | Flows['toAccount']): Verdict {
      // those to the account itself are answered below; at other domains there are other servers
      if (kind !== 'iq' || type !== 'get' || !to || to.isBare || to.local === '' || !domains.has(to.domain)) return
      const payload = firstElement(el)
      if (payload && is(payload, 'query', LAST_ACTIVITY)) return guarded(to.bare, from, () => {})
    }

    return {
      iq: [
        get(['server'], 'query', LAST_ACTIVITY, () => answer(secondsSince(start))),
        get(['account'], 'query', LAST_ACTIVITY, request =>
          guarded(request.to, request.from, () => ofAccount(request)),
        ),
        get(['nobody'], 'query', LAST_ACTIVITY, () => {
          throw forbidden()
        }),
      ],
      // from our clients as they are sent, so that a refusal does not tell whether there is such an account
      hooks: { fromClient: { check }, toAccount: { check } },
    }
  },
})
