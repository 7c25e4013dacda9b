import { type Element, serialise } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { readClientStanza } from '../xmpp/incoming.js'
import { tryParseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import type { Kind } from '../xmpp/stanza.js'
import type { ClientSession } from './client-session.js'
import type { ConnectionWorld } from './connection-world.js'
import { readCount } from './outbox.js'
import { failed } from './stream.js'
import { answerHere } from './stream-requests.js'

/** Hands on a stanza of a client. Throws a StreamError for one that is from somebody else. */
export function dispatch(session: ClientSession, kind: Kind, el: Element, world: ConnectionWorld): void {
  world.counts.received.add(kind)
  if (el.attrs.from !== undefined && !isSender(session, el.attrs.from)) throw new StreamError('invalid-from')
  const incoming = readClientStanza(kind, el, session.jid)
  const answer = 'stanza' in incoming ? answerHere(session, incoming.stanza) : incoming.answer
  if (answer) session.send(answer)
  if ('refusal' in incoming) world.router.errors.add(incoming.refusal.condition)
  const isForOthers = 'stanza' in incoming && !answer
  session.takes(isForOthers ? world.router.fromClient(session, incoming.stanza) : undefined)
}

/**
 * Does what a client asks of stream management (XEP-0198); what it is told at once. Throws a StreamError for what a client
 * cannot mean.
 */
export function manage(session: ClientSession, el: Element, world: ConnectionWorld): string {
  if (el.name === 'enable') return serialise(world.attachments.enable(el, session), CLIENT)
  if (el.name === 'resume' || !session.isManaged) return serialise(failed('unexpected-request'), CLIENT)
  if (el.name === 'r') session.answerRequest()
  else session.acknowledge(countOf(el))
  return ''
}

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
