import type { Access, Component, Components, Privileges } from '../core/components.js'
import type { Broadcasts, RosterAccess } from '../core/contacts.js'
import type { Outbound } from '../core/module.js'
import { type Element, xml } from '../xml/index.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { CLIENT, PRIVILEGE } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import type { PrivilegedPresence } from './privilege-presence.js'

interface Parts {
  readonly components: () => Components | undefined
  readonly rosters: () => RosterAccess
  readonly broadcasts: () => Broadcasts
  readonly presence: PrivilegedPresence
  readonly router: Outbound
  readonly randomId: () => string
}

/** Tells components what they may do, and what happens that they may know of. XEP-0356 §4.2, §4.4 */
export class PrivilegeNews {
  readonly #parts: Parts
  readonly #met = new Set<Component>()
  /** Who has been told what it may do. */
  readonly #told = new Set<string>()
  #unfollow: (() => void) | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** For those that were there before: the module has been switched on while they are connected. */
  catchUp(): void {
    for (const component of this.#parts.components()?.all() ?? [])
      if (!this.#met.has(component)) void this.entitled(component)
  }

  async entitled(component: Component): Promise<void> {
    if (!component.isConnected) return
    this.#met.add(component)
    this.#listen()
    this.#advertise(component)
    await this.#parts.presence.tellAll(component)
  }

  detached(component: Component): void {
    this.#met.delete(component)
    this.#told.delete(component.jid.toString())
  }

  stop(): void {
    this.#unfollow?.()
  }

  /** From the first time on that somebody may want to hear something. */
  #listen(): void {
    if (this.#unfollow) return
    const { rosters, broadcasts, presence } = this.#parts
    const endings = [
      rosters().follow((account, query) => this.#push(account, query)),
      broadcasts().follow(broadcast => presence.hear(broadcast)),
    ]
    this.#unfollow = () => {
      for (const end of endings) end()
    }
  }

  #push(account: Jid, query: Element): void {
    for (const { isConnected, hosts, jid, rights } of this.#parts.components()?.all() ?? []) {
      if (!isConnected || !rights.privileges.push || !hosts.includes(account.domain)) continue
      const el = xml('iq', { xmlns: CLIENT, type: 'set', id: this.#parts.randomId() }, query)
      void this.#parts.router.route(makeStanza({ from: account, to: jid, el }))
    }
  }

  #advertise({ jid, hosts, rights }: Component): void {
    const { router, randomId } = this.#parts
    const key = jid.toString()
    const perms = permsOf(rights.privileges, this.#told.has(key))
    if (perms.length === 0) return
    this.#told.add(key)
    for (const host of hosts) {
      const el = xml('message', { xmlns: CLIENT, id: randomId() }, xml('privilege', { xmlns: PRIVILEGE }, perms))
      void router.route(makeStanza({ from: parseJid(host), to: jid, el }))
    }
  }
}

/** What a component may do; with what it may not when it has been told something else before. §4.2, §5.2, §6.2, §7.2 */
function permsOf({ roster, push, message, presence, iq }: Privileges, isRevised: boolean): readonly Element[] {
  const perm = (access: string, type: string, attrs = {}) =>
    type === 'none' && !isRevised ? [] : [xml('perm', { access, type, ...attrs })]
  const mayPush = roster === 'get' || roster === 'both'
  const granted = [...iq].filter(([, access]: readonly [string, Access]) => access !== 'none')
  const namespaces = granted.map(([ns, type]) => xml('namespace', { ns, type }))
  return [
    ...perm('roster', roster, mayPush ? { push: String(push) } : {}),
    ...perm('message', message),
    ...(namespaces.length > 0 || isRevised ? [xml('perm', { access: 'iq' }, namespaces)] : []),
    ...perm('presence', presence),
  ]
}
