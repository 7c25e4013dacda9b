import { defineModule } from '../core/module.js'
import { child, type Element, is, without } from '../xml/index.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { STANZA_ID } from '../xmpp/ns.js'
import type { Stanza } from '../xmpp/stanza.js'

/**
 * Lets clients believe an id that their account gave to a message: nobody else's claim to be one gets through. XEP-0359
 *
 * The feature says that these rules are kept (§5). Accounts announce it, for it is they who give ids (§3); domains give
 * none and do not. What is deeper inside of a message, such as one that somebody forwards, says nothing about the
 * message itself and stays as it is.
 */
export const stanzaIds = defineModule({
  name: 'stanza-ids',
  doc: 'Keeps others from making up ids of messages in the name of an account (XEP-0359).',
  implements: ['XEP-0359 0.7.0'],
  accountFeatures: [STANZA_ID],
  setup: () => ({
    hooks: {
      // the sender's other clients may get copies of it
      fromClient: { rewrite: ({ stanza, session }) => withoutIdsBy(session.account, stanza) },
      toAccount: { rewrite: ({ stanza, account }) => withoutIdsBy(account, stanza) },
    },
  }),
})

function withoutIdsBy(account: Jid, stanza: Stanza): Stanza | undefined {
  if (stanza.kind !== 'message' || !child(stanza.el, 'stanza-id', STANZA_ID)) return
  return stanza.carrying(without(stanza.el, claim => isIdBy(account, claim)))
}

/** Another way to write the same address does not help (§3). */
const isIdBy = (account: Jid, claim: Element): boolean =>
  is(claim, 'stanza-id', STANZA_ID) && tryParseJid(claim.attrs.by ?? '')?.equals(account) === true
