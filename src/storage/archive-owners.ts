import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { matching, type Row, TABLE } from './archive-rows.js'
import type { Desk } from './place.js'
import type { Statements } from './statements.js'

/** Owners in whose archives of this name there is something, and when the oldest of it came: one look at an index each. */
export async function* ownersFrom(
  { reader, writer }: Desk,
  store: string,
): AsyncGenerator<{ readonly owner: Jid; readonly oldest: number }> {
  await writer.settled()
  for (let after = ''; ; ) {
    const next = await reader.read(on => nextOwner(on, after, store))
    if (!next) return
    after = next.owner
    // one whose name is only there as a digest is nobody's that this server could have
    const owner = tryParseJid(next.owner)
    if (owner && next.oldest !== undefined) yield { owner, oldest: next.oldest }
  }
}

async function nextOwner(on: Statements, after: string, store: string) {
  const [next] = await on
    .table<Row>(TABLE, 'archive_by_id')
    .where('owner', '>', after)
    .orderBy(['owner', 'store', 'id'])
    .limit(1)
    .select('owner')
  if (!next) return undefined
  const place = { owner: next.owner, store }
  const [oldest] = await matching(on, place, {}).where('is_archived', 1).orderBy('id').limit(1).select('at')
  return { owner: next.owner, oldest: oldest && Number(oldest.at) }
}

/** Whose archives have grown since they were looked at: all, until each has been once. */
export class Growth {
  readonly #max: number
  readonly #grown = new Set<string>()
  #isKnown = false
  #isWhole = false

  constructor(max = GROWN) {
    this.#max = max
  }

  note(owner: string): void {
    this.#grown.add(owner)
    if (this.#grown.size <= this.#max) return
    // too many to be remembered
    this.#grown.clear()
    this.#isKnown = false
    this.#isWhole = false
  }

  /** All owners are about to be looked at. */
  begin(): void {
    this.#isWhole = true
  }

  /** Whether this one is to be looked at, which happens then. */
  take(owner: string): boolean {
    return this.#grown.delete(owner) || !this.#isKnown
  }

  /** All have been. */
  end(): void {
    this.#isKnown ||= this.#isWhole
  }
}

const GROWN = 10_000
