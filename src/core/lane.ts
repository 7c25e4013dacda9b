import { type Awaitable, isPromise } from './awaitable.js'

/**
 * Keeps the stanzas of one sender in order without having each wait for the one before.
 *
 * The work on a stanza that may overlap has two halves: in the first it is checked and recorded, which may wait for a
 * commit, and the first halves of several can wait for the same one; the second halves, in which it is delivered, begin
 * in the order in which the stanzas came. Work that may not overlap begins when all before it is through, and is waited
 * for. Neither half may reject.
 */
export class Lane {
  /** Settles when the last one so far has begun its second half; undefined when all have. */
  #turn: Promise<unknown> | undefined
  /** Settles when everything so far is through. */
  #through: Promise<unknown> | undefined
  /** Settles when the last work that may not overlap is through. */
  #alone: Promise<unknown> | undefined

  overlapping<T>(first: () => Awaitable<T>, second: (result: T) => Awaitable<void>): Awaitable<void> {
    const result = this.#alone ? this.#alone.then(first) : first()
    if (!isPromise(result) && this.#turn === undefined) return this.#track(second(result))
    let finished: Awaitable<void>
    const begun = Promise.all([result, this.#turn]).then(([value]) => {
      finished = second(value)
      if (this.#turn === begun) this.#turn = undefined
    })
    this.#turn = begun
    return this.#track(begun.then(() => finished))
  }

  alone(work: () => Awaitable<void>): Awaitable<void> {
    const done = this.#through ? this.#through.then(work) : work()
    if (!isPromise(done)) return
    const alone = done.then(() => {
      if (this.#alone === alone) this.#alone = undefined
    })
    this.#alone = alone
    return this.#track(alone)
  }

  #track(done: Awaitable<void>): Awaitable<void> {
    if (!isPromise(done)) return
    const through = Promise.all([done, this.#through]).then(() => {
      if (this.#through === through) this.#through = undefined
    })
    this.#through = through
    return through
  }
}
