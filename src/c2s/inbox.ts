import { type Awaitable, isPromise } from '../core/awaitable.js'

interface Entry {
  done: boolean
  readonly act: () => void
}

/**
 * The stanzas of a client that are being dealt with. What shall happen when one is finished happens in the order in
 * which they came: nothing is acknowledged before everything that came earlier is kept.
 */
export class Inbox {
  readonly #entries: Entry[] = []

  constructor(
    /** Called when something was finished that others may have waited for. */
    readonly moved: () => void,
  ) {}

  /** How many are not finished. */
  get count(): number {
    return this.#entries.length
  }

  /** Acts when this and all before it are done; at once if they are. */
  add(done: Awaitable<void>, act: () => void): void {
    if (!isPromise(done) && this.#entries.length === 0) {
      act()
      return
    }
    const entry = { done: !isPromise(done), act }
    this.#entries.push(entry)
    if (isPromise(done))
      done.then(() => {
        entry.done = true
        this.#advance()
      })
  }

  /** Resolves when everything added so far is done. */
  settled(): Awaitable<void> {
    if (this.#entries.length === 0) return
    return new Promise(resolve => this.add(undefined, resolve))
  }

  #advance(): void {
    let finished = 0
    for (const { done } of this.#entries) {
      if (!done) break
      finished++
    }
    if (finished === 0) return
    for (const { act } of this.#entries.splice(0, finished)) act()
    this.moved()
  }
}
