import { child, type Element, elements, is, namespaceOf } from '../xml/index.js'
import { hasHint } from '../xmpp/hints.js'
import type { Jid } from '../xmpp/jid.js'
import { CARBONS, CHAT_MARKERS, CHAT_STATES, DIRECT_INVITATION, MUC_USER, RECEIPTS } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'

export type Direction = 'received' | 'sent'

/**
 * Whether clients get copies of a message that others of the account sent or received. XEP-0280 §6.1
 *
 * `isAboutCopied` tells it of an error.
 */
export function isEligible(direction: Direction, stanza: Addressed, isAboutCopied: () => boolean): boolean {
  const { type, el, to } = stanza
  if (type === 'error') return isAboutCopied()
  if (child(el, 'private', CARBONS) || hasHint(stanza, 'no-copy')) return false
  if (type === 'groupchat') return false
  const room = child(el, 'x', MUC_USER)
  if (room && child(room, 'invite', MUC_USER)) return true
  // privately from somebody in a room: the room gives it to each client that is in there
  if (room && direction === 'received' && !to.isBare) return false
  return type === 'chat' || (type === 'normal' && child(el, 'body') !== undefined) || elements(el).some(isMessaging)
}

const isMessaging = (payload: Element): boolean =>
  MESSAGING.has(namespaceOf(payload)) || is(payload, 'x', DIRECT_INVITATION)

const MESSAGING: ReadonlySet<string> = new Set([RECEIPTS, CHAT_STATES, CHAT_MARKERS])

/**
 * The messages that a client lately sent and received of which others got copies, so that they get the errors about
 * them, too. What an error holds tells little: it need not bring back the message, and a room's looks like a person's.
 */
export class Copied {
  /** Hashes: a stranger chooses the ids, and a false match does no harm. */
  readonly #marks = new Int32Array(64)
  #next = 0

  add(peer: Jid, id: string): void {
    if (id !== '') this.#marks[this.#next++ % this.#marks.length] = mark(peer, id)
  }

  has(peer: Jid, id: string): boolean {
    return id !== '' && this.#marks.includes(mark(peer, id))
  }
}

/** Never 0, which is in places not taken yet. Who answers may be a client of whom the message was for. */
function mark(peer: Jid, id: string): number {
  const text = `${peer.bare} ${id}`
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash | 1
}
