import { randomBytes } from 'node:crypto'
import { type Jid, parseJid } from '../xmpp/jid.js'
import {
  type Accounts,
  accountRemoved,
  type Credentials,
  passwordChanged,
  type ScramHash,
  type ScramKeys,
} from './accounts.js'
import { type Awaitable, attempt } from './awaitable.js'
import type { Bus } from './bus.js'
import { type Clock, systemClock } from './clock.js'
import { LogIds } from './log-ids.js'
import { MemoryArchive } from './memory-archive.js'
import { Disk } from './memory-disk.js'
import {
  type AddressStore,
  type ArchiveStore,
  type LogEntry,
  LogFull,
  type LogStore,
  type MapStore,
  type Storage,
  type ValueStore,
} from './stores.js'

/** Stores that are gone with the process: for tests, which can also hold back their commits and have them fail. */
export class MemoryStorage implements Storage {
  readonly #disk = new Disk()
  readonly #clock: Clock
  readonly #ids: LogIds

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock
    this.#ids = new LogIds({ clock, random: randomBytes })
  }

  value<T>(name: string): ValueStore<T> {
    return new MemoryValues<T>(this.#disk, `value ${name}`)
  }

  map<T>(name: string): MapStore<T> {
    return new MemoryMap<T>(this.#disk, `map ${name}`)
  }

  addresses(name: string): AddressStore {
    return new MemoryAddresses(this.#disk, `addresses ${name}`)
  }

  log<T>(name: string): LogStore<T> {
    return new MemoryLog<T>(this.#disk, `log ${name}`, this.#ids)
  }

  archive(name: string): ArchiveStore {
    return new MemoryArchive({ disk: this.#disk, name: `archive ${name}`, ids: this.#ids, clock: this.#clock })
  }

  /** From now on nothing is committed, and no write resolves. */
  hold(): void {
    this.#disk.hold()
  }

  /** Commits what was held back, in order. */
  release(): void {
    this.#disk.release()
  }

  /** Lets commits fail with this, or succeed again. */
  fail(fault: Error | undefined): void {
    this.#disk.fault = fault
  }

  /** Removes all that any store keeps of an owner. */
  erase(owner: Jid): Promise<void> {
    return this.commit(owner, () => this.eraseNow(owner))
  }

  /* What accounts need, to be one with their stores. */

  /** Makes a change when it is its turn. */
  commit<T>(owner: Jid, change: () => T): Promise<T> {
    return this.#disk.commit(owner, change)
  }

  /** Looks when all changes, of the owner or of all, that were asked for before have been made. */
  read<T>(owner: Jid | undefined, look: () => T): Promise<T> {
    return this.#disk.read(owner, look)
  }

  /** Erases within a change that is being committed. */
  eraseNow(owner: Jid): void {
    this.#disk.erase(owner)
  }
}

/** A store of some shape, under its name. */
abstract class MemoryStore<T> {
  constructor(
    readonly disk: Disk,
    readonly name: string,
  ) {}

  protected see<R>(owner: Jid, look: (items: ReadonlyMap<string, string>) => R): Promise<R> {
    return this.disk.read(owner, () => look(this.disk.items(owner, this.name)))
  }

  protected keep<R>(owner: Jid, change: (items: Map<string, string>) => R): Promise<R> {
    return this.disk.commit(owner, () => change(this.disk.items(owner, this.name)))
  }

  protected clearAll(owner: Jid): Promise<void> {
    return this.keep(owner, items => items.clear())
  }

  protected encode(value: T): string {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError('a value that JSON cannot say')
    return text
  }

  protected decode(text: string): T {
    return JSON.parse(text) as T // only T is put in
  }
}

class MemoryValues<T> extends MemoryStore<T> implements ValueStore<T> {
  async get(owner: Jid): Promise<T | undefined> {
    const text = await this.see(owner, items => items.get(''))
    return text === undefined ? undefined : this.decode(text)
  }

  set(owner: Jid, value: T): Promise<void> {
    return attempt(() => {
      const text = this.encode(value)
      return this.keep(owner, items => void items.set('', text))
    })
  }

  remove(owner: Jid): Promise<void> {
    return this.clearAll(owner)
  }
}

class MemoryMap<T> extends MemoryStore<T> implements MapStore<T> {
  async get(owner: Jid, key: string): Promise<T | undefined> {
    const text = await this.see(owner, items => items.get(key))
    return text === undefined ? undefined : this.decode(text)
  }

  async all(owner: Jid): Promise<ReadonlyMap<string, T>> {
    const items = await this.see(owner, items => [...items])
    const inOrder = items.sort(([a], [b]) => (a < b ? -1 : 1))
    return new Map(inOrder.map(([key, text]) => [key, this.decode(text)]))
  }

  set(owner: Jid, key: string, value: T): Promise<void> {
    return this.change(owner, new Map([[key, value]]))
  }

  remove(owner: Jid, key: string): Promise<void> {
    return this.change(owner, new Map([[key, undefined]]))
  }

  change(owner: Jid, changes: ReadonlyMap<string, T | undefined>): Promise<void> {
    return attempt(() => {
      const texts = [...changes].map(
        ([key, value]) => [key, value === undefined ? undefined : this.encode(value)] as const,
      )
      return this.keep(owner, items => {
        for (const [key, text] of texts) {
          if (text === undefined) items.delete(key)
          else items.set(key, text)
        }
      })
    })
  }

  clear(owner: Jid): Promise<void> {
    return this.clearAll(owner)
  }
}

class MemoryAddresses extends MemoryStore<null> implements AddressStore {
  all(owner: Jid): Promise<readonly Jid[]> {
    return this.see(owner, items => [...items.keys()].sort().map(parseJid))
  }

  add(owner: Jid, addresses: readonly Jid[]): Promise<void> {
    const texts = addresses.map(String)
    return this.keep(owner, items => {
      for (const text of texts) items.set(text, '')
    })
  }

  remove(owner: Jid, addresses: readonly Jid[]): Promise<void> {
    const texts = addresses.map(String)
    return this.keep(owner, items => {
      for (const text of texts) items.delete(text)
    })
  }

  clear(owner: Jid): Promise<void> {
    return this.clearAll(owner)
  }
}

class MemoryLog<T> extends MemoryStore<T> implements LogStore<T> {
  readonly #ids: LogIds

  constructor(disk: Disk, name: string, ids: LogIds) {
    super(disk, name)
    this.#ids = ids
  }

  append(owner: Jid, value: T, max = Infinity): Promise<string> {
    return attempt(() => {
      const text = this.encode(value)
      const id = this.#ids.next()
      return this.keep(owner, items => {
        if (items.size >= max) throw new LogFull('as many entries as there may be')
        items.set(id, text)
        return id
      })
    })
  }

  async read(
    owner: Jid,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<readonly LogEntry<T>[]> {
    const items = await this.see(owner, items => [...items]) // they came in the order of their ids
    const page = items.filter(([id]) => id > after).slice(0, limit)
    return page.map(([id, text]) => ({ id, value: this.decode(text) }))
  }

  remove(owner: Jid, ids: readonly string[]): Promise<void> {
    const gone = [...ids]
    return this.keep(owner, items => {
      for (const id of gone) items.delete(id)
    })
  }

  count(owner: Jid): Promise<number> {
    return this.see(owner, items => items.size)
  }
}

/** Accounts that are gone with the process. Their changes are held back and fail with those of the stores. */
export class MemoryAccounts implements Accounts {
  readonly #bus: Bus
  readonly #storage: MemoryStorage
  readonly #accounts = new Map<string, { readonly jid: Jid; readonly credentials: Credentials }>()

  constructor({ bus, storage }: { readonly bus: Bus; readonly storage: MemoryStorage }) {
    this.#bus = bus
    this.#storage = storage
  }

  exists(account: Jid): Awaitable<boolean> {
    const has = () => this.#accounts.has(account.toString())
    return has() || this.#storage.read(account, has)
  }

  keys(account: Jid, hash: ScramHash): Promise<ScramKeys | undefined> {
    return this.#storage.read(account, () => this.#accounts.get(account.toString())?.credentials.get(hash))
  }

  create(account: Jid, credentials: Credentials): Promise<boolean> {
    return this.#storage.commit(account, () => {
      if (this.#accounts.has(account.toString())) return false
      this.#storage.eraseNow(account)
      this.#accounts.set(account.toString(), { jid: account, credentials })
      return true
    })
  }

  async setCredentials(account: Jid, credentials: Credentials): Promise<boolean> {
    const changed = await this.#storage.commit(account, () => {
      if (!this.#accounts.has(account.toString())) return false
      this.#accounts.set(account.toString(), { jid: account, credentials })
      return true
    })
    if (changed) this.#bus.publish(passwordChanged, account.toString())
    return changed
  }

  async remove(account: Jid, told?: () => void): Promise<boolean> {
    const removed = await this.#storage.commit(account, () => {
      if (!this.#accounts.delete(account.toString())) return false
      this.#storage.eraseNow(account)
      return true
    })
    if (removed) told?.()
    if (removed) this.#bus.publish(accountRemoved, account.toString())
    return removed
  }

  async list(domain?: string): Promise<readonly Jid[]> {
    const jids = await this.#storage.read(undefined, () => [...this.#accounts.values()].map(({ jid }) => jid))
    return jids
      .filter(jid => domain === undefined || jid.domain === domain)
      .sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
  }
}
