import type { Element } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { readClientStanza, readStanzaOf } from '../xmpp/incoming.js'
import { tryParseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import type { Addressed, Kind } from '../xmpp/stanza.js'

/** What became of an element: a stanza to be trusted inside, or the answer to be sent. */
export type Incoming = { readonly stanza: Addressed } | { readonly answer: Addressed | undefined }

/**
 * Makes a component's element a stanza. It needs both addresses, and its sender has to be of the component's domain
 * (XEP-0114 §3); all else is as for anybody. The element is taken over: nobody else may have it. Throws a StreamError.
 */
export function readComponentStanza(kind: Kind, el: Element, speaksFor: (domain: string) => boolean): Incoming {
  const { from: written, to: wanted } = el.attrs
  if (written === undefined || wanted === undefined)
    throw new StreamError('improper-addressing', { text: 'A stanza needs "from" and "to"' })
  const from = tryParseJid(written)
  if (!from || !speaksFor(from.domain)) throw new StreamError('invalid-from')
  // In place, for the children find the namespace that they have through their parent. It is fresh from the parser.
  el.attrs.xmlns = CLIENT
  const to = tryParseJid(wanted)
  if (to) return readStanzaOf(kind, el, from, to)
  const refused = readClientStanza(kind, el, from) // for its address, as that of a client would be
  return 'answer' in refused ? refused : { answer: undefined }
}
