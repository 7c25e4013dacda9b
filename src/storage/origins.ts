import type { Awaitable } from '../core/awaitable.js'
import type { Place } from './place.js'

/** The id of an entry; a promise while it is being written, for nothing if that fails. */
type Known = Awaitable<string | undefined>

/**
 * What senders called the newest messages of the archives that somebody asked about: read once, and from then on
 * remembered as they are appended. What other processes append is not seen until an archive is read again.
 */
export class Origins {
  readonly #size: number
  // in two generations, so that forgetting costs nothing
  #young = new Map<string, Window>()
  #old = new Map<string, Window>()
  #count = 0

  /** Never more names than so many. */
  constructor(size = NAMES) {
    this.#size = size
  }

  /** Undefined when there is none, or the archive is to be read first: `isKnown` tells. */
  get(place: Place, name: string): Known {
    const key = keyOf(place)
    return this.#young.get(key)?.names.get(name) ?? this.#old.get(key)?.names.get(name)
  }

  isKnown(place: Place): boolean {
    const key = keyOf(place)
    return this.#young.get(key)?.isComplete || this.#old.get(key)?.isComplete || false
  }

  /** Remembers what is being written, if the archive is one that somebody asked about. */
  add(place: Place, name: string, written: Promise<string>): void {
    const key = keyOf(place)
    if (!this.#young.has(key) && !this.#old.has(key)) return
    const { names } = this.#window(key)
    const known: Promise<string | undefined> = written.then(
      id => this.#settle(names, name, known, id),
      () => this.#settle(names, name, known, undefined),
    )
    names.set(name, known)
    this.#grow()
  }

  /** Reads an archive, newest first, and then gives what is known of a name. */
  async read(place: Place, name: string, ask: () => Promise<readonly (readonly [name: string, id: string])[]>) {
    const window = this.#window(keyOf(place)) // what is appended from now on may come too late to be read
    for (const [name, id] of await ask()) {
      if (window.names.has(name)) continue
      window.names.set(name, id)
      this.#grow()
    }
    window.isComplete = true
    return window.names.get(name)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#count = 0
  }

  #settle(names: Map<string, Known>, name: string, known: Promise<string | undefined>, id: string | undefined) {
    // unless it was sent once more since
    if (names.get(name) === known) id === undefined ? names.delete(name) : names.set(name, id)
    return id
  }

  #window(key: string): Window {
    const window = this.#young.get(key) ?? { names: new Map(), isComplete: false }
    if (window.names.size === 0) this.#grow()
    this.#young.set(key, window)
    return window
  }

  #grow(): void {
    if (++this.#count * 2 < this.#size) return
    this.#old = this.#young
    this.#young = new Map()
    this.#count = 0
  }
}

/** The names of an archive in one generation. */
interface Window {
  readonly names: Map<string, Known>
  /** With the older generation it has all that there are among the newest entries. */
  isComplete: boolean
}

const keyOf = ({ owner, store }: Place): string => `${store} ${owner}`

const NAMES = 100_000
