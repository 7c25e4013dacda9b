import { defineModule, get } from '../core/module.js'
import { PING } from '../xmpp/ns.js'

/** Tells a client that the way to the server works. XEP-0199 §4.2 */
export const ping = defineModule({
  name: 'ping',
  doc: 'Answers pings (XEP-0199).',
  implements: ['XEP-0199 2.0.1'],
  features: [PING],
  accountFeatures: [PING],
  // not for accounts of others: it would only tell who has one (RFC 6121 §8.5.1)
  setup: () => ({ iq: [get(['server', 'self'], 'ping', PING, () => {})] }),
})
