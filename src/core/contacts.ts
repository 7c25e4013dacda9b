import type { Element } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import type { Stanza } from '../xmpp/stanza.js'
import type { Awaitable } from './awaitable.js'
import { Contract } from './module.js'
import type { Session } from './session.js'

/** What other features may know of rosters and presence. RFC 6121 §2.1.2.5: the states named here are subscriptions. */
export interface Contacts {
  /** Whether the account has allowed the contact, by any of its JIDs, to see its presence: `from` or `both`. */
  seesPresence(account: Jid, contact: Jid): Awaitable<boolean>
  /** Whether the contact has allowed the account to see its presence: `to` or `both`. */
  showsPresence(account: Jid, contact: Jid): Awaitable<boolean>
  /** Lets the contact see the account's resources go, if it sees them at all. */
  hide(account: Jid, contact: Jid): Awaitable<void>
  /** Sends the contact the presence of all resources of the account, if it may see them. */
  show(account: Jid, contact: Jid): Awaitable<void>
  /** The account's contacts, as `<item/>`s of its roster. RFC 6121 §2.1.2 */
  items(account: Jid): Awaitable<readonly Element[]>
  /** When the last resource of the account has gone; undefined when none ever has. */
  departure(account: Jid): Promise<Departure | undefined>
}

/** When the last resource of an account has gone. */
export interface Departure {
  readonly at: number
  /** The status that it went with. */
  readonly status?: string
}

export const contacts = new Contract<Contacts>('contacts')

/** The rosters of all accounts, for who may do with them what their owners' clients may. RFC 6121 §2 */
export interface RosterAccess {
  /** The answer to a roster get with this `<query/>`; nothing when it has the version that there is. */
  read(account: Jid, query: Element): Awaitable<Element | void>
  /** Does what a roster set with this `<query/>` says; the account's clients hear of it. Rejects with its StanzaError. */
  write(account: Jid, query: Element): Promise<void>
  /** From now on hears of each change, whether or not the account is online, as the `<query/>` of a push; what comes back ends it. */
  follow(hear: (account: Jid, push: Element) => void): () => void
  /** The session hears of changes from now on, as one that has got the roster (RFC 6121 §2.2). */
  interest(session: Session): void
}

export const rosterAccess = new Contract<RosterAccess>('roster access')

/** What a resource of an account has broadcast: that it is available, how, or that it is no more. RFC 6121 §4 */
export interface Broadcast {
  readonly stanza: Stanza
  /** Whether it was not available before. */
  readonly isInitial: boolean
  /** Whether one of the contacts that see it, each by its bare JID, is such a one. */
  isSeenBy(fits: (contact: Jid) => boolean): boolean
}

/** What all accounts broadcast. */
export interface Broadcasts {
  /** From now on hears of each; what comes back ends it. */
  follow(hear: (broadcast: Broadcast) => void): () => void
}

export const broadcasts = new Contract<Broadcasts>('broadcasts')

/** Whom users have cut off. Presence that is broadcast for a session is asked about here: no hook of the sender sees it. */
export interface Blocks {
  /** Whether the account has blocked the contact, by any of the JIDs that it is known by. */
  isBlocked(account: Jid, contact: Jid): Awaitable<boolean>
}

/** Offered only while blocking is loaded. */
export const blocks = new Contract<Blocks>('blocks')
