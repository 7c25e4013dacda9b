import { type Awaitable, isPromise } from '../core/awaitable.js'

/** Several things of which each may take its time. As long as all are done at once, nothing is made. */
export class Together {
  #waiting: Promise<unknown>[] | undefined

  add(done: Awaitable<unknown>): void {
    if (!isPromise(done)) return
    this.#waiting ??= []
    this.#waiting.push(done)
  }

  get done(): Awaitable<void> {
    return this.#waiting && Promise.all(this.#waiting).then(() => {})
  }
}
