import { LogFull } from '../core/stores.js'
import type { ArchiveCounts } from './archive-counts.js'
import { type Row, type Stored, TABLE } from './archive-rows.js'
import { chunks, type Place } from './place.js'
import type { Statements } from './statements.js'
import type { Outcome, Work } from './writer.js'

export interface Append {
  readonly row: Row
  /** How many pending ones there may be with it. */
  readonly max: number | undefined
}

export interface Settle {
  readonly place: Place
  readonly ids: readonly string[]
}

export type ArchiveWrite = Append | Settle

/** A pending entry that is settled. */
type Settled = Pick<Stored, 'n' | 'owner' | 'store' | 'id' | 'is_archived'>

/**
 * Appends and settles, whosever they are, by one statement for all that is appended and three for all that is settled:
 * of what clients are sent each is appended and soon after settled, and were these two kinds of work, each would need
 * statements of its own.
 */
export class ArchiveWrites implements Work<ArchiveWrite, string> {
  readonly #counts: ArchiveCounts

  constructor(counts: ArchiveCounts) {
    this.#counts = counts
  }

  isSingle(writes: readonly ArchiveWrite[]): boolean {
    return writes.every(isAppend)
  }

  async run(on: Statements, writes: readonly ArchiveWrite[]): Promise<readonly Outcome<string>[]> {
    const settles = writes.filter(isSettle)
    // nobody knows an id before its commit: what is settled was there before all that is appended here
    const batch = new Batch(settles.length > 0 ? await pendingOf(on, settles) : [])
    const outcomes: Outcome<string>[] = []
    for (const write of writes) {
      if (isSettle(write)) {
        for (const { owner, store } of batch.settle(write)) this.#counts.pending.add({ owner, store }, -1)
        outcomes.push({ value: '' })
        continue
      }
      // most need not wait here: a promise would cost more than they
      const fits = this.#fits(write) ?? (await this.#fitsByCount(on, write, batch))
      outcomes.push(
        fits ? { value: write.row.id } : { refused: new LogFull('as many pending messages as there may be') },
      )
      if (!fits) continue
      batch.appended.push(write.row)
      if (write.row.is_archived) this.#counts.total.add(write.row, 1)
    }
    await batch.perform(on)
    return outcomes
  }

  #fits({ row, max }: Append): boolean | undefined {
    if (row.pending_for === null) return true
    if (max !== undefined) return this.#counts.pending.take(row, max)
    this.#counts.pending.add(row, 1)
    return true
  }

  async #fitsByCount(on: Statements, { row, max = Infinity }: Append, batch: Batch): Promise<boolean> {
    const { pending } = this.#counts
    pending.set(row, (await countPending(on, row)) + batch.pendingMoreOf(row))
    return pending.take(row, max) ?? false
  }
}

/** What is to be done about a number of writes, when all of them have been looked at. */
class Batch {
  readonly appended: Row[] = []
  readonly #pending: Map<string, Settled>
  readonly #settled: Settled[] = []

  /** Of pending entries that are to be settled. */
  constructor(pending: readonly Settled[]) {
    this.#pending = new Map(pending.map(entry => [entry.id, entry]))
  }

  /** Those of them that were pending until now. */
  settle({ place: { owner, store }, ids }: Settle): readonly Settled[] {
    const settled: Settled[] = []
    for (const id of ids) {
      const entry = this.#pending.get(id)
      if (entry?.owner !== owner || entry.store !== store) continue
      this.#pending.delete(id)
      settled.push(entry)
    }
    this.#settled.push(...settled)
    return settled
  }

  /** How many more there are pending than the database says as yet. */
  pendingMoreOf({ owner, store }: Place): number {
    const isTheirs = (row: Place) => row.owner === owner && row.store === store
    const more = this.appended.filter(row => row.pending_for !== null && isTheirs(row)).length
    return more - this.#settled.filter(isTheirs).length
  }

  async perform(on: Statements): Promise<void> {
    if (this.appended.length > 0) await insert(on, this.appended)
    const numbersOf = (isArchived: 0 | 1) =>
      chunks(this.#settled.filter(entry => entry.is_archived === isArchived).map(({ n }) => n))
    for (const ns of numbersOf(1)) await on.table<Stored>(TABLE).whereIn('n', ns).update({ pending_for: null })
    for (const ns of numbersOf(0)) await on.table<Stored>(TABLE).whereIn('n', ns).delete()
  }
}

const isSettle = (write: ArchiveWrite): write is Settle => 'ids' in write
const isAppend = (write: ArchiveWrite): write is Append => !isSettle(write)

/** Those entries that are pending of what is to be settled. */
async function pendingOf(on: Statements, settles: readonly Settle[]): Promise<readonly Settled[]> {
  const found: Settled[] = []
  for (const terms of inStatements(settles)) {
    const query = on.table<Stored>(TABLE, 'archive_pending')
    for (const { place, ids } of terms)
      query.orWhere(one => void one.where({ pending_for: place.owner, store: place.store }).whereIn('id', ids))
    found.push(...(await query.select('n', 'owner', 'store', 'id', 'is_archived')))
  }
  return found
}

/** By owner, and so that none is too long. */
function inStatements(settles: readonly Settle[]): readonly (readonly Settle[])[] {
  const byPlace = new Map<string, { readonly place: Place; readonly ids: string[] }>()
  for (const { place, ids } of settles) {
    const key = `${place.store} ${place.owner}`
    const term = byPlace.get(key) ?? { place, ids: [] }
    byPlace.set(key, term)
    for (const id of ids) term.ids.push(id)
  }
  const pieces = [...byPlace.values()].flatMap(({ place, ids }) => chunks(ids).map(ids => ({ place, ids })))
  const statements: Settle[][] = []
  let room = 0
  for (const piece of pieces) {
    if (piece.ids.length > room) {
      statements.push([])
      room = MAX_IDS
    }
    statements.at(-1)?.push(piece)
    room -= piece.ids.length
  }
  return statements
}

export async function countPending(on: Statements, { owner, store }: Place): Promise<number> {
  const [row] = await on.table<Row>(TABLE, 'archive_pending').where({ pending_for: owner, store }).count({ count: '*' })
  return Number(row?.count ?? 0)
}

/** Not by Knex's builder, which takes half as long again; what is not text stands in the statement itself. */
async function insert(on: Statements, rows: readonly Row[]): Promise<void> {
  const bindings: string[] = []
  const bound = (value: string | null) => {
    if (value === null) return 'NULL'
    bindings.push(value)
    return '?'
  }
  const values = rows.map(row => {
    bindings.push(row.owner, row.store, row.id, row.with_bare)
    const [resource, pendingFor, origin] = [bound(row.with_resource), bound(row.pending_for), bound(row.origin)]
    bindings.push(row.xml)
    return `(?, ?, ?, ${row.at}, ?, ${resource}, ${pendingFor}, ${row.is_archived}, ${origin}, ?)`
  })
  await on.raw(`INSERT INTO ${TABLE} (${COLUMNS}) VALUES ${values.join(', ')}`, bindings)
}

const COLUMNS = 'owner, store, id, at, with_bare, with_resource, pending_for, is_archived, origin, xml'

// in a statement
const MAX_IDS = 500
