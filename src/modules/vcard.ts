import { size } from '../core/config.js'
import { defineModule, get, set } from '../core/module.js'
import { value } from '../core/stores.js'
import { type Element, elements, parseElement, serialise } from '../xml/index.js'
import { forbidden, itemNotFound, policyViolation, serviceUnavailable } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { VCARD } from '../xmpp/ns.js'

/** Lets users show who they are: to everybody, as §5 warns them. XEP-0054 */
export const vcard = defineModule({
  name: 'vcard',
  doc: 'Keeps the vCards of users (XEP-0054).',
  implements: ['XEP-0054 1.3.0'],
  features: [VCARD],
  accountFeatures: [VCARD],
  config: {
    maxSize: size({ default: '128 kB', doc: 'The largest vCard that is kept, picture included.' }),
  },
  // as text: what was in it comes back exactly
  stores: { card: value<string>() },
  setup({ config, stores: { card } }) {
    async function read(account: Jid): Promise<Element | undefined> {
      const text = await card.get(account)
      return text === undefined ? undefined : parseElement(text)
    }

    async function publish(account: Jid, payload: Element): Promise<void> {
      // there is no other way to say that one wants none
      if (elements(payload).length === 0) return card.remove(account)
      const text = serialise(payload)
      if (Buffer.byteLength(text) > config.maxSize) throw policyViolation(`A vCard has at most ${config.maxSize} bytes`)
      await card.set(account, text)
    }

    return {
      iq: [
        get(['self'], 'vCard', VCARD, async ({ to }) => {
          const own = await read(to)
          if (!own) throw itemNotFound() // §3.1
          return own
        }),
        get(['account'], 'vCard', VCARD, async ({ to }) => {
          const theirs = await read(to)
          // not to be told from an account that does not exist (§3.3)
          if (!theirs) throw serviceUnavailable()
          return theirs
        }),
        set(['self'], 'vCard', VCARD, ({ to, payload }) => publish(to, payload)),
        set(['account', 'server'], 'vCard', VCARD, () => {
          throw forbidden() // §3.2
        }),
      ],
    }
  },
})
