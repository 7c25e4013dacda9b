import type { Session } from '../core/session.js'
import { firstElement, is, xml } from '../xml/index.js'
import { errorReply, notAllowed } from '../xmpp/errors.js'
import * as ns from '../xmpp/ns.js'
import { type Addressed, isAddressed, makeStanza, type Stanza } from '../xmpp/stanza.js'
import { refuseGuest } from './guests.js'

/** The answer to what is not for anybody else; undefined for all other stanzas. */
export const answerHere = (session: Session, stanza: Stanza): Addressed | undefined =>
  answerStreamRequest(stanza) ?? refuseGuest(session, stanza)

/** The answer to a request about the stream that comes when a resource is bound; undefined for all other stanzas. */
function answerStreamRequest(stanza: Stanza): Addressed | undefined {
  if (stanza.kind !== 'iq' || stanza.type !== 'set' || !isAddressed(stanza)) return undefined
  const { to, from } = stanza
  if (!to.equals(from.bare) && to.toString() !== from.domain) return undefined
  const payload = firstElement(stanza.el)
  // RFC 3921 §3: nothing has to be done, but older clients do not go on without an answer
  if (payload && is(payload, 'session', ns.SESSION))
    return makeStanza({ from: to, to: from, el: xml('iq', { type: 'result', id: stanza.id }) })
  // RFC 6120 §7.1 lets a stream have one resource
  if (payload && is(payload, 'bind', ns.BIND)) return errorReply(stanza, notAllowed())
  return undefined
}
