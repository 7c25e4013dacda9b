import { type Jid, parseJid } from '../xmpp/jid.js'

/** What has been committed: by owner and store, as JSON, so that nobody shares what can be changed. */
export class Disk {
  fault: Error | undefined
  readonly #owners = new Map<string, Map<string, Map<string, string>>>()
  /** How many writes of an owner are under way. */
  readonly #underWay = new Map<string, number>()
  #gate = Promise.resolve()
  #open: () => void = () => {}

  hold(): void {
    this.#open() // of two holds the first has ended
    this.#gate = new Promise(open => {
      this.#open = open
    })
  }

  release(): void {
    this.#open()
  }

  async commit<T>(owner: Jid, change: () => T): Promise<T> {
    const name = owner.toString()
    this.#count(name, 1)
    try {
      await this.#gate
      if (this.fault) throw this.fault
      return change()
    } finally {
      this.#count(name, -1)
    }
  }

  /** Sees all writes, of the owner or of all, that were asked for before. */
  async read<T>(owner: Jid | undefined, look: () => T): Promise<T> {
    const waits = owner === undefined ? this.#underWay.size > 0 : this.isBusy(owner)
    await (waits ? this.#gate : undefined)
    return look()
  }

  /** Whether writes of an owner are under way. */
  isBusy(owner: Jid): boolean {
    return this.#underWay.has(owner.toString())
  }

  /** What a store has of an owner; written to only when it is its turn. */
  items(owner: Jid, store: string): Map<string, string> {
    const stores = this.#owners.get(owner.toString()) ?? new Map<string, Map<string, string>>()
    this.#owners.set(owner.toString(), stores)
    const items = stores.get(store) ?? new Map<string, string>()
    stores.set(store, items)
    return items
  }

  /** Those of whom a store has something, in the order of their addresses. */
  ownersOf(store: string): readonly Jid[] {
    const owners = [...this.#owners].filter(([, stores]) => (stores.get(store)?.size ?? 0) > 0)
    return owners.map(([owner]) => parseJid(owner)).sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
  }

  erase(owner: Jid): void {
    this.#owners.delete(owner.toString())
  }

  #count(owner: string, more: number): void {
    const count = (this.#underWay.get(owner) ?? 0) + more
    if (count === 0) this.#underWay.delete(owner)
    else this.#underWay.set(owner, count)
  }
}
