import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'
import { Topic } from './bus.js'
import { Contract } from './module.js'
import { Slot } from './slot.js'

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
  /**
   * Removes the account and everything that any store keeps of it. False when there is no such account. `removed` is
   * called when it is committed, before anybody hears of it: a client that asked for it can be told before its stream ends.
   */
  remove(account: Jid, removed?: () => void): Promise<boolean>
  /** In alphabetical order; those of one domain, or all. */
  list(domain?: string): Promise<readonly Jid[]>
}

/** The same accounts, but for each that is removed, `farewell` is waited for before anything of it goes. */
export const withFarewell = (accounts: Accounts, farewell: (account: Jid) => Awaitable<void>): Accounts => ({
  exists: account => accounts.exists(account),
  keys: (account, hash) => accounts.keys(account, hash),
  create: (account, credentials) => accounts.create(account, credentials),
  setCredentials: (account, credentials) => accounts.setCredentials(account, credentials),
  remove: async (account, removed) => {
    if (await accounts.exists(account)) await farewell(account)
    return accounts.remove(account, removed)
  },
  list: domain => accounts.list(domain),
})

/** What passwords are turned into, for modules that make accounts. */
export interface Passwords {
  /**
   * What is kept of a password. Rejects with a PrecisError for one that cannot be one, and with resource-constraint when
   * too many wait.
   */
  derive(password: string): Promise<Credentials>
}

export const passwords = new Contract<Passwords>('passwords')

/** The accounts that nobody can log in to for now, though all else is there as before. */
export interface DisabledAccounts {
  isDisabled(account: Jid): Awaitable<boolean>
  /** In alphabetical order; those of one domain, or all. */
  list(domain?: string): Promise<readonly Jid[]>
}

/** Offered only while accounts can be disabled. */
export const disabledAccounts = new Contract<DisabledAccounts>('disabled accounts')

/** An account can be logged in to no more until further notice: its bare JID. Sessions end. */
export const accountDisabled = new Topic<string>('account disabled')

/** Set on a session whose account is there only as long as itself (XEP-0175). */
export const isGuest = new Slot('is a guest', false)

/** Set on a session while it gives its account another password: it goes on, and all others have to log in anew. */
export const changesPassword = new Slot('changes the password', false)

/** An account is no more: its bare JID. Sessions end, and what is in memory of it goes. */
export const accountRemoved = new Topic<string>('account removed')

/** An account has a new password: its bare JID. */
export const passwordChanged = new Topic<string>('password changed')
