import type { AdHocCommand, Asked, Question } from '../core/ad-hoc.js'
import type { Clock } from '../core/clock.js'
import { resourceConstraint } from '../xmpp/errors.js'
import type { Answers } from '../xmpp/forms/index.js'
import type { Jid } from '../xmpp/jid.js'
import { refusal, sessionExpired } from './ad-hoc-protocol.js'

/** A command that somebody is running: a session, in the words of XEP-0050 §3.3. */
export interface Execution {
  readonly id: string
  readonly command: AdHocCommand
  readonly asked: Asked
  /** The stages that were gone through up to where it is, with what was entered at each. */
  readonly stages: { readonly question: Question; entered?: Answers }[]
  /** While a step is being taken nobody takes another. */
  isBusy: boolean
  /** From when on nobody waits for its next step. */
  expires: number
}

export interface ExecutionLimits {
  readonly maxSessions: number
  readonly maxUserSessions: number
  /** In milliseconds. */
  readonly sessionTimeout: number
}

interface Parts {
  readonly clock: Clock
  readonly randomId: () => string
  readonly limits: ExecutionLimits
}

/** All commands that are being run. Their number is bounded, and so is the time for which one waits. */
export class Executions {
  readonly #parts: Parts
  readonly #open = new Map<string, Execution>()
  /** The ids of those that are over, oldest first: who comes back to one of them is told so. */
  readonly #over = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Of more than one user may have, the oldest gives way: clients seldom cancel what they give up. */
  begin(command: AdHocCommand, asked: Asked): Execution {
    const { limits, randomId, clock } = this.#parts
    const others = [...this.#open.values()].filter(({ asked: { from } }) => from.bare.equals(asked.from.bare))
    for (const other of others.slice(0, Math.max(0, others.length - limits.maxUserSessions + 1))) this.end(other)
    if (this.#open.size >= limits.maxSessions) this.sweep()
    if (this.#open.size >= limits.maxSessions) throw resourceConstraint('too many commands are being run')
    const expires = clock.now() + limits.sessionTimeout
    const execution = { id: randomId(), command, asked, stages: [], isBusy: false, expires }
    this.#open.set(execution.id, execution)
    return execution
  }

  /** Throws session-expired for one that is over, and bad-sessionid for one that is none of theirs (§4.4). */
  find(id: string, node: string, { from, to }: Asked): Execution {
    const { clock, limits } = this.#parts
    const execution = this.#open.get(id)
    if (execution && execution.expires <= clock.now()) this.end(execution)
    if (this.#over.has(id)) throw sessionExpired()
    const isTheirs = execution?.asked.from.equals(from) && execution.asked.to.equals(to)
    if (!execution || !isTheirs || execution.command.node !== node) throw refusal('bad-sessionid')
    execution.expires = clock.now() + limits.sessionTimeout
    return execution
  }

  end({ id }: Execution): void {
    if (!this.#open.delete(id)) return
    this.#over.add(id)
    for (const oldest of this.#over) {
      if (this.#over.size <= this.#parts.limits.maxSessions) break
      this.#over.delete(oldest)
    }
  }

  /** Their client is gone. */
  endOf(from: Jid): void {
    for (const execution of this.#open.values()) if (execution.asked.from.equals(from)) this.end(execution)
  }

  /** Ends what nobody has come back to. */
  sweep(): void {
    const now = this.#parts.clock.now()
    for (const execution of this.#open.values()) if (execution.expires <= now) this.end(execution)
  }
}
