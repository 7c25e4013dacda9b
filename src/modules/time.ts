import { defineModule, get } from '../core/module.js'
import { xml } from '../xml/index.js'
import { formatDateTime } from '../xmpp/dates.js'
import { TIME } from '../xmpp/ns.js'

/** Tells what time it is. XEP-0202 */
export const time = defineModule({
  name: 'time',
  doc: 'Tells the time of the server (XEP-0202).',
  implements: ['XEP-0202 2.0', 'XEP-0082 1.1.1'],
  features: [TIME],
  setup: ({ clock }) => ({
    iq: [
      get(['server'], 'time', TIME, () =>
        // the server lives in UTC: where its machine stands is nobody's business (§6)
        xml('time', { xmlns: TIME }, xml('tzo', {}, '+00:00'), xml('utc', {}, formatDateTime(clock.now()))),
      ),
    ],
  }),
})
