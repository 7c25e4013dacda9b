import type { StreamError } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import type { Addressed, Stanza } from '../xmpp/stanza.js'
import type { Slot } from './slot.js'

/**
 * A connected resource: what a client has from its resource binding until it leaves. It outlives its socket: while a
 * client may still resume (XEP-0198), the session is there as before and keeps what it is sent.
 */
export interface Session {
  /** Its full JID. */
  readonly jid: Jid
  /** Its bare JID. */
  readonly account: Jid
  /** The presence it last broadcast; undefined before the first and after it went unavailable. */
  presence: Availability | undefined
  /** Hands a stanza over, to be written in this turn. It is addressed already. */
  send(stanza: Addressed, custody?: Custody): void
  /** From now on what is sent is kept back, but for what the gate lets pass; until the gate opens. */
  hold(): Gate
  /** Ends the session: the stream with this error, and no resumption. */
  end(error: StreamError): void
  /** How its client is connected by now, for operators. */
  status(): SessionStatus
  get<T>(slot: Slot<T>): T
  set<T>(slot: Slot<T>, value: T): void
}

/** How a client is connected. */
export interface SessionStatus {
  /** When it bound its resource, in milliseconds since 1970. */
  readonly since: number
  /** Its address in the network; undefined while it has no connection, or where nobody knows. */
  readonly from: string | undefined
  /** Version and cipher: `TLSv1.3 TLS_AES_128_GCM_SHA256`; undefined while it has no connection, or one without TLS. */
  readonly encryption: string | undefined
  /** Whether a connection carries it; else it waits for its client to come back. */
  readonly isConnected: boolean
  /** What was agreed about stream management (XEP-0198). */
  readonly management: 'off' | 'on' | 'resumable'
  /** Stanzas that the client has not acknowledged. */
  readonly unacknowledged: number
}

/** What a client broadcast to be available. RFC 6121 §4.2, §4.7 */
export interface Availability {
  /** From the full JID, to nobody. */
  readonly stanza: Stanza
  /** -128 to 127; a negative one keeps messages for the account away. */
  readonly priority: number
}

/** Who answers for a stanza that a session was given. Exactly one of the two is called, once. */
export interface Custody {
  /** The client has it: acknowledged, or, without stream management, written. */
  settled(session: Session): void
  /** The session is over, and nobody knows whether the client has it. */
  lost(session: Session): void
}

export interface Gate {
  /** Passes the gate, before what is kept back. */
  send(stanza: Addressed, custody?: Custody): void
  open(): void
}
