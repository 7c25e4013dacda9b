import { type Element, xml } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import { asks, type State, subscriptionOf } from './states.js'

/** What a user's server knows of one contact. A value: a change makes another one. */
export interface Contact {
  /** Bare. */
  readonly jid: Jid
  readonly state: State
  /** Whether it is in the roster. A request alone does not bring it there (RFC 6121 §3.1.3). */
  readonly listed: boolean
  /** '' when it has none. */
  readonly name: string
  readonly groups: readonly string[]
  /** Whether a request would be granted without asking (RFC 6121 §3.4). */
  readonly approved: boolean
  /** The stanza of the request that waits for an answer, as XML. */
  readonly request?: string
}

/** What is stored of it, under its JID. */
export type Kept = Omit<Contact, 'jid'>

/** Somebody of whom nothing is known. */
export const stranger = (jid: Jid): Contact => ({
  jid,
  state: 'none',
  listed: false,
  name: '',
  groups: [],
  approved: false,
})

/** What is to be stored; nothing for a stranger. */
export function keptOf({ jid: _, ...kept }: Contact): Kept | undefined {
  return kept.listed || kept.state !== 'none' ? kept : undefined
}

/** The `<item/>` of a roster. RFC 6121 §2.1.2 */
export const itemOf = ({ jid, listed, name, groups, approved, state }: Contact): Element =>
  listed
    ? xml(
        'item',
        {
          jid: jid.toString(),
          name: name || undefined,
          subscription: subscriptionOf(state),
          ask: asks(state) ? 'subscribe' : undefined,
          approved: approved ? 'true' : undefined,
        },
        groups.map(group => xml('group', {}, group)),
      )
    : xml('item', { jid: jid.toString(), subscription: 'remove' })

/** Whether a change of state would be seen in the roster (RFC 6121 §2.6.3: "roster modification"). */
export const looksLike = (one: Contact, other: Contact): boolean =>
  one.listed === other.listed &&
  one.approved === other.approved &&
  asks(one.state) === asks(other.state) &&
  subscriptionOf(one.state) === subscriptionOf(other.state)
