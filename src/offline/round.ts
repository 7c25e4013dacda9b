import type { Custody, Gate, Session } from '../core/session.js'
import type { Addressed } from '../xmpp/stanza.js'

/** How much of what is stored a client may have without saying that it has it: less than it takes to be cut off. */
const COUNT = 50
const SIZE = 256 * 1024

/** What one client is being given of what is stored. */
export class Round {
  /** How much of it the client has not acknowledged. */
  #count = 0
  #size = 0
  #state: 'idle' | 'due' | 'reading' | 'reading, and due' = 'idle'
  #gate: Gate | undefined
  #moved: (() => void) | undefined

  constructor(readonly session: Session) {}

  /** What comes to the client from now on waits for what came before. False when a round is under way already. */
  begin(): boolean {
    if (this.#state === 'reading') this.#state = 'reading, and due'
    if (this.#state !== 'idle') return false
    this.#state = 'due'
    this.#gate = this.session.hold()
    return true
  }

  /** Whether the log is to be read, once more or for the first time. */
  goesOn(): boolean {
    const isDue = this.#state === 'due' || this.#state === 'reading, and due'
    if (isDue) this.#state = 'reading'
    return isDue
  }

  end(): void {
    this.#state = 'idle'
    this.#gate?.open()
    this.#gate = undefined
  }

  /** Nothing is left to be done, or waited for. */
  get isOver(): boolean {
    return this.#state === 'idle' && this.#count === 0
  }

  give(stanza: Addressed, size: number, { settled, lost }: { settled(): void; lost(): void }): void {
    const move = (by: 1 | -1) => {
      this.#count += by
      this.#size += by * size
    }
    const after = (what: () => void) => () => {
      move(-1)
      this.#moved?.()
      what()
    }
    const custody: Custody = { settled: after(settled), lost: after(lost) }
    move(1)
    this.#gate?.send(stanza, custody)
  }

  /** Resolves when the client may be given one more. */
  async room(): Promise<void> {
    while (this.#count >= COUNT || this.#size >= SIZE)
      await new Promise<void>(resolve => {
        this.#moved = resolve
      })
  }
}
