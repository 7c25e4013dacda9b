/** What the bench needs to know to run one server. */
import type { Account } from '../session.js'

export interface Site {
  /** An empty folder for everything the server writes, removed at the end. */
  readonly folder: string
  readonly port: number
  /** For TLS from the first byte, where the server can be told so. */
  readonly tlsPort: number
  /** What followed the colon in `--against NAME:ARGUMENT`. */
  readonly argument: string | undefined
  /** For servers in Node, from `--profile`. */
  readonly nodeFlags: readonly string[]
}

export interface Peer {
  readonly framing: 'xmpp' | 'line'
  /** Once, before the first round: configuration and accounts. */
  prepare(accounts: readonly Account[]): Promise<void>
  /** Starts the server in the foreground; a fresh process every round. */
  readonly command: readonly [string, ...string[]]
}

export type MakePeer = (site: Site) => Peer
