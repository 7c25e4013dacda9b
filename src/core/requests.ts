import { remoteServerTimeout, type StanzaError } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import type { Addressed } from '../xmpp/stanza.js'
import type { Awaitable } from './awaitable.js'
import type { Clock, Timer } from './clock.js'
import { Contract } from './module.js'

/** Asks others in the name of the server, or of an account by its bare JID. */
export interface Asking {
  /**
   * Sends a request, an iq from a domain or a bare JID of ours, and resolves with what comes back: a result or an error.
   * Rejects with remote-server-timeout when nothing comes in so many milliseconds. Its id has to be one that no other
   * request has that is on its way between the two; who asks for many keeps their number bounded.
   */
  ask(request: Addressed, ms: number): Promise<Addressed>
  /** Somebody there answers no more: what is on its way to any JID of the domain rejects at once. */
  giveUp(domain: string): void
  /** Whether such a request is on its way. */
  isAsking(request: Addressed): boolean
}

export const asking = new Contract<Asking>('asking')

interface Pending {
  readonly to: Jid
  readonly resolve: (answer: Addressed) => void
  readonly reject: (fault: StanzaError) => void
  readonly timer: Timer
}

interface Parts {
  readonly route: (stanza: Addressed) => Awaitable<void>
  readonly clock: Clock
}

/** Requests of ours that wait for their answers. RFC 6120 §8.2.3 */
export class Requests implements Asking {
  readonly #parts: Parts
  readonly #pending = new Map<string, Pending>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  ask(request: Addressed, ms: number): Promise<Addressed> {
    const key = keyOf(request.from.toString(), request.to.toString(), request.id)
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(ms, () => {
        this.#pending.delete(key)
        reject(remoteServerTimeout())
      })
      this.#pending.set(key, { to: request.to, resolve, reject, timer })
      this.#parts.route(request)
    })
  }

  giveUp(domain: string): void {
    for (const [key, { to, timer, reject }] of this.#pending) {
      if (to.domain !== domain) continue
      this.#pending.delete(key)
      timer.cancel()
      reject(remoteServerTimeout())
    }
  }

  isAsking({ from, to, id }: Addressed): boolean {
    return this.#pending.has(keyOf(from.toString(), to.toString(), id))
  }

  /** An answer has come. One that nobody waits for, or waits for no more, is for nobody. */
  settle(answer: Addressed): void {
    if (this.#pending.size === 0) return
    const key = keyOf(answer.to.toString(), answer.from.toString(), answer.id)
    const pending = this.#pending.get(key)
    if (!pending) return
    this.#pending.delete(key)
    pending.timer.cancel()
    pending.resolve(answer)
  }
}

// none of the parts but the last can hold a line break
const keyOf = (from: string, to: string, id: string): string => `${from}\n${to}\n${id}`
