import { type Awaitable, isPromise } from './awaitable.js'

/** What remains of a piece of work when the next one may be done. It may not reject. */
export type Rest = () => Awaitable<void>

/**
 * Keeps the stanzas of one sender in order without having each wait for the one before.
 *
 * The work on a stanza that may overlap has two halves: in the first it is checked and recorded, which may wait for a
 * commit, and the first halves of several can wait for the same one; the second halves, in which it is delivered, are
 * done one after the other, in the order in which the stanzas came. A second half may leave a rest, which keeps nobody
 * waiting. Work that may not overlap begins when all before it is through, and is waited for. Neither half may reject.
 */
export class Lane {
  /** Settles when the last one so far is through its second half; undefined when all are. */
  #turn: Promise<unknown> | undefined
  /** Settles when everything so far is through. */
  #through: Promise<unknown> | undefined
  /** Settles when the last work that may not overlap is through. */
  #alone: Promise<unknown> | undefined

  overlapping<T>(first: () => Awaitable<T>, second: (result: T) => Awaitable<Rest | void>): Awaitable<void> {
    const result = this.#alone ? this.#alone.then(first) : first()
    const left =
      isPromise(result) || this.#turn
        ? Promise.all([result, this.#turn]).then(([value]) => second(value))
        : second(result)
    if (!isPromise(left)) return this.#track(left?.())
    let finished: Awaitable<void>
    const done = left.then(rest => {
      finished = rest?.()
      if (this.#turn === done) this.#turn = undefined
    })
    this.#turn = done
    return this.#track(done.then(() => finished))
  }

  alone(work: () => Awaitable<void>): Awaitable<void> {
    const done = this.#through ? this.#through.then(work) : work()
    if (!isPromise(done)) return
    this.#alone = done
    // first of all that wait for it: what comes later finds it gone when they have begun, not before
    done.then(() => {
      if (this.#alone === done) this.#alone = undefined
    })
    return this.#track(done)
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
