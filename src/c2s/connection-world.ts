import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { Registrar } from '../core/registration.js'
import type { Router } from '../core/router.js'
import type { Element } from '../xml/index.js'
import type { Attachments } from './attachments.js'
import type { Connection } from './connection.js'
import type { ClientCounts } from './counts.js'
import type { Limits } from './limits.js'
import type { Channel, LoginWorld } from './login.js'
import type { StreamSettings } from './stream.js'
import type { Turn } from './turn.js'

/** What connections share. */
export interface ConnectionWorld {
  readonly limits: Limits
  readonly settings: StreamSettings
  readonly logins: LoginWorld
  readonly attachments: Attachments
  readonly router: Router
  readonly counts: ClientCounts
  readonly clock: Clock
  readonly log: Log
  readonly turn: Turn
  /** What modules offer after login, for a domain. */
  readonly streamFeatures: (domain: string) => readonly Element[]
  readonly randomId: () => string
  /** Who makes accounts before login, if somebody does. */
  readonly registrar: () => Registrar | undefined
  /** Puts TLS on a connection, as its server; resolves when the handshake is done. */
  readonly secure: (socket: Duplex) => Promise<Duplex>
  /** What TLS has to say for a login to a domain. */
  readonly seenOn: (socket: Duplex, domain: string) => Omit<Channel, 'isPrivate'>
  /** The connection is closed. */
  readonly gone: (connection: Connection) => void
}

/** How a connection came to be. */
export interface Arrival {
  readonly socket: Duplex
  /** TLS is there already. */
  readonly isSecure: boolean
  /** From this very machine, so that nobody can read it even without TLS. */
  readonly isLocal: boolean
  /** For the log. */
  readonly from: string
}
