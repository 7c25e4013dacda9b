import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Accounts } from '../core/accounts.js'
import {
  accountDisabled,
  accountRemoved,
  changesPassword,
  disabledAccounts,
  passwordChanged,
} from '../core/accounts.js'
import type { Bus } from '../core/bus.js'
import type { Clock, Timer } from '../core/clock.js'
import type { Directory } from '../core/directory.js'
import type { Host } from '../core/host.js'
import type { Log } from '../core/log.js'
import type { Metric } from '../core/metrics.js'
import { registrar } from '../core/registration.js'
import type { Router } from '../core/router.js'
import { StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { isLoopback } from './addresses.js'
import { Attachments } from './attachments.js'
import { Connection } from './connection.js'
import type { Arrival, ConnectionWorld } from './connection-world.js'
import { ClientCounts, clientMetrics } from './counts.js'
import { Guests } from './guests.js'
import type { Limits } from './limits.js'
import { Throttle } from './throttle.js'
import { type Certificates, type Security, TlsServer } from './tls-server.js'
import { Turn } from './turn.js'

export { implemented } from './implements.js'
export { type Limits, limits } from './limits.js'
export type { Certificates, Security } from './tls-server.js'

/** What stands here may be another value after a reload: it is asked for when it is needed. */
export interface C2sParts {
  readonly limits: Limits
  /** Whether nobody may log in without TLS. */
  readonly tlsRequired: boolean
  readonly domains: ReadonlySet<string>
  /** Those of them that let anybody in, as a guest. */
  readonly anonymous: readonly string[]
  readonly certificates: Certificates
  readonly accounts: Accounts
  /** The same for as long as the server has its data: what accounts that do not exist are made of. */
  readonly serverSecret: Uint8Array
  /** Of the password hash of a new account. */
  readonly iterations: number
  readonly host: Host
  readonly router: Router
  readonly directory: Directory
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
}

/** The clients' way in. */
export interface C2s {
  /** What comes back ends it; the connections that came that way stay. */
  listen(at: { readonly host?: string; readonly port: number }, how: Security): Promise<() => void>
  /** A connection that did not come through a listener. */
  accept(socket: Duplex, arrival?: { readonly isLocal?: boolean; readonly from?: string }): void
  /** What operators can watch. */
  readonly metrics: readonly Metric[]
  /** The domain is served no more: its users' sessions and logins end. */
  endDomain(domain: string): void
  /** Says goodbye to all; resolves when they are gone and what they left behind is dealt with. */
  stop(): Promise<void>
}

/** How often silent connections are looked at. */
const PULSE_MS = 5000

export function createC2s(parts: C2sParts): C2s {
  return new ClientListeners(parts)
}

class ClientListeners implements C2s {
  readonly #parts: C2sParts
  readonly #world: ConnectionWorld
  readonly #counts = new ClientCounts()
  readonly metrics: readonly Metric[]
  readonly #attachments: Attachments
  readonly #guests: Guests
  readonly #tls: TlsServer
  readonly #listeners = new Set<net.Server>()
  readonly #connections = new Set<Connection>()
  /** Those that begin with TLS, and have not got it. */
  readonly #handshakes = new Set<net.Socket>()
  #stopped = false
  #pulse: Timer
  #noneLeft: (() => void) | undefined

  constructor(parts: C2sParts) {
    const { limits, domains, host, router, clock, log, randomId, bus, directory } = parts
    this.#parts = parts
    this.#guests = new Guests(parts)
    this.#tls = new TlsServer(parts)
    this.#attachments = new Attachments({ ...parts, guests: this.#guests }, this.#counts)
    const connections = () => this.#connections.size + this.#handshakes.size
    this.metrics = clientMetrics({ counts: this.#counts, directory, domains, connections })
    this.#world = {
      limits,
      settings: {
        domains,
        get tlsRequired() {
          return parts.tlsRequired
        },
        get loginAttempts() {
          return limits.loginAttempts
        },
      },
      logins: {
        accounts: parts.accounts,
        serverSecret: parts.serverSecret,
        get iterations() {
          return parts.iterations
        },
        randomId,
        throttle: new Throttle(parts),
        guests: this.#guests,
        isDisabled: account => host.tryUse(disabledAccounts)?.isDisabled(account) ?? false,
      },
      attachments: this.#attachments,
      router,
      counts: this.#counts,
      clock,
      log,
      turn: new Turn(),
      streamFeatures: domain => host.streamFeaturesOf(domain),
      randomId,
      registrar: () => host.tryUse(registrar),
      secure: socket => this.#tls.secure(socket, 'starttls'),
      seenOn: (socket, domain) => this.#tls.seenOn(socket, domain),
      gone: connection => this.#gone(connection),
    }
    this.#pulse = clock.after(PULSE_MS, this.#checkPulses)
    const endAll = (account: string, text: string) => {
      const error = new StreamError('not-authorized', { text })
      for (const session of directory.of(parseJid(account))) if (!session.get(changesPassword)) session.end(error)
      for (const connection of this.#connections)
        if (connection.waiting?.toString() === account) connection.close(error)
    }
    bus.subscribe(accountRemoved, account => endAll(account, 'The account was removed'))
    bus.subscribe(passwordChanged, account => endAll(account, 'The password was changed'))
    bus.subscribe(accountDisabled, account => endAll(account, 'The account is disabled'))
  }

  async listen({ host, port }: { readonly host?: string; readonly port: number }, how: Security): Promise<() => void> {
    const listener = net.createServer({ noDelay: true }, socket => this.#arrives(socket, how))
    listener.listen({ port, ...(host !== undefined && { host }) })
    await once(listener, 'listening')
    listener.on('error', fault => this.#parts.log.error({ err: fault }, 'a listener failed'))
    this.#listeners.add(listener)
    return () => {
      listener.close()
      this.#listeners.delete(listener)
    }
  }

  endDomain(domain: string): void {
    const error = new StreamError('host-gone')
    const sessions = [...this.#parts.directory.all()]
    for (const session of sessions) if (session.account.domain === domain) session.end(error)
    for (const connection of this.#connections) if (connection.domain === domain) connection.close(error)
  }

  accept(socket: Duplex, { isLocal = false, from = '' } = {}): void {
    this.#begin({ socket, isSecure: false, isLocal, from })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#pulse.cancel()
    for (const listener of this.#listeners) listener.close()
    for (const socket of this.#handshakes) socket.destroy()
    for (const connection of this.#connections) connection.close(new StreamError('system-shutdown'))
    await this.#attachments.stop()
    await this.#guests.stop()
    if (this.#connections.size > 0) await new Promise<void>(resolve => (this.#noneLeft = resolve))
  }

  #begin(arrival: Arrival): void {
    this.#counts.connections++
    if (this.#stopped) arrival.socket.destroy()
    else this.#connections.add(new Connection(arrival, this.#world))
  }

  #arrives(socket: net.Socket, how: Security): void {
    const from = socket.remoteAddress ?? ''
    const isLocal = isLoopback(from) && !this.#parts.tlsRequired
    if (how === 'starttls') return this.accept(socket, { isLocal, from })
    this.#secureAtOnce(socket).then(
      secured => this.#begin({ socket: secured, isSecure: true, isLocal, from }),
      fault => this.#parts.log.debug({ from, reason: String(fault) }, 'no TLS'),
    )
  }

  async #secureAtOnce(socket: net.Socket): Promise<Duplex> {
    const { clock, limits } = this.#parts
    socket.on('error', () => {}) // it closes, and the handshake fails for that
    const deadline = clock.after(limits.loginTime, () => socket.destroy())
    this.#handshakes.add(socket)
    try {
      return await this.#tls.secure(socket, 'tls')
    } finally {
      this.#handshakes.delete(socket)
      deadline.cancel()
    }
  }

  #gone(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#noneLeft?.()
  }

  readonly #checkPulses = (): void => {
    const { clock } = this.#parts
    this.#pulse = clock.after(PULSE_MS, this.#checkPulses)
    const now = clock.now()
    for (const connection of this.#connections) connection.checkPulse(now)
  }
}
