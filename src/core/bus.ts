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

  publish<T>(topic: Topic<T>, news: T): void {
    for (const hear of this.#subscribers.get(topic) ?? []) hear(news)
  }

  subscribe<T>(topic: Topic<T>, hear: (news: T) => void): () => void {
    const hears = this.#subscribers.get(topic) ?? new Set()
    this.#subscribers.set(topic, hears)
    // only news of this topic, which are T, reach it
    hears.add(hear as (news: unknown) => void)
    return () => hears.delete(hear as (news: unknown) => void)
  }
}
