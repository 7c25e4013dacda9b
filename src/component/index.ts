import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../core/clock.js'
import { components } from '../core/components.js'
import type { Host } from '../core/host.js'
import type { Log } from '../core/log.js'
import type { Metric } from '../core/metrics.js'
import { type Command, offer } from '../core/module.js'
import type { Router } from '../core/router.js'
import type { Services } from '../core/services.js'
import { StreamError } from '../xmpp/errors.js'
import { Connection, type ConnectionWorld } from './connection.js'
import type { ComponentLimits } from './limits.js'
import { componentMetrics } from './metrics.js'
import { Registry } from './registry.js'
import type { ComponentsSettings } from './settings.js'

export type { ComponentLimits } from './limits.js'
export type { ComponentSettings, ComponentsSettings } from './settings.js'

/** What the streams of components follow, for the table of supported specifications. */
export const implemented = [
  { specification: 'XEP-0114 1.6', doc: 'Lets programs such as gateways own a domain and connect to the server.' },
] as const

export interface ComponentsParts {
  readonly settings: ComponentsSettings
  readonly limits: ComponentLimits
  /** The domains of users, prepared. */
  readonly domains: ReadonlySet<string>
  readonly host: Host
  readonly router: Router
  readonly services: Services
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
}

/** The components' way in. XEP-0114 */
export interface ComponentsGate {
  /** What comes back ends it; the connections that came that way stay. */
  listen(at: { readonly host?: string; readonly port: number }): Promise<() => void>
  /** A connection that did not come through a listener. */
  accept(socket: Duplex, from?: string): void
  /** Takes other settings while it runs. */
  configure(settings: ComponentsSettings): void
  /** What operators can watch. */
  readonly metrics: readonly Metric[]
  commands(): readonly Command[]
  /** Says goodbye to all; resolves when they are gone and what they had sent is dealt with. */
  stop(): Promise<void>
}

/** How often silent connections are looked at. */
const PULSE_MS = 5000

/** A dead machine is found out even if its component may be silent for long. */
const KEEP_ALIVE_MS = 60_000

export const createComponents = (parts: ComponentsParts): ComponentsGate => new ComponentListeners(parts)

class ComponentListeners implements ComponentsGate {
  readonly metrics: readonly Metric[]
  readonly #parts: ComponentsParts
  readonly #registry: Registry
  readonly #world: ConnectionWorld
  readonly #listeners = new Set<net.Server>()
  readonly #connections = new Set<Connection>()
  #stopped = false
  #pulse: Timer
  #noneLeft: (() => void) | undefined

  constructor(parts: ComponentsParts) {
    this.#parts = parts
    this.#registry = new Registry(parts)
    this.#registry.configure(parts.settings)
    this.metrics = componentMetrics(this.#registry)
    parts.host.provide(offer(components, this.#registry))
    this.#world = { ...parts, registry: this.#registry, gone: connection => this.#gone(connection) }
    this.#pulse = parts.clock.after(PULSE_MS, this.#checkPulses)
  }

  async listen({ host, port }: { readonly host?: string; readonly port: number }): Promise<() => void> {
    const { log } = this.#parts
    if (!isLoopback(host)) log.warn({ host, port }, 'components are not encrypted: a loopback address is for them')
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
    const listener = net.createServer(options, socket => this.accept(socket, socket.remoteAddress))
    listener.listen({ port, ...(host !== undefined && { host }) })
    await once(listener, 'listening')
    listener.on('error', fault => log.error({ err: fault }, 'a listener failed'))
    this.#listeners.add(listener)
    return () => {
      listener.close()
      this.#listeners.delete(listener)
    }
  }

  accept(socket: Duplex, from = ''): void {
    if (this.#stopped) socket.destroy()
    else this.#connections.add(new Connection(socket, from, this.#world))
  }

  configure(settings: ComponentsSettings): void {
    this.#registry.configure(settings)
  }

  commands(): readonly Command[] {
    return this.#registry.commands()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#pulse.cancel()
    for (const listener of this.#listeners) listener.close()
    for (const connection of this.#connections) connection.close(new StreamError('system-shutdown'))
    if (this.#connections.size > 0) await new Promise<void>(resolve => (this.#noneLeft = resolve))
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

const isLoopback = (host = ''): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
