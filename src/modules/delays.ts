import { defineModule } from '../core/module.js'
import { child, type Element, is, without } from '../xml/index.js'
import { tryParseJid } from '../xmpp/jid.js'
import { DELAY } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'

/** Lets clients believe when the server says that it kept a message back: others cannot say so for it. XEP-0203 §5 */
export const delays = defineModule({
  name: 'delays',
  doc: 'Keeps others from saying that this server delayed a message (XEP-0203).',
  implements: ['XEP-0203 2.0'],
  setup: () => ({
    hooks: {
      toAccount: {
        rewrite: ({ stanza }) =>
          child(stanza.el, 'delay', DELAY) && !isOurs(stanza)
            ? stanza.carrying(without(stanza.el, claim => isClaim(stanza.to.domain, claim)))
            : undefined,
      },
    },
  }),
})

/** The server says itself what it has delayed. */
const isOurs = ({ from, to }: Addressed): boolean => from.isDomain && from.domain === to.domain

function isClaim(domain: string, claim: Element): boolean {
  const by = is(claim, 'delay', DELAY) ? tryParseJid(claim.attrs.from ?? '') : undefined
  return by?.isDomain === true && by.domain === domain
}
