import type { Jid } from '../xmpp/jid.js'
import { keyOf } from './keys.js'
import type { Reader } from './reader.js'
import type { Statements } from './statements.js'
import { once, type Writer } from './writer.js'

/** What the stores work with. */
export interface Desk {
  readonly reader: Reader
  readonly writer: Writer
}

/** Where the rows of a store and an owner are. */
export interface Place {
  readonly owner: string
  readonly store: string
}

export const placeOf = (owner: Jid, store: string): Place => ({ owner: keyOf(owner.toString()), store })

/** Reads what an owner has, after all that was asked to be written there before. Other owners' writes are not waited for. */
export async function read<T>(
  { reader, writer }: Desk,
  { owner }: Place,
  query: (on: Statements) => PromiseLike<T>,
): Promise<T> {
  await writer.settled(owner)
  return await reader.read(query)
}

/** Writes without a result, all or none. */
export function change(
  { writer }: Desk,
  { owner }: Place,
  {
    bytes = 0,
    statements,
  }: { readonly bytes?: number; readonly statements: readonly ((on: Statements) => PromiseLike<unknown>)[] },
): Promise<void> {
  const work = once(
    async on => {
      for (const statement of statements) await statement(on)
    },
    { single: statements.length === 1 },
  )
  return writer.write({ owner, work, payload: undefined, bytes, foreseen: { value: undefined } })
}

/** In pieces: the number of values that a statement can have is limited. */
export function chunks<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / CHUNK)
  return Array.from({ length: count }, (_, index) => items.slice(index * CHUNK, (index + 1) * CHUNK))
}

/** A value as it is kept; throws what JSON cannot say. */
export function encode(value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError('a value that JSON cannot say')
  return text
}

const CHUNK = 500
