/** @xmpp/client ships no types; this is the part of it that the test program and the wire client use. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'
  import type Element from 'ltx/lib/Element.js'

  export interface Client extends EventEmitter {
    readonly iqCaller: { request(stanza: Element, timeoutMs?: number): Promise<Element> }
    /** Milliseconds that a step of connecting may take. */
    timeout: number
    isSecure(): boolean
    start(): Promise<unknown>
    stop(): Promise<unknown>
    send(stanza: Element): Promise<void>
  }
  export function client(options: {
    service: string
    domain: string
    username: string
    password: string
    resource?: string
  }): Client
}

declare module '@xmpp/xml/lib/Parser.js' {
  import { EventEmitter } from 'node:events'

  export default class Parser extends EventEmitter {
    write(text: string): void
  }
}
