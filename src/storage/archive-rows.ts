import type { Knex } from 'knex'
import { idsFrom, isId, timeOf } from '../core/log-ids.js'
import { type ArchiveEntry, type ArchiveFilter, type ArchiveMessage, LATENESS, type Origin } from '../core/stores.js'
import { keyOf } from './keys.js'
import type { Place } from './place.js'
import type { Statements } from './statements.js'

/** An entry of an archive in the database. */
export interface Row extends Place {
  readonly id: string
  readonly at: number
  /** Of the JID of the other one. */
  readonly with_bare: string
  readonly with_resource: string | null
  /** The owner as long as it is pending: an index of these has no others in it. */
  readonly pending_for: string | null
  readonly is_archived: 0 | 1
  /** The sender, and what it calls the message. */
  readonly origin: string | null
  readonly xml: string
}

/** With the number that the database gives it, which may come as a text. */
export interface Stored extends Row {
  readonly n: number
}

export const TABLE = 'archive_entries'

/** Of what is kept in `origin`, in bytes. */
export const ORIGIN_BYTES = 255

export const nameOf = ({ sender, id }: Origin): string => keyOf(`${sender.bare} ${id}`, ORIGIN_BYTES)

export function rowOf({ owner, store }: Place, id: string, message: ArchiveMessage): Row {
  const { with: other, isPending, isArchived, origin, xml } = message
  if (!isPending && !isArchived) throw new TypeError('a message that nothing keeps')
  return {
    owner,
    store,
    id,
    at: timeFor(id, message.at),
    with_bare: keyOf(other.bare.toString()),
    with_resource: other.isBare ? null : other.resource,
    pending_for: isPending ? owner : null,
    is_archived: isArchived ? 1 : 0,
    origin: origin ? nameOf(origin) : null,
    xml,
  }
}

/*
 * The time of an entry is never later than that of its id, and never much earlier, also when the clock was put back: so
 * times say between which ids to look.
 */
function timeFor(id: string, at: number): number {
  if (!Number.isFinite(at)) throw new TypeError('no time')
  const made = timeOf(id)
  return Math.floor(Math.min(Math.max(at, made - LATENESS), made))
}

/** What was selected of an entry; numbers may come as texts. */
export const entryOf = ({
  id,
  at,
  xml,
  pending_for,
}: Pick<Row, 'id' | 'at' | 'xml' | 'pending_for'>): ArchiveEntry => ({
  id,
  at: Number(at),
  xml,
  isPending: pending_for !== null,
})

/** What matches, in whatever order, also if it is not archived. */
export const matching = (on: Statements, { owner, store }: Place, filter: ArchiveFilter) =>
  filtered(on.table<Row>(TABLE, filter.with ? 'archive_by_other' : 'archive_by_id').where({ owner, store }), filter)

/** What is pending of it. */
export const matchingPending = (on: Statements, { owner, store }: Place, filter: ArchiveFilter) =>
  filtered(on.table<Row>(TABLE, 'archive_pending').where({ pending_for: owner, store }), filter)

/** What has these ids, to be changed or removed. */
export const those = (on: Statements, { owner, store }: Place, ids: readonly string[]) =>
  filtered(on.table<Row>(TABLE).where({ owner, store }), { ids })

type Query = Knex.QueryBuilder<Row, Row[]>

function filtered(query: Query, filter: ArchiveFilter): Query {
  const { with: other, start, end } = filter
  const ids = filter.ids?.filter(isId)
  if (other) query.where('with_bare', keyOf(other.bare.toString()))
  if (other && !other.isBare) query.where('with_resource', other.resource)
  if (start !== undefined) query.where('at', '>=', Math.ceil(start))
  if (end !== undefined) query.where('at', '<=', Math.floor(end))
  if (ids) query.whereIn('id', ids)
  const { above, below } = boundsOf({ ...filter, ...(ids && { ids }) })
  return query.where('id', '>', above).where('id', '<', below)
}

/*
 * Between which ids to look. There are always two bounds, and one on each side: SQLite seeks by one only, and PostgreSQL
 * without statistics thinks little of an index that finds all of an owner.
 */
function boundsOf({ start, end, after, before, ids = [] }: ArchiveFilter) {
  const above = ['', ...(after === undefined ? [] : [after]), ...(start === undefined ? [] : [idsFrom(start)])]
  const below = ['~', ...(before === undefined ? [] : [before])]
  if (end !== undefined) below.push(idsFrom(end + LATENESS + 1))
  const [first, last] = [leastOf(ids), greatestOf(ids)]
  if (first !== undefined) above.push(first.slice(0, -1))
  if (last !== undefined) below.push(`${last}~`)
  return { above: greatestOf(above) ?? '', below: leastOf(below) ?? '~' }
}

const leastOf = (texts: readonly string[]) =>
  texts.reduce<string | undefined>((least, text) => (least !== undefined && least < text ? least : text), undefined)

const greatestOf = (texts: readonly string[]) =>
  texts.reduce<string | undefined>((most, text) => (most !== undefined && most > text ? most : text), undefined)
