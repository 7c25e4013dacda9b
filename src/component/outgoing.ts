import type { Duplex } from 'node:stream'
import type { Router } from '../core/router.js'
import { serialise } from '../xml/index.js'
import { remoteServerTimeout } from '../xmpp/errors.js'
import { CLIENT } from '../xmpp/ns.js'
import { type Addressed, isState } from '../xmpp/stanza.js'

interface Parts {
  /** Some of it has been written. */
  readonly written: () => void
  readonly router: Pick<Router, 'bounce'>
}

/**
 * What goes to a component: one write per turn of the event loop. There are no acknowledgements, so that a stanza counts
 * as delivered when the system has it; what it never got is answered with an error.
 */
export class Outgoing {
  readonly #socket: Duplex
  readonly #parts: Parts
  #text = ''
  /** The stanzas that are not written yet as far as we know, oldest first. */
  #unwritten: Addressed[] = []
  /** How many of them are in `#text`. */
  #fresh = 0
  #isDue = false

  constructor(socket: Duplex, parts: Parts) {
    this.#socket = socket
    this.#parts = parts
  }

  /** Bytes that the component has not read yet, as far as we know. */
  get backlog(): number {
    return this.#text.length + this.#socket.writableLength
  }

  send(stanza: Addressed): void {
    if (this.#isDeaf) return this.#giveBack(stanza)
    this.#unwritten.push(stanza)
    this.#fresh++
    // in the stream's namespace, which stands for the one that stanzas have inside of the server
    this.write(serialise(stanza.el, CLIENT))
  }

  write(text: string): void {
    if (this.#isDeaf) return
    this.#text += text
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => this.flush())
  }

  flush(): void {
    this.#isDue = false
    const [text, count] = [this.#text, this.#fresh]
    this.#text = ''
    this.#fresh = 0
    if (text === '' || this.#isDeaf) return
    this.#socket.write(text, fault => {
      if (fault) return
      this.#unwritten.splice(0, count)
      this.#parts.written()
    })
  }

  /** The connection is no more: who sent what it has not got hears of it. */
  lose(): void {
    this.#text = ''
    this.#fresh = 0
    for (const stanza of this.#unwritten.splice(0)) this.#giveBack(stanza)
  }

  #giveBack(stanza: Addressed): void {
    if (!isState(stanza)) this.#parts.router.bounce(stanza, remoteServerTimeout('The service has gone'))
  }

  /** Whether nothing can be written any more. */
  get #isDeaf(): boolean {
    return this.#socket.writableEnded || this.#socket.destroyed
  }
}
