import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'
import { Topic } from './bus.js'

/** RFC 5802, RFC 7677 and draft-melnikov-scram-sha-512 */
export type ScramHash = 'SHA-1' | 'SHA-256' | 'SHA-512'

/** All that is kept of a password, for one hash. RFC 5802 §3 */
export interface ScramKeys {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

export type Credentials = ReadonlyMap<ScramHash, ScramKeys>

/** The accounts of all domains. Each is named by its bare JID; what is said here has been committed. */
export interface Accounts {
  exists(account: Jid): Awaitable<boolean>
  keys(account: Jid, hash: ScramHash): Promise<ScramKeys | undefined>
  /** False when it exists already. */
  create(account: Jid, credentials: Credentials): Promise<boolean>
  /** False when there is no such account. */
  setCredentials(account: Jid, credentials: Credentials): Promise<boolean>
  /** Removes the account and everything that any store keeps of it. False when there is no such account. */
  remove(account: Jid): Promise<boolean>
  /** In alphabetical order; those of one domain, or all. */
  list(domain?: string): Promise<readonly Jid[]>
}

/** An account is no more: its bare JID. Sessions end, and what is in memory of it goes. */
export const accountRemoved = new Topic<string>('account removed')

/** An account has a new password: its bare JID. */
export const passwordChanged = new Topic<string>('password changed')
