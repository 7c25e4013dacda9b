/**
 * What processes of one server tell each other. A topic is typed: who publishes and who subscribes agree. One process
 * alone has the twin below.
 */
export interface Bus {
  /** Every subscriber hears it, the publisher's own process included. */
  publish<T>(topic: Topic<T>, news: T): void
  subscribe<T>(topic: Topic<T>, hear: (news: T) => void): () => void
}

/** `T` has to survive JSON. */
export class Topic<T> {
  /** Only the type: nothing is stored here. */
  declare readonly news: T

  constructor(readonly name: string) {}
}

/** The bus of a server that is one process: subscribers hear at once. */
export class LocalBus implements Bus {
  readonly #subscribers = new Map<Topic<unknown>, Set<(news: unknown) => void>>()

  /** Throws what subscribers threw, when all have heard. */
  publish<T>(topic: Topic<T>, news: T): void {
    const faults: unknown[] = []
    for (const hear of [...(this.#subscribers.get(topic) ?? [])]) {
      try {
        hear(news)
      } catch (fault) {
        faults.push(fault)
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${topic.name}: ${faults.length} subscribers failed`)
  }

  subscribe<T>(topic: Topic<T>, hear: (news: T) => void): () => void {
    const hears = this.#subscribers.get(topic) ?? new Set()
    this.#subscribers.set(topic, hears)
    const own = (news: unknown) => hear(news as T) // only news of this topic, which are T, reach it
    hears.add(own)
    return () => hears.delete(own)
  }
}
