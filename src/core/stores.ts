import type { Jid } from '../xmpp/jid.js'

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

/*
 * What a module asks for: `stores: { list: addresses() }`. Names are its own; a store is kept under `module/name`.
 * The types of what they hold are known to the compiler only, hence the functions.
 */
export const value = <T>() => ({ shape: 'value' }) as ValueShape<T>
export const map = <T>() => ({ shape: 'map' }) as MapShape<T>
export const addresses = (): AddressShape => ({ shape: 'addresses' })
export const log = <T>() => ({ shape: 'log' }) as LogShape<T>

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

export type AnyShape = ValueShape<unknown> | MapShape<unknown> | AddressShape | LogShape<unknown>

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
          : never

export type Opened<S extends Shapes> = { readonly [K in keyof S]: StoreOf<S[K]> }

/** Where stores come from: a database, or memory. */
export interface Storage {
  value<T>(name: string): ValueStore<T>
  map<T>(name: string): MapStore<T>
  addresses(name: string): AddressStore
  log<T>(name: string): LogStore<T>
}
