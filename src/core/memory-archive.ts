import type { Jid } from '../xmpp/jid.js'
import { type Awaitable, attempt } from './awaitable.js'
import type { Clock } from './clock.js'
import type { LogIds } from './log-ids.js'
import type { Disk } from './memory-disk.js'
import {
  type ArchiveEntry,
  type ArchiveFilter,
  type ArchiveMessage,
  type ArchivePage,
  type ArchivePoint,
  type ArchiveQuery,
  type ArchiveStore,
  LATENESS,
  LogFull,
  type Origin,
  RECOGNISED,
  type Retention,
} from './stores.js'

/** An entry as it is kept. */
interface Kept {
  readonly id: string
  readonly at: number
  readonly bare: string
  readonly resource: string
  readonly xml: string
  readonly isPending: boolean
  readonly isArchived: boolean
  readonly origin?: { readonly sender: string; readonly id: string }
}

export interface MemoryArchiveParts {
  readonly disk: Disk
  readonly name: string
  readonly ids: LogIds
  readonly clock: Clock
}

/** An archive that is gone with the process. */
export class MemoryArchive implements ArchiveStore {
  readonly #parts: MemoryArchiveParts

  constructor(parts: MemoryArchiveParts) {
    this.#parts = parts
  }

  append(owner: Jid, message: ArchiveMessage, maxPending = Infinity): Promise<string> {
    return attempt(() => {
      const kept = keptOf(message, this.#parts.ids.next(), this.#parts.clock.now())
      return this.#change(owner, items => {
        if (kept.isPending && entriesIn(items).filter(isPending).length >= maxPending)
          throw new LogFull('as many pending messages as there may be')
        items.set(kept.id, JSON.stringify(kept))
        return kept.id
      })
    })
  }

  async page(owner: Jid, { from, limit, ...filter }: ArchiveQuery): Promise<ArchivePage> {
    const found = await this.#find(owner, filter)
    const entries = from === 'first' ? found.slice(0, limit) : found.slice(Math.max(0, found.length - limit))
    return { entries: entries.map(entryOf), isMore: found.length > entries.length }
  }

  async has(owner: Jid, ids: readonly string[]): Promise<boolean> {
    return (await this.#find(owner, { ids })).length === new Set(ids).size
  }

  async ends(owner: Jid): Promise<{ readonly first: ArchivePoint; readonly last: ArchivePoint } | undefined> {
    const found = await this.#find(owner, {})
    const [first, last] = [found[0], found.at(-1)]
    return first && last && { first: pointOf(first), last: pointOf(last) }
  }

  async count(owner: Jid, filter: ArchiveFilter = {}): Promise<number> {
    return (await this.#find(owner, filter)).length
  }

  async pending(
    owner: Jid,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<readonly ArchiveEntry[]> {
    const entries = await this.#all(owner)
    return entries
      .filter(entry => entry.isPending && entry.id > after)
      .slice(0, limit)
      .map(entryOf)
  }

  async countPending(owner: Jid): Promise<number> {
    return (await this.#all(owner)).filter(isPending).length
  }

  settle(owner: Jid, ids: readonly string[]): Promise<void> {
    const settled = new Set(ids)
    return this.#change(owner, items => {
      for (const entry of entriesIn(items)) if (settled.has(entry.id)) put(items, { ...entry, isPending: false })
    })
  }

  replace(owner: Jid, id: string, xml: string): Promise<boolean> {
    return this.#change(owner, items => {
      const entry = entriesIn(items).find(entry => entry.id === id)
      if (entry) put(items, { ...entry, xml })
      return entry !== undefined
    })
  }

  remove(owner: Jid, ids: readonly string[]): Promise<void> {
    const gone = [...ids]
    return this.#change(owner, items => {
      for (const id of gone) items.delete(id)
    })
  }

  clear(owner: Jid): Promise<void> {
    return this.#change(owner, items => items.clear())
  }

  find(owner: Jid, { sender, id }: Origin): Awaitable<string | undefined> {
    const { disk, name } = this.#parts
    const bare = sender.bare.toString()
    const look = () =>
      entriesIn(disk.items(owner, name))
        .slice(-RECOGNISED)
        .findLast(({ origin }) => origin?.id === id && origin.sender === bare)?.id
    return disk.isBusy(owner) ? disk.read(owner, look) : look()
  }

  async *prunable(rule: (owner: Jid) => Retention): AsyncGenerator<Jid> {
    const { disk, name } = this.#parts
    for (const owner of await disk.read(undefined, () => disk.ownersOf(name)))
      if (dueIn(await this.#find(owner, {}), rule(owner)).length > 0) yield owner
  }

  prune(owner: Jid, rule: Retention, limit = 500): Promise<{ readonly pruned: number; readonly left: number }> {
    return this.#change(owner, items => {
      const due = dueIn(entriesIn(items).filter(isArchived), rule)
      const going = due.slice(0, limit)
      for (const entry of going) put(items, { ...entry, isArchived: false })
      return { pruned: going.length, left: due.length - going.length }
    })
  }

  #all(owner: Jid): Promise<readonly Kept[]> {
    const { disk, name } = this.#parts
    return disk.read(owner, () => entriesIn(disk.items(owner, name)))
  }

  /** What the archive has that matches. */
  async #find(owner: Jid, filter: ArchiveFilter): Promise<readonly Kept[]> {
    return (await this.#all(owner)).filter(entry => entry.isArchived && matches(entry, filter))
  }

  #change<R>(owner: Jid, change: (items: Map<string, string>) => R): Promise<R> {
    const { disk, name } = this.#parts
    return disk.commit(owner, () => change(disk.items(owner, name)))
  }
}

function keptOf({ origin, ...message }: ArchiveMessage, id: string, now: number): Kept {
  if (!message.isPending && !message.isArchived) throw new TypeError('a message that nothing keeps')
  if (!Number.isFinite(message.at)) throw new TypeError('no time')
  return {
    id,
    at: Math.floor(Math.min(Math.max(message.at, now - LATENESS), now)),
    bare: message.with.bare.toString(),
    resource: message.with.resource,
    xml: message.xml,
    isPending: message.isPending,
    isArchived: message.isArchived,
    ...(origin && { origin: { sender: origin.sender.bare.toString(), id: origin.id } }),
  }
}

/** They came in the order of their ids. */
const entriesIn = (items: ReadonlyMap<string, string>): readonly Kept[] =>
  [...items.values()].map(text => JSON.parse(text) as Kept) // nothing else is put in

/** Has what nothing keeps any more go. */
function put(items: Map<string, string>, entry: Kept): void {
  if (entry.isPending || entry.isArchived) items.set(entry.id, JSON.stringify(entry))
  else items.delete(entry.id)
}

const isPending = (entry: Kept): boolean => entry.isPending
const isArchived = (entry: Kept): boolean => entry.isArchived

const pointOf = ({ id, at }: Kept): ArchivePoint => ({ id, at })
const entryOf = ({ id, at, xml, isPending }: Kept): ArchiveEntry => ({ id, at, xml, isPending })

function matches(entry: Kept, { with: other, start, end, after, before, ids }: ArchiveFilter): boolean {
  if (other && (entry.bare !== other.bare.toString() || (!other.isBare && entry.resource !== other.resource)))
    return false
  if (start !== undefined && entry.at < start) return false
  if (end !== undefined && entry.at > end) return false
  if (after !== undefined && entry.id <= after) return false
  if (before !== undefined && entry.id >= before) return false
  return ids === undefined || ids.includes(entry.id)
}

/** The oldest of an archive that a rule has go. */
function dueIn(entries: readonly Kept[], { before = -Infinity, keep = Infinity }: Retention): readonly Kept[] {
  const stays = entries.findIndex(({ at }, index) => at >= before && entries.length - index <= keep)
  return stays < 0 ? entries : entries.slice(0, stays)
}
