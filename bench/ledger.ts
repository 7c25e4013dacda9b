/** Checks one flow of messages at its receiver: nothing lost, doubled or out of order. */
export class Ledger {
  doubled = 0
  reordered = 0
  #next = 0
  readonly #missing = new Set<number>()

  /** Whether it is the first time that this one comes. */
  take(sequence: number): boolean {
    if (sequence >= this.#next) {
      while (this.#next < sequence) this.#missing.add(this.#next++)
      this.#next++
    } else if (this.#missing.delete(sequence)) this.reordered++
    else {
      this.doubled++
      return false
    }
    return true
  }

  lost(sent: number): number {
    return this.#missing.size + sent - this.#next
  }
}
