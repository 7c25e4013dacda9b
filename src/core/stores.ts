import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'

/*
 * What modules keep, by shape. Everything belongs to an owner, an account or room by its bare JID, so that it can be
 * exported and erased completely. A promise to write resolves when it is committed; writes of a process happen in the
 * order in which they were asked for, and many share a commit. Reads see all writes asked for before.
 */

/** One value for each owner. `T` has to survive JSON. */
export interface ValueStore<T> {
  get(owner: Jid): Promise<T | undefined>
  set(owner: Jid, value: T): Promise<void>
  remove(owner: Jid): Promise<void>
}

/** Values by key for each owner. */
export interface MapStore<T> {
  get(owner: Jid, key: string): Promise<T | undefined>
  /** In the order of their keys. */
  all(owner: Jid): Promise<ReadonlyMap<string, T>>
  set(owner: Jid, key: string, value: T): Promise<void>
  /** Several at once, all or none; undefined removes. */
  change(owner: Jid, changes: ReadonlyMap<string, T | undefined>): Promise<void>
  remove(owner: Jid, key: string): Promise<void>
  clear(owner: Jid): Promise<void>
}

/** A set of addresses for each owner. */
export interface AddressStore {
  all(owner: Jid): Promise<readonly Jid[]>
  /** All or none. */
  add(owner: Jid, addresses: readonly Jid[]): Promise<void>
  remove(owner: Jid, addresses: readonly Jid[]): Promise<void>
  clear(owner: Jid): Promise<void>
}

export interface LogEntry<T> {
  /** Made by the store; later entries have greater ones, compared as texts. Unique in the whole server. */
  readonly id: string
  readonly value: T
}

/** A log for each owner. */
export interface LogStore<T> {
  /** Its id. When the owner has `max` entries already, the promise rejects with LogFull and nothing is kept. */
  append(owner: Jid, value: T, max?: number): Promise<string>
  /** From the oldest, or from after an id. */
  read(owner: Jid, range: { readonly after?: string; readonly limit: number }): Promise<readonly LogEntry<T>[]>
  remove(owner: Jid, ids: readonly string[]): Promise<void>
  count(owner: Jid): Promise<number>
}

/** A log that has as many entries as it may have. */
export class LogFull extends Error {
  override readonly name = 'LogFull'
}

/**
 * The messages of each owner, in the order in which they came: its archive (XEP-0313), and what none of its clients has
 * yet. One row is both, until it is neither.
 */
export interface ArchiveStore {
  /**
   * Its id. When the owner has `maxPending` pending ones already and this is another, the promise rejects with LogFull
   * and nothing is kept.
   */
  append(owner: Jid, message: ArchiveMessage, maxPending?: number): Promise<string>
  /** What the archive has that matches. Costs the same wherever the page is. */
  page(owner: Jid, query: ArchiveQuery): Promise<ArchivePage>
  /** Whether all of these are in the archive: if not, whoever asked for them is told so (XEP-0313 §4.1.3, §4.3.2). */
  has(owner: Jid, ids: readonly string[]): Promise<boolean>
  /** The first and the last that the archive has (XEP-0313 §5); undefined when it is empty. */
  ends(owner: Jid): Promise<{ readonly first: ArchivePoint; readonly last: ArchivePoint } | undefined>
  /**
   * How many the archive has that match (XEP-0059 §2.7). Without a filter it is known once it was asked for; else an
   * index is counted, which takes time by the number that match: 0.1 to 0.5 µs each.
   */
  count(owner: Jid, filter?: ArchiveFilter): Promise<number>
  /** What no client has yet, from the oldest, or from after an id. */
  pending(owner: Jid, range: { readonly after?: string; readonly limit: number }): Promise<readonly ArchiveEntry[]>
  countPending(owner: Jid): Promise<number>
  /** A client has them: they are not pending any more, and gone if they are not archived. Many share a few statements. */
  settle(owner: Jid, ids: readonly string[]): Promise<void>
  /** Puts something in place of a message, for example what says that it was retracted; false when there is none. */
  replace(owner: Jid, id: string, xml: string): Promise<boolean>
  remove(owner: Jid, ids: readonly string[]): Promise<void>
  clear(owner: Jid): Promise<void>
  /**
   * The id of what a sender sent under this name before, if it is among the owner's newest RECOGNISED entries; of older
   * ones that may be remembered or not. Answers at once but for the first question of an owner, or when that message is
   * just being written: whoever had to wait and got nothing asks again before appending.
   */
  find(owner: Jid, origin: Origin): Awaitable<string | undefined>
  /**
   * Owners of whose archives a rule would have something go. Looks at the oldest entry of each, and counts only those that
   * have grown since it last went through all of them.
   */
  prunable(rule: (owner: Jid) => Retention): AsyncIterable<Jid>
  /**
   * Has the oldest of an archive go as a rule says, `limit` at most (500 unless it is said), so that other writes get
   * their turn. Those that are pending only leave the archive, for it may have no gaps, and go when they are settled.
   */
  prune(owner: Jid, rule: Retention, limit?: number): Promise<{ readonly pruned: number; readonly left: number }>
}

/** A message that is to be kept. */
export interface ArchiveMessage {
  /** When it came, in milliseconds since 1970; what is more than an hour ago, or yet to come, is moved there. */
  readonly at: number
  /** The other one: whom it is from or to. */
  readonly with: Jid
  readonly xml: string
  /** No client of the owner has it. */
  readonly isPending: boolean
  /** False for who wants no archive: it is kept only as long as it is pending. */
  readonly isArchived: boolean
  readonly origin?: Origin
}

/** What a sender calls a message, whichever of its clients it was (XEP-0359 §2.2). */
export interface Origin {
  /** The resource does not count. */
  readonly sender: Jid
  readonly id: string
}

/** An entry by its place. */
export interface ArchivePoint {
  /** Made by the store; later entries have greater ones, compared as texts. Unique in the whole server. */
  readonly id: string
  readonly at: number
}

export interface ArchiveEntry extends ArchivePoint {
  readonly xml: string
  readonly isPending: boolean
}

/** What is looked for in an archive (XEP-0313 §4.1): all of it has to match. */
export interface ArchiveFilter {
  /** A bare JID stands for all of its resources, a full one for itself only. */
  readonly with?: Jid
  /** Not before and not after these times, in milliseconds since 1970. */
  readonly start?: number
  readonly end?: number
  /** Neither these entries nor what is on the other side of them. */
  readonly after?: string
  readonly before?: string
  /** Only these, some thousands at most. */
  readonly ids?: readonly string[]
}

export interface ArchiveQuery extends ArchiveFilter {
  /** Which end the page is at: the first that match, or the last. */
  readonly from: 'first' | 'last'
  readonly limit: number
}

export interface ArchivePage {
  /** From the oldest to the newest, whichever end it is at. */
  readonly entries: readonly ArchiveEntry[]
  /** More match: after these if it is the first page, before them if it is the last. */
  readonly isMore: boolean
}

/** What may stay in an archive; all of it unless something is said. */
export interface Retention {
  /** What came before this time goes, in milliseconds since 1970. */
  readonly before?: number
  /** All but so many of the newest go. */
  readonly keep?: number
}

/** Among how many of the newest entries one is recognised that is sent again. */
export const RECOGNISED = 256

/** How long before it is appended a message may have come, in milliseconds. */
export const LATENESS = 60 * 60 * 1000

/*
 * What a module asks for: `stores: { list: addresses() }`. Names are its own; a store is kept under `module/name`.
 * The types of what they hold are known to the compiler only, hence the functions.
 */
export const value = <T>() => ({ shape: 'value' }) as ValueShape<T>
export const map = <T>() => ({ shape: 'map' }) as MapShape<T>
export const addresses = (): AddressShape => ({ shape: 'addresses' })
export const log = <T>() => ({ shape: 'log' }) as LogShape<T>
export const archive = (): ArchiveShape => ({ shape: 'archive' })

export interface ValueShape<T> {
  readonly shape: 'value'
  readonly value?: T
}

export interface MapShape<T> {
  readonly shape: 'map'
  readonly value?: T
}

export interface AddressShape {
  readonly shape: 'addresses'
}

export interface LogShape<T> {
  readonly shape: 'log'
  readonly value?: T
}

export interface ArchiveShape {
  readonly shape: 'archive'
}

export type AnyShape = ValueShape<unknown> | MapShape<unknown> | AddressShape | LogShape<unknown> | ArchiveShape

export type Shapes = Readonly<Record<string, AnyShape>>

export type StoreOf<S> =
  S extends ValueShape<infer T>
    ? ValueStore<T>
    : S extends MapShape<infer T>
      ? MapStore<T>
      : S extends AddressShape
        ? AddressStore
        : S extends LogShape<infer T>
          ? LogStore<T>
          : S extends ArchiveShape
            ? ArchiveStore
            : never

export type Opened<S extends Shapes> = { readonly [K in keyof S]: StoreOf<S[K]> }

/** Where stores come from: a database, or memory. */
export interface Storage {
  value<T>(name: string): ValueStore<T>
  map<T>(name: string): MapStore<T>
  addresses(name: string): AddressStore
  log<T>(name: string): LogStore<T>
  archive(name: string): ArchiveStore
}
