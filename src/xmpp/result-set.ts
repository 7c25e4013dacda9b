import { child, type Element, textOf, xml } from '../xml/index.js'
import { badRequest, featureNotImplemented, itemNotFound } from './errors.js'
import { RSM } from './ns.js'

/** Which part of a list somebody wants. XEP-0059 §2 */
export interface PageRequest {
  /** At most so many items; 0 to learn only how many there are. */
  readonly max?: number
  /** Only those behind this one. */
  readonly after?: string
  /** Only those before this one, the last of them; '' for the last of all. */
  readonly before?: string
  /** From this place on, counted from 0. */
  readonly index?: number
}

/** The request in an element; undefined when there is none. Throws bad-request for one that means nothing. */
export function readPageRequest(parent: Element): PageRequest | undefined {
  const set = child(parent, 'set', RSM)
  if (!set) return undefined
  const [after, before] = ['after', 'before'].map(name => {
    const el = child(set, name, RSM)
    return el && textOf(el)
  })
  const [max, index] = [numberIn(set, 'max'), numberIn(set, 'index')]
  // an index is for who knows no item that the page is next to (§2.6)
  if (index !== undefined && (after !== undefined || before !== undefined)) throw badRequest('an index, or an item')
  return {
    ...(max !== undefined && { max }),
    // nothing comes before the first
    ...(after !== undefined && after !== '' && { after }),
    ...(before !== undefined && { before }),
    ...(index !== undefined && { index }),
  }
}

function numberIn(set: Element, name: 'max' | 'index'): number | undefined {
  const el = child(set, name, RSM)
  if (!el) return undefined
  const text = textOf(el).trim()
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name}: a whole number`)
  return Number(text)
}

/** What is between two items, neither of them included. */
export interface Range {
  readonly after?: string
  readonly before?: string
  /** At most so many. */
  readonly limit: number
  /** Whether they are the last ones of the range, not the first. They come in order all the same. */
  readonly isFromEnd: boolean
}

type Awaitable<T> = T | Promise<T>

/** A list in an order that can be read from any item on. */
export interface PageSource<T> {
  /** What nobody else in the list has, and what stays the same. */
  uidOf(item: T): string
  read(range: Range): Awaitable<readonly T[]>
  /** How many there are, or nearly; left out where that would cost too much. */
  count?(): Awaitable<number>
  /** How many come before an item; left out where that would cost too much. */
  indexOf?(uid: string): Awaitable<number>
  /** Those from a place on; left out where that would cost too much. */
  from?(index: number, limit: number): Awaitable<readonly T[]>
  /** Whether the place of an item is known. Left out where every uid tells its place, also of an item that is gone. */
  has?(uid: string): Awaitable<boolean>
}

/** A part of a list, with what has to be said about it. */
export interface Page<T> {
  readonly items: readonly T[]
  /** The uids of the first and the last of them; undefined when there are none. */
  readonly first: string | undefined
  readonly last: string | undefined
  /** The place of the first; undefined when it is not known, or there is none. */
  readonly index: number | undefined
  /** How many there are in the whole list; undefined when it is not known. */
  readonly count: number | undefined
  /** Whether nothing comes behind it, in the direction in which it was asked for. */
  readonly isLast: boolean
}

/**
 * The page that was asked for, never of more than `maxPage` items. Rejects with item-not-found when nobody knows where
 * an item was (§2.4), and with feature-not-implemented when the list cannot be read by index (§2.6).
 */
export async function pageOf<T>(source: PageSource<T>, request: PageRequest, maxPage: number): Promise<Page<T>> {
  const { after, before, index } = request
  const limit = Math.min(request.max ?? maxPage, maxPage)
  for (const uid of [after, before]) if (uid && (await source.has?.(uid)) === false) throw itemNotFound()
  if (index !== undefined && !source.from) throw featureNotImplemented()
  const count = await source.count?.()
  if (limit === 0) return { ...NOTHING, count, isLast: count === 0 }
  const isFromEnd = before !== undefined
  // one more tells whether that is all
  const read = await (index !== undefined
    ? source.from?.(index, limit + 1)
    : source.read({ ...(after && { after }), ...(before && { before }), limit: limit + 1, isFromEnd }))
  const found = read ?? []
  const isLast = found.length <= limit
  const items = isLast ? found : isFromEnd ? found.slice(1) : found.slice(0, limit)
  const [head, tail] = [items[0], items.at(-1)]
  if (head === undefined || tail === undefined) return { ...NOTHING, count, isLast }
  const first = source.uidOf(head)
  return { items, first, last: source.uidOf(tail), index: index ?? (await source.indexOf?.(first)), count, isLast }
}

const NOTHING = { items: [], first: undefined, last: undefined, index: undefined } as const

/** The `<set/>` of an answer. §2.2 */
export const pageElement = ({ first, last, index, count }: Page<unknown>): Element =>
  xml(
    'set',
    { xmlns: RSM },
    first === undefined ? null : xml('first', { index }, first),
    last === undefined ? null : xml('last', {}, last),
    count === undefined ? null : xml('count', {}, String(count)),
  )

/**
 * A list in memory, in its order. When its uids are in the order of their texts, `isSorted`, an item that is gone still
 * has a place; else it is not found.
 */
export function listSource<T>(
  items: readonly T[],
  uidOf: (item: T) => string,
  { isSorted = false }: { readonly isSorted?: boolean } = {},
): PageSource<T> {
  const uids = items.map(uidOf)
  const places = new Map(uids.map((uid, place) => [uid, place]))
  /** The first place that is not before this one. */
  const placeOf = (uid: string): number => places.get(uid) ?? firstAtOrAfter(uids, uid)
  return {
    uidOf,
    read({ after, before, limit, isFromEnd }) {
      const from = after === undefined ? 0 : places.has(after) ? placeOf(after) + 1 : placeOf(after)
      const to = before === undefined ? items.length : placeOf(before)
      if (to <= from) return []
      return isFromEnd ? items.slice(Math.max(from, to - limit), to) : items.slice(from, Math.min(to, from + limit))
    },
    count: () => items.length,
    indexOf: placeOf,
    from: (index, limit) => items.slice(index, index + limit),
    ...(!isSorted && { has: (uid: string) => places.has(uid) }),
  }
}

/** By halving, in a sorted list. */
function firstAtOrAfter(sorted: readonly string[], uid: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < uid) low = middle + 1
    else high = middle
  }
  return low
}
