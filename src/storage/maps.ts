import { attempt } from '../core/awaitable.js'
import type { MapStore } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import { keyOf, storedKey, textOf } from './keys.js'
import { change, chunks, type Desk, encode, type Place, placeOf, read } from './place.js'
import type { Statements } from './statements.js'

interface Row extends Place {
  readonly item: string
  readonly whole: string | null
  readonly value: string
}

export class SqlMap<T> implements MapStore<T> {
  readonly #desk: Desk
  readonly #name: string

  constructor(desk: Desk, name: string) {
    this.#desk = desk
    this.#name = name
  }

  async get(owner: Jid, key: string): Promise<T | undefined> {
    const place = placeOf(owner, this.#name)
    const item = { ...place, item: keyOf(key) }
    const rows = await read(this.#desk, place, on => on.table<Row>(TABLE).where(item).select('value'))
    return rows[0] && decode<T>(rows[0])
  }

  async all(owner: Jid): Promise<ReadonlyMap<string, T>> {
    const place = placeOf(owner, this.#name)
    const rows = await read(this.#desk, place, on => on.table<Row>(TABLE).where(place).select('item', 'whole', 'value'))
    const entries = rows.map(row => [textOf({ key: row.item, whole: row.whole }), decode<T>(row)] as const)
    // the order of a database is that of bytes, and not that of what is a digest there
    return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  set(owner: Jid, key: string, value: T): Promise<void> {
    return this.change(owner, new Map([[key, value]]))
  }

  remove(owner: Jid, key: string): Promise<void> {
    return this.change(owner, new Map([[key, undefined]]))
  }

  change(owner: Jid, changes: ReadonlyMap<string, T | undefined>): Promise<void> {
    return attempt(() => {
      const place = placeOf(owner, this.#name)
      const { gone, rows } = sorted(place, changes)
      return change(this.#desk, place, {
        bytes: rows.reduce((sum, { item, value }) => sum + item.length + value.length, 0),
        statements: [...chunks(gone).map(items => remove(place, items)), ...chunks(rows).map(put)],
      })
    })
  }

  clear(owner: Jid): Promise<void> {
    const place = placeOf(owner, this.#name)
    return change(this.#desk, place, { statements: [on => on.table<Row>(TABLE).where(place).delete()] })
  }
}

/** What goes, by its keys, and what comes or changes. */
function sorted(place: Place, changes: ReadonlyMap<string, unknown>) {
  const gone: string[] = []
  const rows: Row[] = []
  for (const [text, value] of changes) {
    const { key, whole } = storedKey(text)
    if (value === undefined) gone.push(key)
    else rows.push({ ...place, item: key, whole, value: encode(value) })
  }
  return { gone, rows }
}

const remove = (place: Place, items: readonly string[]) => (on: Statements) =>
  on.table<Row>(TABLE).where(place).whereIn('item', items).delete()

const put = (rows: readonly Row[]) => (on: Statements) =>
  on.table<Row>(TABLE).insert(rows).onConflict(['owner', 'store', 'item']).merge(['value'])

// only T is put in
const decode = <T>({ value }: Pick<Row, 'value'>): T => JSON.parse(value) as T

const TABLE = 'map_items'
