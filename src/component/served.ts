import type { Component, Rights } from '../core/components.js'
import type { Item } from '../core/module.js'
import type { Service } from '../core/services.js'
import { remoteServerTimeout, type StreamError } from '../xmpp/errors.js'
import { Jid } from '../xmpp/jid.js'
import { type Addressed, isState } from '../xmpp/stanza.js'
import type { ComponentSettings } from './settings.js'

/** The connection that a component has. */
export interface Line {
  /** Where it comes from, for the log and the operator. */
  readonly from: string
  /** When it began. */
  readonly since: number
  /** Bytes that the component has not read yet, as far as we know. */
  readonly backlog: number
  /** To be written in this turn. */
  send(stanza: Addressed): void
  /** Ends the stream. */
  close(error: StreamError): void
}

/** A component that is configured, whether or not its program is connected. */
export class ServedComponent implements Component, Service {
  readonly jid: Jid
  settings: ComponentSettings
  line: Line | undefined
  /** What it calls itself. */
  ownName: string | undefined

  constructor(domain: string, settings: ComponentSettings) {
    this.jid = new Jid('', domain)
    this.settings = settings
  }

  get isConnected(): boolean {
    return this.line !== undefined
  }

  get hosts(): readonly string[] {
    return this.settings.domains
  }

  get rights(): Rights {
    return this.settings.rights
  }

  get withSubdomains(): boolean {
    return this.settings.subdomains
  }

  get name(): string | undefined {
    return this.settings.name || this.ownName
  }

  /** Whether it may send in the name of this domain. XEP-0114 §3 */
  speaksFor(domain: string): boolean {
    return domain === this.jid.domain || (this.settings.subdomains && domain.endsWith(`.${this.jid.domain}`))
  }

  /** One that is away cannot be reached (RFC 6120 §8.3.3.16); it learns of presence when it asks for it. */
  receive(stanza: Addressed): void {
    if (this.line) this.line.send(stanza)
    else if (!isState(stanza)) throw remoteServerTimeout('The service is not connected')
  }

  item(domain: string): Item | undefined {
    if (!this.isConnected || !this.hosts.includes(domain)) return undefined
    const { name } = this
    return { jid: this.jid.toString(), ...(name !== undefined && { name }) }
  }
}
