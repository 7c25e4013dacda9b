import { type Element, elements, namespaceOf, withAttrs } from '../xml/index.js'
import { badRequest, errorReply, jidMalformed, mayBounce, type StanzaError } from './errors.js'
import { type Jid, tryParseJid } from './jid.js'
import { type Addressed, DEFAULT_TYPE, isKind, type Kind, Stanza, TYPES } from './stanza.js'

/** What became of an element on the edge: a stanza to be trusted inside, or a refusal with the answer to be sent. */
export type Incoming = { readonly stanza: Stanza } | Refused

interface Refused {
  readonly answer: Addressed | undefined
  readonly refusal: StanzaError
}

/** The kind of a stanza; undefined for an element of a stream that is none. */
export function kindOf(el: Element, ns: string): Kind | undefined {
  return isKind(el.name) && namespaceOf(el) === ns ? el.name : undefined
}

/**
 * Makes a client's element a stanza: its address prepared (RFC 7622), its type checked (RFC 6120 §8.2.3, RFC 6121
 * §4.7.1 and §5.2.2), its sender stamped (RFC 6120 §8.1.2.1). An iq without an id is refused, and so is a request
 * without exactly one child (§8.2.3); a message of an unknown type is a normal one (RFC 6121 §5.2.2). It is in the
 * language of the client's stream if it has none of its own (§8.1.5).
 */
export function readClientStanza(kind: Kind, el: Element, from: Jid, language?: string): Incoming {
  const written = el.attrs.to
  const to = written === undefined ? implied(kind, from) : tryParseJid(written)
  if (written !== undefined && to === undefined) return refuse(kind, el, from, jidMalformed())
  const type = typeOf(kind, el)
  if (type === undefined) return refuse(kind, el, from, badRequest())
  const fault = kind === 'iq' ? iqFault(type, el) : undefined
  if (fault) return refuse(kind, el, from, fault)
  return { stanza: new Stanza(kind, type, from, to, stamped(el, kind, type, from, to, language)) }
}

/** The same for an element of a peer that speaks for many, such as a component. Its addresses have been read and checked. */
export function readStanzaOf(kind: Kind, el: Element, from: Jid, to: Jid): { readonly stanza: Addressed } | Refused {
  const type = typeOf(kind, el)
  if (type === undefined) return refuse(kind, el, from, badRequest(), to)
  const fault = kind === 'iq' ? iqFault(type, el) : undefined
  if (fault) return refuse(kind, el, from, fault, to)
  return { stanza: new Stanza(kind, type, from, to, stamped(el, kind, type, from, to)) }
}

/** What a client addresses to nobody is for its own account; presence is for whom it concerns (RFC 6120 §10.3). */
const implied = (kind: Kind, from: Jid): Jid | undefined => (kind === 'presence' ? undefined : from.bare)

function typeOf(kind: Kind, el: Element): string | undefined {
  const { type } = el.attrs
  if (type === undefined) return DEFAULT_TYPE[kind] || undefined
  if (TYPES[kind].has(type)) return type === 'available' ? undefined : type
  return kind === 'message' ? DEFAULT_TYPE.message : undefined
}

function iqFault(type: string, el: Element): StanzaError | undefined {
  if (!el.attrs.id) return badRequest()
  if (type === 'get' || type === 'set') return elements(el).length === 1 ? undefined : badRequest()
  return type === 'result' && elements(el).length > 1 ? badRequest() : undefined
}

function stamped(el: Element, kind: Kind, type: string, from: Jid, to: Jid | undefined, language?: string): Element {
  return withAttrs(el, {
    from: from.toString(),
    to: to?.toString(),
    type: type === DEFAULT_TYPE[kind] ? undefined : type,
    'xml:lang': el.attrs['xml:lang'] ?? language,
  })
}

/** The sender learns what was wrong, unless it was an answer itself (RFC 6120 §8.3.1). */
function refuse(kind: Kind, el: Element, from: Jid, refusal: StanzaError, to?: Jid): Refused {
  // as far as we understood what a client has sent, it was for the client's own server
  const about = new Stanza(kind, el.attrs.type ?? '', from, to ?? from.bare, el)
  return { answer: mayBounce(about) ? errorReply(about, refusal) : undefined, refusal }
}
