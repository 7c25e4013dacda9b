/** Something that has written and wants it sent when the turn of the event loop is over. */
export interface Flushable {
  flush(): void
  /** A fault of ours in what it did. */
  fail(fault: unknown): void
}

/**
 * One write per socket per turn, and one callback for all sockets: a system call for each stanza would cost several
 * times what the stanza does.
 */
export class Turn {
  #due: Flushable[] = []

  add(connection: Flushable): void {
    if (this.#due.push(connection) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const due = this.#due
    this.#due = []
    for (const connection of due) {
      try {
        connection.flush()
      } catch (fault) {
        connection.fail(fault) // and the others still have their turn
      }
    }
  }
}
