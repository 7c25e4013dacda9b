import { type Awaitable, attempt } from '../core/awaitable.js'
import { isId, type LogIds } from '../core/log-ids.js'
import {
  type ArchiveEntry,
  type ArchiveFilter,
  type ArchiveMessage,
  type ArchivePage,
  type ArchivePoint,
  type ArchiveQuery,
  type ArchiveStore,
  type Origin,
  RECOGNISED,
  type Retention,
} from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import type { ArchiveCounts } from './archive-counts.js'
import { Growth, ownersFrom } from './archive-owners.js'
import { entryOf, matching, matchingPending, nameOf, type Row, rowOf, TABLE, those } from './archive-rows.js'
import { type ArchiveWrites, countPending } from './archive-writes.js'
import type { Origins } from './origins.js'
import { change, chunks, type Desk, type Place, placeOf, read } from './place.js'
import type { Statements } from './statements.js'
import { once } from './writer.js'

/** What all archives share. */
export interface Archives {
  readonly desk: Desk
  readonly ids: LogIds
  readonly counts: ArchiveCounts
  readonly origins: Origins
  readonly writes: ArchiveWrites
}

export class SqlArchive implements ArchiveStore {
  readonly #archives: Archives
  readonly #name: string
  readonly #growth = new Growth()

  constructor(archives: Archives, name: string) {
    this.#archives = archives
    this.#name = name
  }

  append(jid: Jid, message: ArchiveMessage, max?: number): Promise<string> {
    return attempt(() => {
      const { desk, ids, origins, writes } = this.#archives
      const row = rowOf(this.#placeOf(jid), ids.next(), message)
      const written = desk.writer.write({
        owner: row.owner,
        work: writes,
        payload: { row, max },
        bytes: row.xml.length,
        foreseen: { value: row.id },
      })
      if (row.origin !== null) origins.add(row, row.origin, written)
      this.#growth.note(row.owner)
      return written
    })
  }

  async page(owner: Jid, { from, limit, ...filter }: ArchiveQuery): Promise<ArchivePage> {
    const place = this.#placeOf(owner)
    const rows = await this.#read(place, on =>
      archived(on, place, filter)
        .orderBy('id', from === 'first' ? 'asc' : 'desc')
        .limit(limit + 1)
        .select('id', 'at', 'xml', 'pending_for'),
    )
    const entries = rows.slice(0, limit).map(entryOf)
    return { entries: from === 'first' ? entries : entries.reverse(), isMore: rows.length > limit }
  }

  async has(owner: Jid, ids: readonly string[]): Promise<boolean> {
    const wanted = new Set(ids)
    if (![...wanted].every(isId)) return false
    const place = this.#placeOf(owner)
    const found = await this.#read(place, on => numberOf(archived(on, place, { ids: [...wanted] })))
    return found === wanted.size
  }

  async ends(owner: Jid): Promise<{ readonly first: ArchivePoint; readonly last: ArchivePoint } | undefined> {
    const place = this.#placeOf(owner)
    return await this.#read(place, async on => {
      const end = async (direction: 'asc' | 'desc') => {
        const [row] = await archived(on, place, {}).orderBy('id', direction).limit(1).select('id', 'at')
        return row && { id: row.id, at: Number(row.at) }
      }
      const [first, last] = [await end('asc'), await end('desc')]
      return first && last && { first, last }
    })
  }

  async count(owner: Jid, filter: ArchiveFilter = {}): Promise<number> {
    const place = this.#placeOf(owner)
    const { total } = this.#archives.counts
    const ask = () => this.#read(place, on => countArchived(on, place, filter))
    if (Object.values(filter).some(value => value !== undefined)) return ask()
    await this.#archives.desk.writer.settled(place.owner)
    return total.get(place) ?? (await total.count(place, ask))
  }

  async pending(
    owner: Jid,
    { limit, ...filter }: { readonly after?: string; readonly limit: number },
  ): Promise<readonly ArchiveEntry[]> {
    const place = this.#placeOf(owner)
    const rows = await this.#read(place, on =>
      matchingPending(on, place, filter).orderBy('id').limit(limit).select('id', 'at', 'xml', 'pending_for'),
    )
    return rows.map(entryOf)
  }

  async countPending(owner: Jid): Promise<number> {
    const { desk, counts } = this.#archives
    const place = this.#placeOf(owner)
    await desk.writer.settled(place.owner)
    return counts.pending.get(place) ?? (await this.#read(place, on => countPending(on, place)))
  }

  async settle(owner: Jid, ids: readonly string[]): Promise<void> {
    const { desk, writes } = this.#archives
    const place = this.#placeOf(owner)
    const payload = { place, ids: ids.filter(isId) }
    if (payload.ids.length === 0) return
    await desk.writer.write({ owner: place.owner, work: writes, payload, foreseen: { value: '' } })
  }

  replace(owner: Jid, id: string, xml: string): Promise<boolean> {
    const place = this.#placeOf(owner)
    const put = async (on: Statements) =>
      (await on
        .table<Row>(TABLE)
        .where({ ...place, id })
        .update({ xml })) > 0
    const work = once(put, { single: true })
    return this.#archives.desk.writer.write({ owner: place.owner, work, payload: undefined, bytes: xml.length })
  }

  remove(owner: Jid, ids: readonly string[]): Promise<void> {
    const { desk, counts } = this.#archives
    const place = this.#placeOf(owner)
    const remove = (ids: readonly string[]) => async (on: Statements) => {
      const rows = () => those(on, place, ids)
      const going = await rows().select('pending_for', 'is_archived')
      await rows().delete()
      counts.pending.add(place, -going.filter(({ pending_for }) => pending_for !== null).length)
      counts.total.add(place, -going.filter(({ is_archived }) => is_archived).length)
    }
    return change(desk, place, { statements: chunks(ids).map(remove) })
  }

  clear(owner: Jid): Promise<void> {
    const { desk, counts, origins } = this.#archives
    const place = this.#placeOf(owner)
    const clear = async (on: Statements) => {
      await on.table<Row>(TABLE).where(place).delete()
      counts.clear()
      origins.clear()
    }
    return change(desk, place, { statements: [clear] })
  }

  find(owner: Jid, origin: Origin): Awaitable<string | undefined> {
    const { origins } = this.#archives
    const place = this.#placeOf(owner)
    const name = nameOf(origin)
    const known = origins.get(place, name)
    if (known !== undefined || origins.isKnown(place)) return known
    return origins.read(place, name, () => this.#newest(place))
  }

  async *prunable(rule: (owner: Jid) => Retention): AsyncGenerator<Jid> {
    const growth = this.#growth
    growth.begin()
    for await (const { owner, oldest } of ownersFrom(this.#archives.desk, this.#name)) {
      const { before = -Infinity, keep = Infinity } = rule(owner)
      const key = this.#placeOf(owner).owner
      const isFull = keep < Infinity && growth.take(key) && (await this.count(owner)) > keep
      if (isFull) growth.note(key) // until it is looked at and is not
      if (isFull || oldest < before) yield owner
    }
    growth.end()
  }

  async prune(
    owner: Jid,
    { before = -Infinity, keep = Infinity }: Retention,
    limit = PRUNED,
  ): Promise<{ readonly pruned: number; readonly left: number }> {
    const place = this.#placeOf(owner)
    const surplus = keep < Infinity ? Math.max(0, (await this.count(owner)) - keep) : 0
    const oldest = await this.#read(place, on => archived(on, place, {}).orderBy('id').limit(limit).select('id', 'at'))
    const stays = oldest.findIndex(({ at }, index) => index >= surplus && Number(at) >= before)
    const due = (stays < 0 ? oldest : oldest.slice(0, stays)).map(({ id }) => id)
    if (due.length === 0) return { pruned: 0, left: 0 }
    const pruned = await this.#takeOut(place, due)
    if (stays >= 0 || oldest.length < limit) return { pruned, left: 0 }
    const old = before > -Infinity ? await this.count(owner, { end: Math.ceil(before) - 1 }) : 0
    return { pruned, left: Math.max(surplus - pruned, old) }
  }

  /** Out of the archive; the result is how many. What is pending stays to be delivered. */
  #takeOut(place: Place, ids: readonly string[]): Promise<number> {
    const { desk, counts } = this.#archives
    const takeOut = async (on: Statements) => {
      let gone = 0
      for (const chunk of chunks(ids)) {
        const rows = () =>
          on
            .table<Row>(TABLE)
            .where({ ...place, is_archived: 1 })
            .whereIn('id', chunk)
        gone += await rows().whereNull('pending_for').delete()
        gone += await rows().update({ is_archived: 0 })
      }
      counts.total.add(place, -gone)
      return gone
    }
    return desk.writer.write({ owner: place.owner, work: once(takeOut), payload: undefined })
  }

  async #newest(place: Place): Promise<readonly (readonly [string, string])[]> {
    const rows = await this.#read(place, on =>
      matching(on, place, {}).orderBy('id', 'desc').limit(RECOGNISED).select('id', 'origin'),
    )
    return rows.flatMap(({ id, origin }) => (origin === null ? [] : [[origin, id] as const]))
  }

  #placeOf(owner: Jid): Place {
    return placeOf(owner, this.#name)
  }

  #read<T>(place: Place, query: (on: Statements) => PromiseLike<T>): Promise<T> {
    return read(this.#archives.desk, place, query)
  }
}

const archived = (on: Statements, place: Place, filter: ArchiveFilter) =>
  matching(on, place, filter).where('is_archived', 1)

async function numberOf(rows: ReturnType<typeof matching>): Promise<number> {
  const [row] = await rows.count({ count: '*' })
  return Number(row?.count ?? 0)
}

/** By an index alone; what is not archived is pending, and little. */
async function countArchived(on: Statements, place: Place, filter: ArchiveFilter): Promise<number> {
  const all = await numberOf(matching(on, place, filter))
  return all - (await numberOf(matchingPending(on, place, filter).where('is_archived', 0)))
}

const PRUNED = 500
