import { type Element, elements, namespaceOf } from '../xml/index.js'
import { hasHint } from '../xmpp/hints.js'
import { CARBONS, CHAT_STATES, CLIENT, DELAY, HINTS, STANZA_ID } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'

/** Why a message is not kept for later, for the log; undefined when it is. XEP-0160 §3, XEP-0334 §4 */
export function reasonNotToStore(stanza: Addressed): string | undefined {
  const { type, el } = stanza
  if (type === 'error' || type === 'groupchat') return `type ${type}`
  if (hasHint(stanza, 'no-store')) return 'no-store hint'
  if (hasHint(stanza, 'store')) return undefined
  if (type === 'headline') return 'type headline'
  return elements(el).some(says) ? undefined : 'says nothing that lasts'
}

/** Whether it is more than a state of the chat, or something about the message. */
const says = (payload: Element): boolean => {
  const ns = namespaceOf(payload)
  return ns === CLIENT ? payload.name !== 'thread' : !PASSING.has(ns)
}

const PASSING: ReadonlySet<string> = new Set([CHAT_STATES, HINTS, STANZA_ID, DELAY, CARBONS])
