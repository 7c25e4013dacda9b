import type { Writable } from 'node:stream'
import type { Flushable, Turn } from './turn.js'

/** Hears that the system has what was written, or never will. */
export type Told = (isWritten: boolean) => void

/** On whose behalf is written. */
export interface Author {
  /** What belongs at the end of everything that is written in a turn. */
  trailer(): string
  /** The system has taken something: there is room for more. */
  wake(): void
  fail(fault: unknown): void
}

/** The writing half of a connection: gathers what is said in a turn, and writes it at the end in one piece. */
export class Writer implements Flushable {
  readonly #author: Author
  readonly #turn: Turn
  #socket: Writable
  #out = ''
  /** Who waits to hear what becomes of it. */
  #told: Told[] | undefined
  #inTurn = false

  constructor(socket: Writable, author: Author, turn: Turn) {
    this.#socket = socket
    this.#author = author
    this.#turn = turn
  }

  /** From now on it goes there; what was said before has been written. */
  moveTo(socket: Writable): void {
    this.#socket = socket
  }

  /** Bytes that the system has not taken yet. */
  get backlog(): number {
    return this.#out.length + this.#socket.writableLength
  }

  write(text: string, told?: Told): void {
    if (this.#isDeaf) return told?.(false)
    this.#out += text
    if (told) {
      this.#told ??= []
      this.#told.push(told)
    }
    if (this.#inTurn) return
    this.#inTurn = true
    this.#turn.add(this)
  }

  flush(): void {
    this.#inTurn = false
    const text = this.#out + this.#author.trailer()
    const told = this.#told
    this.#out = ''
    this.#told = undefined
    if (this.#isDeaf) tell(told, false)
    else if (text !== '') this.#socket.write(text, fault => this.#written(told, fault))
  }

  fail(fault: unknown): void {
    this.#author.fail(fault)
  }

  /** Whether nothing can be written any more. */
  get #isDeaf(): boolean {
    return this.#socket.writableEnded || this.#socket.destroyed
  }

  #written(told: readonly Told[] | undefined, fault: unknown): void {
    tell(told, !fault)
    this.#author.wake()
  }
}

function tell(all: readonly Told[] | undefined, isWritten: boolean): void {
  for (const told of all ?? []) told(isWritten)
}
