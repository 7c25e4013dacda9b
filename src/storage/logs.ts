import { attempt } from '../core/awaitable.js'
import type { LogIds } from '../core/log-ids.js'
import { type LogEntry, LogFull, type LogStore } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import type { LogCounts } from './log-counts.js'
import { change, chunks, type Desk, encode, type Place, placeOf, read } from './place.js'
import type { Statements } from './statements.js'
import type { Outcome, Work } from './writer.js'

interface Row extends Place {
  readonly id: string
  readonly value: string
}

export interface Append extends Row {
  readonly max: number | undefined
}

/** What the logs of all stores share. */
export interface Logs {
  readonly desk: Desk
  readonly ids: LogIds
  readonly counts: LogCounts
  readonly appends: Appends
}

export class SqlLog<T> implements LogStore<T> {
  readonly #logs: Logs
  readonly #name: string

  constructor(logs: Logs, name: string) {
    this.#logs = logs
    this.#name = name
  }

  append(jid: Jid, value: T, max?: number): Promise<string> {
    return attempt(() => {
      const { desk, ids, appends } = this.#logs
      const { owner, store } = placeOf(jid, this.#name)
      const json = encode(value)
      const id = ids.next()
      return desk.writer.write({
        owner,
        work: appends,
        payload: { owner, store, id, value: json, max },
        bytes: json.length,
        foreseen: { value: id },
      })
    })
  }

  async read(
    owner: Jid,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<readonly LogEntry<T>[]> {
    const place = placeOf(owner, this.#name)
    const rows = await read(this.#logs.desk, place, on =>
      on.table<Row>(LOG_TABLE).where(place).where('id', '>', after).orderBy('id').limit(limit).select('id', 'value'),
    )
    return rows.map(({ id, value }) => ({ id, value: JSON.parse(value) as T })) // only T is put in
  }

  remove(owner: Jid, ids: readonly string[]): Promise<void> {
    const { desk, counts } = this.#logs
    const place = placeOf(owner, this.#name)
    const remove = (ids: readonly string[]) => async (on: Statements) => {
      counts.add(place, -(await on.table<Row>(LOG_TABLE).where(place).whereIn('id', ids).delete()))
    }
    return change(desk, place, { statements: chunks(ids).map(remove) })
  }

  async count(owner: Jid): Promise<number> {
    const place = placeOf(owner, this.#name)
    return await read(this.#logs.desk, place, on => countRows(on, place))
  }
}

/** Appends to logs, whosever they are, by one statement for all. */
export class Appends implements Work<Append, string> {
  readonly #counts: LogCounts

  constructor(counts: LogCounts) {
    this.#counts = counts
  }

  isSingle(): boolean {
    return true // counting only reads
  }

  async run(on: Statements, appends: readonly Append[]): Promise<readonly Outcome<string>[]> {
    const outcomes: Outcome<string>[] = []
    const accepted: Append[] = []
    for (const append of appends) {
      // most need not wait here: a promise would cost more than they
      const fits = this.#fits(append) ?? (await this.#fitsByCount(on, append, accepted))
      outcomes.push(fits ? { value: append.id } : { refused: new LogFull('as many entries as there may be') })
      if (fits) accepted.push(append)
    }
    if (accepted.length > 0) await insert(on, accepted)
    return outcomes
  }

  #fits(append: Append): boolean | undefined {
    if (append.max !== undefined) return this.#counts.take(append, append.max)
    this.#counts.add(append, 1)
    return true
  }

  async #fitsByCount(on: Statements, append: Append, accepted: readonly Append[]): Promise<boolean> {
    const { owner, store, max = Infinity } = append
    const underWay = accepted.filter(other => other.owner === owner && other.store === store).length
    const entries = (await countRows(on, { owner, store })) + underWay
    this.#counts.set(append, entries)
    return this.#counts.take(append, max) ?? false
  }
}

async function countRows(on: Statements, { owner, store }: Place): Promise<number> {
  const [row] = await on.table<Row>(LOG_TABLE).where({ owner, store }).count({ count: '*' })
  return Number(row?.count ?? 0)
}

/** Not by Knex's builder, which takes half as long again. */
async function insert(on: Statements, rows: readonly Row[]): Promise<void> {
  const bindings: string[] = []
  for (const { owner, store, id, value } of rows) bindings.push(owner, store, id, value)
  const places = '(?, ?, ?, ?), '.repeat(rows.length).slice(0, -2)
  await on.raw(`INSERT INTO ${LOG_TABLE} (owner, store, id, value) VALUES ${places}`, bindings)
}

const LOG_TABLE = 'log_entries'
