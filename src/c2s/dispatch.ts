import { type Element, namespaceOf, type StreamOpen, serialise } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { readClientStanza } from '../xmpp/incoming.js'
import { tryParseJid } from '../xmpp/jid.js'
import { CLIENT, CLIENT_STATE } from '../xmpp/ns.js'
import type { Kind } from '../xmpp/stanza.js'
import type { ClientSession } from './client-session.js'
import type { ConnectionWorld } from './connection-world.js'
import { LANGUAGE } from './features.js'
import { readCount } from './outbox.js'
import { failed } from './stream.js'
import { answerHere } from './stream-requests.js'

/**
 * Hands on a stanza of a client whose stream is in `language`. Throws a StreamError for one that is from somebody else.
 */
export function dispatch(
  session: ClientSession,
  { kind, el }: { readonly kind: Kind; readonly el: Element },
  language: string | undefined,
  world: ConnectionWorld,
): void {
  world.counts.received.add(kind)
  if (el.attrs.from !== undefined && !isSender(session, el.attrs.from)) throw new StreamError('invalid-from')
  const incoming = readClientStanza(kind, el, session.jid, language)
  const answer = 'stanza' in incoming ? answerHere(session, incoming.stanza) : incoming.answer
  if (answer) session.send(answer)
  if ('refusal' in incoming) world.router.errors.add(incoming.refusal.condition)
  const isForOthers = 'stanza' in incoming && !answer
  session.takes(isForOthers ? world.router.fromClient(session, incoming.stanza) : undefined)
}

/**
 * Does what a client asks of stream management (XEP-0198), or hears whether it is in use (XEP-0352); what it is told at
 * once. Throws a StreamError for what a client cannot mean.
 */
export function manage(session: ClientSession, el: Element, world: ConnectionWorld): string {
  if (namespaceOf(el) === CLIENT_STATE) {
    session.isActive = el.name === 'active'
    return ''
  }
  if (el.name === 'enable') return serialise(world.attachments.enable(el, session), CLIENT)
  if (el.name === 'resume' || !session.isManaged) return serialise(failed('unexpected-request'), CLIENT)
  if (el.name === 'r') session.answerRequest()
  else session.acknowledge(countOf(el))
  return ''
}

/**
 * The language of what a client sends, unless that says another (RFC 6120 §4.7.4); undefined for the one of our own
 * streams, which everybody takes for granted (§8.1.5), and for what is none.
 */
export function languageOf({ attrs }: StreamOpen): string | undefined {
  const language = attrs['xml:lang']
  return language !== undefined && language !== LANGUAGE && TAG.test(language) ? language : undefined
}

// BCP 47 §2.1; what is longer than what it asks everybody to bear (§4.4.1) would be written on every stanza
const TAG = /^(?=.{1,35}$)[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/

/** Who a client may say it is. RFC 6120 §8.1.2.1 */
function isSender({ jid, account }: ClientSession, from: string): boolean {
  const claimed = tryParseJid(from)
  return claimed !== undefined && (claimed.equals(jid) || claimed.equals(account))
}

function countOf(acknowledgement: Element): number {
  const count = readCount(acknowledgement.attrs.h)
  if (count === undefined) throw new StreamError('policy-violation', { text: 'h is no number of stanzas' })
  return count
}
