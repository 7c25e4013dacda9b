import type { AddressStore } from '../core/stores.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { keyOf, storedKey, textOf } from './keys.js'
import { change, chunks, type Desk, type Place, placeOf, read } from './place.js'
import type { Statements } from './statements.js'

interface Row extends Place {
  readonly address: string
  readonly whole: string | null
}

export class SqlAddresses implements AddressStore {
  readonly #desk: Desk
  readonly #name: string

  constructor(desk: Desk, name: string) {
    this.#desk = desk
    this.#name = name
  }

  async all(owner: Jid): Promise<readonly Jid[]> {
    const place = placeOf(owner, this.#name)
    const rows = await read(this.#desk, place, on => on.table<Row>(TABLE).where(place).select('address', 'whole'))
    return rows.map(({ address, whole }) => parseJid(textOf({ key: address, whole })))
  }

  add(owner: Jid, addresses: readonly Jid[]): Promise<void> {
    const place = placeOf(owner, this.#name)
    const rows = addresses.map((jid): Row => {
      const { key, whole } = storedKey(jid.toString())
      return { ...place, address: key, whole }
    })
    return change(this.#desk, place, { statements: chunks(rows).map(insert) })
  }

  remove(owner: Jid, addresses: readonly Jid[]): Promise<void> {
    const place = placeOf(owner, this.#name)
    const keys = addresses.map(jid => keyOf(jid.toString()))
    return change(this.#desk, place, { statements: chunks(keys).map(keys => remove(place, keys)) })
  }

  clear(owner: Jid): Promise<void> {
    const place = placeOf(owner, this.#name)
    return change(this.#desk, place, { statements: [on => on.table<Row>(TABLE).where(place).delete()] })
  }
}

const insert = (rows: readonly Row[]) => (on: Statements) =>
  on.table<Row>(TABLE).insert(rows).onConflict(['owner', 'store', 'address']).ignore()

const remove = (place: Place, keys: readonly string[]) => (on: Statements) =>
  on.table<Row>(TABLE).where(place).whereIn('address', keys).delete()

const TABLE = 'address_items'
