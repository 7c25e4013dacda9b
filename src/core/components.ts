import type { Jid } from '../xmpp/jid.js'
import type { Addressed } from '../xmpp/stanza.js'
import { Contract } from './module.js'

/** A program outside that owns a domain, such as a gateway, as features know it. XEP-0114 */
export interface Component {
  /** Its domain. */
  readonly jid: Jid
  readonly isConnected: boolean
  /** The domains of users that it belongs to: for their accounts it has its rights. */
  readonly hosts: readonly string[]
  /** What the configuration lets it do. A reload may change that. */
  readonly rights: Rights
}

export interface Rights {
  readonly privileges: Privileges
  /** By their namespaces, what it answers instead of the server: for each the attributes that a request has to have. XEP-0355 §4.1 */
  readonly delegations: ReadonlyMap<string, readonly string[]>
}

/** `both` is `get` and `set`. */
export type Access = 'none' | 'get' | 'set' | 'both'

/** What a component may do in the name of accounts. XEP-0356 */
export interface Privileges {
  /** What it may do with rosters (§4.1). */
  readonly roster: Access
  /** Whether it hears of every change to a roster (§4.4). */
  readonly push: boolean
  /** Whether it may send messages in the name of the server and of accounts (§5.1). */
  readonly message: 'none' | 'outgoing'
  /** Whose presence it sees: that of accounts, or that of their contacts, too (§7.1, §7.4). */
  readonly presence: 'none' | 'managed_entity' | 'roster'
  /** By their namespaces, the requests that it may make in the name of accounts (§6.1). */
  readonly iq: ReadonlyMap<string, Access>
}

/** Whether an access is enough for a request of this type. */
export const allows = (access: Access | undefined, type: string): boolean =>
  access === 'both' || (access !== 'none' && access === type)

/** All components that are configured, whether or not they are connected. */
export interface Components {
  all(): Iterable<Component>
}

export const components = new Contract<Components>('components')

/** A stanza of a component that has been checked: it comes from the component's own domain. */
export interface Sent {
  readonly stanza: Addressed
  readonly component: Component
}
