import { components } from '../core/components.js'
import { duration, integer } from '../core/config.js'
import { rosterAccess } from '../core/contacts.js'
import { nesting } from '../core/discovery.js'
import { defineModule, get, offer } from '../core/module.js'
import { asking } from '../core/requests.js'
import { elements } from '../xml/index.js'
import { forbidden, serviceUnavailable } from '../xmpp/errors.js'
import { DELEGATION } from '../xmpp/ns.js'
import { Delegated } from './delegation-disco.js'
import { Delegations } from './delegation-requests.js'

/** Lets components answer requests instead of the server. XEP-0355, in admin mode */
export const delegation = defineModule({
  name: 'delegation',
  doc: 'Lets components answer, instead of the server, the requests in their `delegations` (XEP-0355).',
  implements: ['XEP-0355 0.5'],
  features: [DELEGATION],
  config: {
    answerTime: duration({
      default: '1 minute',
      doc: 'How long a component may take to answer instead of the server.',
    }),
    maxRequests: integer({ default: 1000, min: 1, doc: 'How many requests may wait for the answer of one component.' }),
  },
  settingsInPlace: true,
  setup({ use, tryUse, announced, ...world }) {
    const parts = { ...world, components: () => tryUse(components), asking: () => use(asking) }
    const delegations = new Delegations({ ...parts, announced, rosters: () => tryUse(rosterAccess) })
    const delegated = new Delegated(parts)
    world.clock.after(0, () => delegated.catchUp())
    return {
      iq: [
        // users cannot delegate (client mode, §5); and this namespace nobody can (§8)
        get(['server'], 'query', DELEGATION, ({ payload }) => {
          const isItself = elements(payload).some(({ attrs }) => attrs.namespace === DELEGATION)
          throw isItself ? forbidden() : serviceUnavailable()
        }),
      ],
      hooks: { request: { check: request => delegations.take(request) } },
      on: {
        entitled: component => delegated.entitled(component),
        detached: component => delegated.detached(component),
      },
      offers: [offer(nesting, delegated)],
    }
  },
})
