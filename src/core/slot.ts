/** A place on every session for what one module knows about it. The module that makes it owns it. */
export class Slot<T> {
  constructor(
    /** For logs. */
    readonly name: string,
    /** What it holds until something is put in. */
    readonly initial: T,
  ) {}
}

/** The slots of one session. Most sessions use few: the map comes with the first value. */
export class Slots {
  #values: Map<Slot<unknown>, unknown> | undefined

  get<T>(slot: Slot<T>): T {
    // a slot's key is the slot itself: what is under it is of its type
    return this.#values?.has(slot) ? (this.#values.get(slot) as T) : slot.initial
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#values ??= new Map()
    this.#values.set(slot, value)
  }
}
