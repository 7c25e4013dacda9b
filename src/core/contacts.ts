import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'
import { Contract } from './module.js'

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
}

export const contacts = new Contract<Contacts>('contacts')

/** Whom users have cut off. Presence that is broadcast for a session is asked about here: no hook of the sender sees it. */
export interface Blocks {
  /** Whether the account has blocked the contact, by any of the JIDs that it is known by. */
  isBlocked(account: Jid, contact: Jid): Awaitable<boolean>
}

/** Offered only while blocking is loaded. */
export const blocks = new Contract<Blocks>('blocks')
