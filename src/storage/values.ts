import { attempt } from '../core/awaitable.js'
import type { ValueStore } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import { change, type Desk, encode, type Place, placeOf, read } from './place.js'

interface Row extends Place {
  readonly value: string
}

export class SqlValues<T> implements ValueStore<T> {
  readonly #desk: Desk
  readonly #name: string

  constructor(desk: Desk, name: string) {
    this.#desk = desk
    this.#name = name
  }

  async get(owner: Jid): Promise<T | undefined> {
    const place = placeOf(owner, this.#name)
    const rows = await read(this.#desk, place, on => on.table<Row>(TABLE).where(place).select('value'))
    return rows[0] && (JSON.parse(rows[0].value) as T) // only T is put in
  }

  set(owner: Jid, value: T): Promise<void> {
    return attempt(() => {
      const place = placeOf(owner, this.#name)
      const row: Row = { ...place, value: encode(value) }
      return change(this.#desk, place, {
        bytes: row.value.length,
        statements: [on => on.table<Row>(TABLE).insert(row).onConflict(['owner', 'store']).merge(['value'])],
      })
    })
  }

  remove(owner: Jid): Promise<void> {
    const place = placeOf(owner, this.#name)
    return change(this.#desk, place, { statements: [on => on.table<Row>(TABLE).where(place).delete()] })
  }
}

const TABLE = 'value_items'
