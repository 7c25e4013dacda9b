/** @xmpp/client ships no types; this is the part of it that the tests use. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'
  import type Element from 'ltx/lib/Element.js'

  type Handler = (request: { readonly element: Element }) => boolean | Promise<boolean>

  /** What carries the bytes: a socket, or something of the library around one. */
  interface Carrier {
    readonly socket?: Carrier
    destroy?(): void
    terminate?(): void
  }

  export interface Client extends EventEmitter {
    readonly iqCaller: { request(stanza: Element, timeoutMs?: number): Promise<Element> }
    /** A handler that says true has the request answered with an empty result. */
    readonly iqCallee: {
      get(xmlns: string, name: string, handler: Handler): void
      set(xmlns: string, name: string, handler: Handler): void
    }
    readonly reconnect: { stop(): void; reconnect(): Promise<void> }
    readonly streamManagement: EventEmitter & { readonly enabled: boolean; inbound: number }
    readonly socket: Carrier | null
    /** Milliseconds that a step of connecting may take. */
    timeout: number
    isSecure(): boolean
    start(): Promise<unknown>
    stop(): Promise<unknown>
    send(stanza: Element): Promise<void>
  }

  type Authenticate = (
    credentials: { readonly username: string; readonly password: string },
    mechanism: string,
  ) => Promise<void>

  export function client(options: {
    service: string
    domain: string
    username: string
    password?: string
    /** Instead of `password`. */
    credentials?: (authenticate: Authenticate, mechanisms: readonly string[]) => Promise<void>
    resource?: string
  }): Client
}

declare module '@xmpp/xml/lib/Parser.js' {
  import { EventEmitter } from 'node:events'

  export default class Parser extends EventEmitter {
    write(text: string): void
  }
}
