import { accountRemoved } from '../core/accounts.js'
import { type Awaitable, follow } from '../core/awaitable.js'
import { type Bus, Topic } from '../core/bus.js'
import type { Directory } from '../core/directory.js'
import type { AddressStore } from '../core/stores.js'
import { type Jid, parseJid } from '../xmpp/jid.js'

/** Whom one account has blocked. */
export class BlockList {
  readonly #jids: Map<string, Jid>

  constructor(jids: readonly Jid[]) {
    this.#jids = new Map(jids.map(jid => [jid.toString(), jid]))
  }

  get all(): readonly Jid[] {
    return [...this.#jids.values()]
  }

  /** How many there would be with these. */
  countWith(jids: readonly Jid[]): number {
    return new Set([...this.#jids.keys(), ...jids.map(String)]).size
  }

  /** Whether somebody is on the list, by one of four forms of the address. XEP-0191 §6 */
  has(contact: Jid): boolean {
    const jids = this.#jids
    if (jids.size === 0) return false
    const { domain, resource } = contact
    return (
      jids.has(contact.toString()) ||
      jids.has(contact.bare.toString()) ||
      jids.has(`${domain}/${resource}`) ||
      jids.has(domain)
    )
  }

  change(act: Act, jids: readonly Jid[]): void {
    if (act === 'unblock' && jids.length === 0) this.#jids.clear()
    for (const jid of jids) {
      if (act === 'block') this.#jids.set(jid.toString(), jid)
      else this.#jids.delete(jid.toString())
    }
  }
}

/** To unblock nobody by name is to unblock everybody (§3.5). */
export type Act = 'block' | 'unblock'

/** A change that has been committed, for all processes: each knows a part of the clients. */
const changed = new Topic<{ readonly account: string; readonly act: Act; readonly jids: readonly string[] }>('blocked')

interface Parts {
  readonly store: AddressStore
  readonly sessions: Directory
  readonly bus: Bus
  /** Called after every change. */
  readonly tell: (account: Jid, act: Act, jids: readonly Jid[]) => void
}

/**
 * The lists of all accounts. One is in memory as long as its account has a session, so that no stanza waits for it; it
 * is loaded once, however many ask.
 */
export class BlockLists {
  readonly #parts: Parts
  readonly #lists = new Map<string, Awaitable<BlockList>>()
  readonly #subscriptions: readonly (() => void)[]

  constructor(parts: Parts) {
    const { bus } = parts
    this.#parts = parts
    this.#subscriptions = [
      bus.subscribe(accountRemoved, account => this.#lists.delete(account)),
      bus.subscribe(changed, ({ account, act, jids }) => this.#hear(parseJid(account), act, jids.map(parseJid))),
    ]
  }

  /** At once while the account is online. */
  of(account: Jid): Awaitable<BlockList> {
    const key = account.toString()
    const known = this.#lists.get(key)
    if (known) return known
    const loading = this.#load(account)
    this.#lists.set(key, loading)
    const settle = (list?: BlockList) => {
      if (this.#lists.get(key) !== loading) return
      if (list && this.#parts.sessions.of(account).length > 0) this.#lists.set(key, list)
      else this.#lists.delete(key)
    }
    loading.then(settle, () => settle())
    return loading
  }

  /** Nobody can lock himself out: his own clients and his server are never blocked (§5). */
  isBlocked(account: Jid, contact: Jid): Awaitable<boolean> {
    const isOwn = contact.bare.equals(account) || (contact.local === '' && contact.domain === account.domain)
    return !isOwn && follow(this.of(account), list => list.has(contact))
  }

  /** Does this if somebody is blocked. */
  ifBlocked<T>(account: Jid, contact: Jid, act: () => T): Awaitable<T | undefined> {
    return follow(this.isBlocked(account, contact), yes => (yes ? act() : undefined))
  }

  /** Resolves when it is committed and in force. */
  async change(account: Jid, act: Act, jids: readonly Jid[]): Promise<void> {
    const { store, bus } = this.#parts
    if (act === 'block') await store.add(account, jids)
    else await (jids.length > 0 ? store.remove(account, jids) : store.clear(account))
    bus.publish(changed, { account: account.toString(), act, jids: jids.map(String) })
  }

  /** Gives the memory back unless somebody is online. */
  release(account: Jid): void {
    if (this.#parts.sessions.of(account).length === 0) this.#lists.delete(account.toString())
  }

  stop(): void {
    for (const end of this.#subscriptions) end()
  }

  #hear(account: Jid, act: Act, jids: readonly Jid[]): void {
    const list = this.#lists.get(account.toString())
    if (list instanceof BlockList) list.change(act, jids)
    // one that is being loaded may be from before
    else
      list?.then(
        loaded => loaded.change(act, jids),
        () => {},
      )
    this.#parts.tell(account, act, jids)
  }

  async #load(account: Jid): Promise<BlockList> {
    return new BlockList(await this.#parts.store.all(account))
  }
}
