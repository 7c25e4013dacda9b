import type { Awaitable } from '../core/awaitable.js'
import type { Clock } from '../core/clock.js'
import type { SessionStatus } from '../core/session.js'
import type { Element } from '../xml/index.js'
import type { StreamError } from '../xmpp/errors.js'
import type { Addressed } from '../xmpp/stanza.js'
import type { ClientSession } from './client-session.js'
import type { ClientCounts } from './counts.js'
import type { Limits } from './limits.js'

/** The connection that a session has at a time. */
export interface Line {
  /** Whether its stream is open. */
  readonly isOpen: boolean
  /** Whether its client logged in as nobody in particular. */
  readonly isGuest: boolean
  /** Where it comes from, and how it is encrypted. */
  readonly wire: Pick<SessionStatus, 'from' | 'encryption'>
  /** Carries this session from now on. The reply is the first that the client hears of it. */
  carry(session: ClientSession, reply: Element): void
  /** To be written in this turn. `told` hears that the system has it, or never will. */
  write(text: string, told?: (isWritten: boolean) => void): void
  /** Bytes that the client has not read yet, as far as we know. */
  readonly backlog: number
  /** Reads on, if it had stopped for too much being in flight. */
  wake(): void
  /** Ends the stream. */
  close(error: StreamError): void
  /** Breaks the connection off, for a client that would not read why. */
  drop(error: StreamError): void
}

/** What sessions share. */
export interface SessionWorld {
  readonly limits: Limits
  readonly counts: ClientCounts
  readonly clock: Clock
  /** Nobody else answers for this stanza, and its session is over. */
  undelivered(stanza: Addressed): void
  /** The session is over: it is to leave the directory, at once. */
  left(session: ClientSession): void
  /** And what it was given is with others. When all that it said itself is dealt with, everybody is to know. */
  ended(session: ClientSession, settled: Awaitable<void>): void
}
