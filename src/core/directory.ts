import type { Jid } from '../xmpp/jid.js'
import type { Session } from './session.js'

/** Who is connected, and where. */
export interface Directory {
  /** The sessions of an account, given by any of its JIDs; oldest first. Valid until the next change. */
  of(account: Jid): readonly Session[]
  /** The session that has exactly this full JID. */
  get(full: Jid): Session | undefined
  add(session: Session): void
  /** Does nothing when another session has that JID by now. */
  remove(session: Session): void
  all(): Iterable<Session>
}

const NOBODY: readonly Session[] = []

/** The directory of a server that is one process. */
export class LocalDirectory implements Directory {
  readonly #accounts = new Map<string, readonly Session[]>()

  of(account: Jid): readonly Session[] {
    return this.#accounts.get(account.bare.toString()) ?? NOBODY
  }

  get(full: Jid): Session | undefined {
    const sessions = this.of(full)
    for (const session of sessions) if (session.jid.resource === full.resource) return session
    return undefined
  }

  add(session: Session): void {
    const others = this.of(session.jid).filter(({ jid }) => jid.resource !== session.jid.resource)
    this.#accounts.set(session.account.toString(), [...others, session])
  }

  remove(session: Session): void {
    const before = this.of(session.jid)
    const left = before.filter(other => other !== session)
    if (left.length > 0) this.#accounts.set(session.account.toString(), left)
    else if (before.length > 0) this.#accounts.delete(session.account.toString())
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#accounts.values()) yield* sessions
  }
}
