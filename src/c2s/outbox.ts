import type { Custody, Session } from '../core/session.js'
import type { Addressed } from '../xmpp/stanza.js'

/** A stanza on its way to a client. */
export interface Parcel {
  readonly stanza: Addressed
  readonly custody: Custody | undefined
  /** About how many bytes it is. */
  readonly size: number
}

/** What a client was sent and has not acknowledged, oldest first. XEP-0198 §4 */
export class Outbox {
  #parcels: Parcel[] = []
  #size = 0
  /** How many stanzas the client has acknowledged, as it counts them: modulo 2^32. */
  #acknowledged: number

  constructor(acknowledged = 0) {
    this.#acknowledged = acknowledged
  }

  get count(): number {
    return this.#parcels.length
  }

  get size(): number {
    return this.#size
  }

  /** How many stanzas the client was sent, as it counts them. */
  get sent(): number {
    return (this.#acknowledged + this.#parcels.length) >>> 0
  }

  get parcels(): readonly Parcel[] {
    return this.#parcels
  }

  add(parcel: Parcel): void {
    this.#parcels.push(parcel)
    this.#size += parcel.size
  }

  /** What the client says it has handled by now; false when that is more than it was sent, or less than it said before. */
  acknowledge(h: number, session: Session): boolean {
    const news = (h - this.#acknowledged) >>> 0
    if (news > this.#parcels.length) return false
    if (news === 0) return true
    const settled = this.#parcels.splice(0, news)
    this.#acknowledged = h
    for (const { custody, size } of settled) {
      this.#size -= size
      custody?.settled(session)
    }
    return true
  }

  /** Everything that is not acknowledged; nothing is left. */
  empty(): readonly Parcel[] {
    const parcels = this.#parcels
    this.#parcels = []
    this.#size = 0
    return parcels
  }
}

/** The `h` of an acknowledgement: how many stanzas somebody has handled; undefined when it is no such number. */
export function readCount(written: string | undefined): number | undefined {
  const count = written !== undefined && /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN
  return count < 2 ** 32 ? count : undefined
}
