import { child, type Element, elements, namespaceOf, plus, textOf, withAttrs } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'

/*
 * What may wait while a client is not in use, as pure functions. XEP-0352 leaves it to servers. Only what is known to
 * need nobody's eyes waits: whatever is not known here (a call, an encrypted message, next year's extension) does not.
 */

/**
 * How a stanza is given to a client that is not in use: `now`, and so is all that waits; or it waits `in turn`; or it
 * waits, and makes of those before it that wait under the same name (`latest`) all that they said old news.
 */
export type Urgency = 'now' | 'in turn' | { readonly latest: string }

/** Whose client it is, and whether messages in rooms that do not name the user may wait. */
export interface Reader {
  readonly account: Jid
  readonly roomsWait: boolean
}

export function urgencyOf({ kind, type, from, el }: Addressed, reader: Reader): Urgency {
  if (kind === 'message') return ofMessage(el, type, reader)
  if (kind !== 'presence' || (type !== 'available' && type !== 'unavailable') || isAboutSelf(el)) return 'now'
  return { latest: `presence\n${from}` }
}

/**
 * What is to be sent instead of two presences from the same client. A server may leave out of the second the
 * capabilities that were in the first (XEP-0115 §8.4, XEP-0390 §6.3): who sees only one is told all the same.
 */
export function merged(before: Addressed, after: Addressed): Addressed {
  if (after.kind !== 'presence' || after.type !== 'available' || before.type !== 'available') return after
  const told = elements(after.el).filter(isCaps).map(namespaceOf)
  const leftOut = elements(before.el).filter(el => isCaps(el) && !told.includes(namespaceOf(el)))
  if (leftOut.length === 0) return after
  return after.carrying(plus(after.el, ...leftOut.map(el => withAttrs(el, {}))))
}

const isCaps = (el: Element): boolean => el.name === 'c' && [ns.CAPS, ns.CAPS_2].includes(namespaceOf(el))

/** The client itself has joined a room, or is in it no more, or the room is not there any longer. XEP-0045 §7.2.2, §10.9 */
function isAboutSelf(presence: Element): boolean {
  const room = child(presence, 'x', ns.MUC_USER)
  return room !== undefined && elements(room).some(el => el.name === 'destroy' || el.attrs.code === '110')
}

function ofMessage(message: Element, type: string, reader: Reader): Urgency {
  if (type === 'error') return 'now'
  let urgency: Urgency | undefined
  for (const payload of elements(message)) {
    if (isBeside(payload)) continue
    const one = ofPayload(payload, { message, type, reader })
    if (one === 'now') return 'now'
    // that one part is old news does not make the other
    urgency = urgency === undefined ? one : 'in turn'
  }
  return urgency ?? 'now'
}

/** What only comes along with what a message is about. */
function isBeside(payload: Element): boolean {
  const namespace = namespaceOf(payload)
  if (namespace === ns.CLIENT) return payload.name === 'thread'
  if (namespace === ns.RECEIPTS) return payload.name === 'request'
  if (namespace === ns.CHAT_MARKERS) return payload.name === 'markable'
  // that it comes from within a room (XEP-0045 §7.5), and not an invitation
  if (namespace === ns.MUC_USER) return elements(payload).length === 0
  // who wishes that it is kept does not wish that it makes room for the next
  if (namespace === ns.HINTS) return payload.name !== 'store'
  return BESIDE.has(namespace)
}

const BESIDE: ReadonlySet<string> = new Set([ns.STANZA_ID, ns.OCCUPANT_ID, ns.DELAY, ns.HEADERS, ns.ADDRESSES])

interface Context {
  readonly message: Element
  readonly type: string
  readonly reader: Reader
}

function ofPayload(payload: Element, context: Context): Urgency {
  const { from, to } = context.message.attrs
  switch (namespaceOf(payload)) {
    case ns.CLIENT:
      return ofWords(payload, context)
    case ns.CHAT_STATES:
      return { latest: `chat state\n${from}\n${to}` }
    case ns.RECEIPTS:
    case ns.CHAT_MARKERS:
    case ns.HINTS:
      return 'in turn'
    case ns.PUBSUB_EVENT:
      return payload.name === 'event' && isAccount(from) ? ofEvent(payload, from) : 'now'
    case ns.CARBONS:
      return ofCopy(payload, context.reader)
    default:
      return 'now'
  }
}

/** Somebody's words are not for waiting, if not in a room: there a subject may, and what does not name the user. */
function ofWords(payload: Element, { type, reader }: Context): Urgency {
  if (type !== 'groupchat') return 'now'
  if (payload.name === 'subject') return 'in turn'
  if (payload.name !== 'body' || !reader.roomsWait) return 'now'
  return textOf(payload).toLowerCase().includes(reader.account.local) ? 'now' : 'in turn'
}

/** A copy waits as what it is a copy of. XEP-0280 */
function ofCopy(copy: Element, reader: Reader): Urgency {
  const holder = child(copy, 'forwarded', ns.FORWARD)
  const original = holder && child(holder, 'message', ns.CLIENT)
  return original ? ofMessage(original, original.attrs.type ?? 'normal', reader) : 'now'
}

/** News from somebody's node (XEP-0163): of a node that holds one thing the latest, else the latest of each item. */
function ofEvent(event: Element, from: string): Urgency {
  const [items, ...more] = elements(event)
  const node = items?.attrs.node
  if (items?.name !== 'items' || node === undefined || more.length > 0) return 'in turn'
  if (HOLDS_ONE.has(node)) return { latest: `node\n${from}\n${node}` }
  const [item, ...others] = elements(items)
  if (item?.attrs.id === undefined || others.length > 0) return 'in turn'
  return { latest: `item\n${from}\n${node}\n${item.attrs.id}` }
}

/** Whether an address is an account's: a service of which clients are subscribers may tell of anything. */
const isAccount = (address: string | undefined): address is string =>
  address !== undefined && /^[^@/]+@[^/]+$/.test(address)

/** Nodes that hold one thing by their specifications, whatever id they give it. */
const HOLDS_ONE: ReadonlySet<string> = new Set([
  'http://jabber.org/protocol/activity', // XEP-0108
  'http://jabber.org/protocol/geoloc', // XEP-0080
  'http://jabber.org/protocol/mood', // XEP-0107
  'http://jabber.org/protocol/nick', // XEP-0172
  'http://jabber.org/protocol/tune', // XEP-0118
  'urn:xmpp:avatar:metadata', // XEP-0084
  'urn:xmpp:vcard4', // XEP-0292
  'eu.siacs.conversations.axolotl.devicelist', // XEP-0384 before 0.4
  'urn:xmpp:omemo:2:devices', // XEP-0384
])
