import { type Awaitable, follow } from '../core/awaitable.js'
import type { Clock } from '../core/clock.js'
import type { Component, Components } from '../core/components.js'
import type { Broadcast, Contacts } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import type { Flows, Outbound } from '../core/module.js'
import { serialise, withAttrs } from '../xml/index.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import type { Addressed, Stanza } from '../xmpp/stanza.js'

interface Parts {
  readonly config: { readonly maxSeen: number }
  readonly components: () => Components | undefined
  readonly contacts: () => Contacts
  readonly sessions: Directory
  readonly router: Outbound
  readonly domains: ReadonlySet<string>
  readonly clock: Clock
}

/** What a contact elsewhere has shown last. */
interface Seen {
  readonly stanza: Stanza
  /** As text, without the recipient: who has several friends here says the same to each. */
  readonly text: string
  /** The domains whose accounts may see it. */
  readonly hosts: Set<string>
}

/** How much of what there is a component is told at a time when it comes. */
const AT_ONCE = 500
const PAUSE_MS = 100

/** Shows components the presence of accounts and of their contacts, as far as they may see it. XEP-0356 §7 */
export class PrivilegedPresence {
  readonly #parts: Parts
  /** By their full JIDs, those who have shown last at the end. */
  readonly #seen = new Map<string, Seen>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** An account has broadcast something: when it comes and goes that is for those who see accounts (§7.1). */
  hear({ stanza, isInitial, isSeenBy }: Broadcast): void {
    for (const component of this.#parts.components()?.all() ?? []) {
      const { hosts, rights } = component
      const { presence } = rights.privileges
      if (presence === 'none' || !component.isConnected) continue
      const isManaged = hosts.includes(stanza.from.domain) && (isInitial || stanza.type === 'unavailable')
      const isContact = () => isSeenBy(({ local, domain }) => local !== '' && hosts.includes(domain))
      if (!isManaged && !(presence === 'roster' && isContact())) continue
      // as a contact it gets this anyway, and once is enough (§8)
      if (!isSeenBy(contact => contact.equals(component.jid))) this.#show(component, stanza)
    }
  }

  /** An account has got presence from elsewhere: if it comes from a contact, that is for those who see contacts (§7.4). */
  receive({ stanza, account }: Flows['toAccount']): Awaitable<void> {
    const { kind, type, from, to } = stanza
    if (kind !== 'presence' || !to.isBare || (type !== 'available' && type !== 'unavailable')) return
    // what our own accounts broadcast has been heard already
    if (this.#parts.domains.has(from.domain) && from.local !== '') return
    const seers = this.#seers(account.domain, from)
    if (seers.length === 0) return
    if (type === 'unavailable') return this.#forget(stanza, seers)
    return follow(this.#parts.contacts().showsPresence(account, from.bare), shows => {
      if (shows) this.#see(stanza, account.domain, seers)
    })
  }

  #seers(host: string, from: Jid): readonly Component[] {
    return [...(this.#parts.components()?.all() ?? [])].filter(
      ({ rights, hosts, jid }) =>
        rights.privileges.presence === 'roster' && hosts.includes(host) && jid.domain !== from.domain,
    )
  }

  #see(stanza: Addressed, host: string, seers: readonly Component[]): void {
    const key = stanza.from.toString()
    const text = serialise(withAttrs(stanza.el, { to: undefined }))
    const before = this.#seen.get(key)
    const isNews = before?.text !== text
    const hosts = isNews ? new Set<string>() : before.hosts
    if (hosts.has(host)) return
    const seen = { stanza, text, hosts }
    this.#seen.delete(key)
    this.#seen.set(key, seen)
    for (const component of seers) if (!component.hosts.some(known => hosts.has(known))) this.#show(component, stanza)
    hosts.add(host)
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > this.#parts.config.maxSeen && oldest !== undefined) this.#seen.delete(oldest)
  }

  #forget(stanza: Addressed, seers: readonly Component[]): void {
    if (this.#seen.delete(stanza.from.toString())) for (const component of seers) this.#show(component, stanza)
  }

  /** A component has come: all that it would have got if it had been there is for it now (§8). */
  async tellAll(component: Component): Promise<void> {
    const { presence } = component.rights.privileges
    if (presence === 'none') return
    // asked for when it is their turn: somebody may have gone by then
    const shown: (() => Stanza | undefined)[] = []
    for (const session of [...this.#parts.sessions.all()])
      if (component.hosts.includes(session.jid.domain) || (await this.#isContact(session.account, component)))
        shown.push(() => session.presence?.stanza)
    if (presence === 'roster')
      for (const [jid, { hosts, stanza }] of this.#seen)
        if (component.hosts.some(host => hosts.has(host)) && stanza.from.domain !== component.jid.domain)
          shown.push(() => this.#seen.get(jid)?.stanza)
    this.#tell(component, shown)
  }

  #tell(component: Component, shown: readonly (() => Stanza | undefined)[]): void {
    for (const show of shown.slice(0, AT_ONCE)) {
      const stanza = show()
      if (stanza) this.#show(component, stanza)
    }
    const rest = shown.slice(AT_ONCE)
    // not more at once than it can read in time
    if (rest.length > 0) this.#parts.clock.after(PAUSE_MS, () => this.#tell(component, rest))
  }

  /** Whether an account, of a domain that the component has nothing to do with, is seen by one that it manages. */
  async #isContact(account: Jid, { hosts, rights }: Component): Promise<boolean> {
    if (rights.privileges.presence !== 'roster') return false
    const items = await this.#parts.contacts().items(account)
    return items.some(({ attrs: { jid = '', subscription } }) => {
      const isSeer = subscription === 'from' || subscription === 'both'
      return isSeer && hosts.includes(parseJid(jid).domain)
    })
  }

  #show({ isConnected, jid }: Component, stanza: Stanza): void {
    if (isConnected) void this.#parts.router.route(stanza.readdressed(jid))
  }
}
