/** What a suite knows of the server that it tests, whichever program that is. */

export interface Server {
  /** For titles and reports. */
  readonly name: string
  /** As its package says it. */
  readonly version: string
  /** The domain of its users. */
  readonly domain: string
  /** The address that it listens on. */
  readonly host: string
  readonly ports: Ports
  /** What to trust of it, in PEM. */
  readonly certificate: string
  /** The same as a file, for programs that want one. */
  readonly certificateFile: string
  /** The account that administers the server (XEP-0133); it is there from the start. */
  readonly admin: Account
  /** The component that may connect (XEP-0114). */
  readonly component: Component
  /** Makes an account. Fails when it cannot, with what the server said of it. */
  adduser(user: string, password: string): Promise<void>
  /** SIGTERM; fails when the process is not gone in time. */
  stop(): Promise<void>
  /** SIGKILL, sent before this returns. */
  kill(): Promise<void>
  /** Starts again what was stopped or killed, on the same data and ports; `env` is for this time only. */
  restart(env?: Readonly<NodeJS.ProcessEnv>): Promise<void>
  /** The end of what the server wrote to its log. */
  logTail(lines?: number): string
  /** Ends the process, whatever it does, and removes its files. */
  dispose(): Promise<void>
}

export interface Ports {
  /** Plain at first; STARTTLS is offered, or required if the server was started so. */
  readonly c2s: number
  /** TLS from the first byte. */
  readonly c2sTls: number
  /** Where a login without TLS is allowed; undefined where TLS is required. May be the same as `c2s`. */
  readonly plain: number | undefined
}

export interface Account {
  /** The bare JID. */
  readonly jid: string
  readonly password: string
}

export interface Component {
  readonly domain: string
  readonly port: number
  readonly secret: string
}

export interface Options {
  /** Whether nobody may log in without TLS; else it is only offered, and `ports.plain` is there. */
  readonly requireTls?: boolean
  /** The domain to serve; `localhost` if nothing is said. */
  readonly domain?: string
}

/** Where a server may live: its own folder, address and ports, and who may do what. */
export interface Place {
  readonly dir: string
  readonly host: string
  readonly domain: string
  readonly ports: Ports
  readonly admin: Account
  readonly component: Component
  /** PEM files, which are there. */
  readonly certificateFile: string
  readonly keyFile: string
}

/** A server program, configured for its place and ready to be started. */
export interface Program {
  readonly name: string
  readonly version: string
  readonly command: string
  readonly args: readonly string[]
  /** Besides what this process has. */
  readonly env?: Readonly<NodeJS.ProcessEnv>
  /** Further ports that answer when it is up. */
  readonly ports?: readonly number[]
  /** While it runs. */
  adduser(user: string, password: string): Promise<void>
}
