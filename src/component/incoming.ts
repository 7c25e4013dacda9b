import type { Element } from '../xml/index.js'
import { badRequest, errorReply, jidMalformed, mayBounce, type StanzaError, StreamError } from '../xmpp/errors.js'
import { readStanzaOf } from '../xmpp/incoming.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { type Addressed, type Kind, Stanza } from '../xmpp/stanza.js'

/** What became of an element: a stanza to be trusted inside, or the answer to be sent. */
export type Incoming = { readonly stanza: Addressed } | { readonly answer: Addressed | undefined }

/** Whose it is. */
interface Sender {
  readonly jid: Jid
  speaksFor(domain: string): boolean
}

/**
 * Makes a component's element a stanza. Its sender has to be of the component's domain: a lie ends the stream. It needs
 * both addresses (XEP-0114 §3); one without is refused, since for it alone not all users of a gateway are to be cut off.
 * All else is as for anybody. The element is taken over: nobody else may have it. Throws a StreamError.
 */
export function readComponentStanza(kind: Kind, el: Element, component: Sender): Incoming {
  const { from: written, to: wanted } = el.attrs
  const from = written === undefined ? component.jid : tryParseJid(written)
  if (!from || !component.speaksFor(from.domain)) throw new StreamError('invalid-from')
  // In place, for the children find the namespace that they have through their parent. It is fresh from the parser.
  el.attrs.xmlns = CLIENT
  const to = tryParseJid(wanted ?? '')
  if (written === undefined || wanted === undefined)
    return refused(kind, el, from, to, badRequest('A stanza of a component needs "from" and "to"'))
  return to ? readStanzaOf(kind, el, from, to) : refused(kind, el, from, to, jidMalformed())
}

/** In the name of whom it was for, or of the component itself where that is nobody. */
function refused(kind: Kind, el: Element, from: Jid, to: Jid | undefined, error: StanzaError): Incoming {
  const about = new Stanza(kind, el.attrs.type ?? '', from, to ?? from.bare, el)
  return { answer: mayBounce(about) ? errorReply(about, error) : undefined }
}
