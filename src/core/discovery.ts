import type { DataForm } from '../xmpp/forms/index.js'
import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'
import { Contract } from './module.js'

/** What an entity is. XEP-0030 §3.1 */
export interface Identity {
  readonly category: string
  readonly type: string
  /** For people. */
  readonly name?: string
  /** The language of the name. */
  readonly lang?: string
}

/** What an entity says of itself, or of a node that it has. XEP-0030 §3 */
export interface DiscoInfo {
  readonly identities: readonly Identity[]
  readonly features: readonly string[]
  /** Results with a FORM_TYPE. XEP-0128 */
  readonly forms: readonly DataForm[]
}

/** What belongs to an entity, or to a node of it. XEP-0030 §4 */
export interface DiscoItem {
  readonly jid: string
  readonly node?: string
  /** For people. */
  readonly name?: string
}

/** Something that an entity has and that has no address of its own. XEP-0030 §3.2, §4.2 */
export interface DiscoNode {
  /** Throws a StanzaError for whoever may not know. */
  info?(): Awaitable<DiscoInfo>
  /** A node that has no items may say so, too. */
  items?(): Awaitable<readonly DiscoItem[]>
}

/** Who asks about whom. */
export interface Inquiry {
  readonly target: 'server' | 'account'
  /** A domain, or an account of which the asker may know. */
  readonly to: Jid
  readonly from: Jid
}

/** What service discovery tells other modules. */
export interface Discovery {
  /** What a domain says of itself, to everybody the same: in order, and nothing twice. */
  info(domain: string): DiscoInfo
}

export const discovery = new Contract<Discovery>('discovery')

/** What somebody else says in the place of the server. XEP-0355 §7.2 */
export interface Nested {
  /** Whether a feature, or a form of this FORM_TYPE, is not the server's to tell. */
  hides(name: string): boolean
  /** What is told instead. */
  readonly told: readonly Partial<DiscoInfo>[]
}

/** Who answers for the server has something to say of it, too. */
export interface Nesting {
  /** For a domain, or for the accounts of it; undefined when nobody does. */
  of(target: Inquiry['target'], domain: string): Nested | undefined
}

/** Offered while delegation is loaded. */
export const nesting = new Contract<Nesting>('nesting')
