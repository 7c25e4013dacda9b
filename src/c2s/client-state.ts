import type { Session } from '../core/session.js'
import { serialise } from '../xml/index.js'
import { CLIENT } from '../xmpp/ns.js'
import { merged, urgencyOf } from './client-state-rules.js'
import type { Limits } from './limits.js'
import type { Parcel } from './outbox.js'

/**
 * What waits while a client is not in use, oldest first (XEP-0352). It was not sent: stream management does not count
 * it. It goes out together, in one write, before the first stanza that does not wait, so that nothing is out of order:
 * what is left of two stanzas that wait is in the place of the second.
 */
export class Waiting {
  readonly #limits: Limits
  readonly #session: Session
  /** Those that newer ones replace by a name, the others by a number. */
  readonly #parcels = new Map<string | number, Parcel>()
  #next = 0
  #size = 0
  /** When the first of them came, in milliseconds since 1970. */
  #since = 0

  constructor(limits: Limits, session: Session) {
    this.#limits = limits
    this.#session = session
  }

  get count(): number {
    return this.#parcels.size
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    const { inactiveQueue, inactiveQueueBytes } = this.#limits
    return this.count > inactiveQueue || this.#size > inactiveQueueBytes
  }

  /** Whether something has waited for too long. */
  isDue(now: number): boolean {
    return this.count > 0 && now - this.#since >= this.#limits.inactiveWait
  }

  /** Takes what may wait; false when it may not. */
  takes(parcel: Parcel, now: number): boolean {
    const reader = { account: this.#session.account, roomsWait: this.#limits.inactiveRooms }
    const urgency = urgencyOf(parcel.stanza, reader)
    if (urgency === 'now') return false
    if (this.count === 0) this.#since = now
    if (urgency === 'in turn') this.#put(this.#next++, parcel)
    else this.#replace(urgency.latest, parcel)
    return true
  }

  /** Everything that waits; nothing is left. */
  empty(): readonly Parcel[] {
    const parcels = [...this.#parcels.values()]
    this.#parcels.clear()
    this.#size = 0
    return parcels
  }

  #put(name: string | number, parcel: Parcel): void {
    this.#parcels.set(name, parcel)
    this.#size += parcel.size
  }

  /** The client gets all that the one before said, and who answers for that is told so. */
  #replace(name: string, parcel: Parcel): void {
    const before = this.#parcels.get(name)
    if (!before) return this.#put(name, parcel)
    this.#parcels.delete(name)
    this.#size -= before.size
    const stanza = merged(before.stanza, parcel.stanza)
    this.#put(
      name,
      stanza === parcel.stanza ? parcel : { ...parcel, stanza, size: serialise(stanza.el, CLIENT).length },
    )
    before.custody?.settled(this.#session)
  }
}
