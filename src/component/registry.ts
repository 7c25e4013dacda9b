import { createHash, timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.js'
import type { Components } from '../core/components.js'
import type { Host } from '../core/host.js'
import type { Log } from '../core/log.js'
import type { Command } from '../core/module.js'
import { asking } from '../core/requests.js'
import type { Services } from '../core/services.js'
import { child, xml } from '../xml/index.js'
import { formatDateTime } from '../xmpp/dates.js'
import { StanzaError, StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { CLIENT, DISCO_INFO } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import { type Line, ServedComponent } from './served.js'
import type { ComponentSettings, ComponentsSettings } from './settings.js'

interface Parts {
  readonly host: Host
  readonly services: Services
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
}

/** How long a component may take to say what it is called. */
const NAME_MS = 30_000

/** The components that are configured, and which of them are connected. */
export class Registry implements Components {
  readonly #parts: Parts
  readonly #components = new Map<string, ServedComponent>()
  readonly #disown = new Map<string, () => void>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  all(): Iterable<ServedComponent> {
    return this.#components.values()
  }

  has(domain: string): boolean {
    return this.#components.has(domain)
  }

  get(domain: string): ServedComponent | undefined {
    return this.#components.get(domain)
  }

  /**
   * Takes other settings: one that is configured no more is sent away, one that has other rights hears of them. All
   * others stay connected; another secret counts from the next connection on. Throws when a service owns a domain.
   */
  configure(settings: ComponentsSettings): void {
    for (const [domain, component] of this.#components) if (!settings.has(domain)) this.#remove(domain, component)
    for (const [domain, its] of settings) {
      const component = this.#components.get(domain)
      if (component) this.#change(component, its)
      else this.#add(domain, its)
    }
  }

  #add(domain: string, settings: ComponentSettings): void {
    const component = new ServedComponent(domain, settings)
    this.#disown.set(domain, this.#parts.services.own(domain, component))
    this.#components.set(domain, component)
  }

  #change(component: ServedComponent, settings: ComponentSettings): void {
    const { domain } = component.jid
    const { rights, domains, subdomains } = component.settings
    if (subdomains !== settings.subdomains) this.#disown.get(domain)?.()
    component.settings = settings
    if (subdomains !== settings.subdomains) this.#disown.set(domain, this.#parts.services.own(domain, component))
    const isSame = isDeepStrictEqual([rights, domains], [settings.rights, settings.domains])
    if (!isSame && component.isConnected) void this.#parts.host.announce('entitled', component)
  }

  #remove(domain: string, component: ServedComponent): void {
    component.line?.close(new StreamError('host-gone', { text: 'This component is not configured any more' }))
    this.#disown.get(domain)?.()
    this.#disown.delete(domain)
    this.#components.delete(domain)
  }

  /** Why a connection cannot be the component's, or undefined when it is: it knows the secret. XEP-0114 §3 */
  refusal(domain: string, streamId: string, digest: string): StreamError | undefined {
    const component = this.#components.get(domain)
    if (!component) return new StreamError('host-gone')
    const expected = createHash('sha1').update(streamId).update(component.settings.secret).digest('hex')
    if (!isSame(digest, expected)) return new StreamError('not-authorized')
    const isTaken = component.isConnected && !component.settings.replace
    return isTaken ? new StreamError('conflict', { text: 'The component is connected already' }) : undefined
  }

  /** The component is connected. One that was before it has to go. */
  attach(domain: string, line: Line): void {
    const component = this.#components.get(domain)
    if (!component) return line.close(new StreamError('host-gone'))
    component.line?.close(new StreamError('conflict', { text: 'The component has connected anew' }))
    component.line = line
    this.#parts.log.info({ component: domain, from: line.from }, 'component connected')
    void this.#parts.host.announce('entitled', component)
    void this.#askName(component, line)
  }

  /** A connection is over. */
  detach(domain: string, line: Line): void {
    const component = this.#components.get(domain)
    if (component?.line !== line) return
    component.line = undefined
    component.ownName = undefined
    this.#parts.log.info({ component: domain }, 'component disconnected')
    this.#parts.host.use(asking).giveUp(domain)
    void this.#parts.host.announce('detached', component)
  }

  /** XEP-0030 §3.1: the name of its first identity. */
  async #askName(component: ServedComponent, line: Line): Promise<void> {
    const { host, randomId } = this.#parts
    const [domain] = component.hosts
    if (domain === undefined) return
    const el = xml('iq', { xmlns: CLIENT, type: 'get', id: randomId() }, xml('query', { xmlns: DISCO_INFO }))
    try {
      const request = makeStanza({ from: parseJid(domain), to: component.jid, el })
      const answer = await host.use(asking).ask(request, NAME_MS)
      const query = child(answer.el, 'query', DISCO_INFO)
      const name = query && child(query, 'identity', DISCO_INFO)?.attrs.name
      if (answer.type === 'result' && component.line === line) component.ownName = name?.slice(0, LONGEST_NAME)
    } catch (fault) {
      if (!(fault instanceof StanzaError)) throw fault // it has none to tell
    }
  }

  commands(): readonly Command[] {
    return [
      {
        name: 'component list',
        doc: 'Lists the components, and which of them are connected.',
        args: {},
        run: async () => ({
          columns: { component: 'Component', name: 'Name', connected: 'Connected since', from: 'From' },
          rows: [...this.#components.values()].map(({ jid, name = '', line }) => ({
            component: jid.toString(),
            name,
            connected: line ? formatDateTime(line.since) : 'not connected',
            from: line?.from ?? '',
          })),
        }),
      },
    ]
  }
}

const LONGEST_NAME = 200

/** In a time that does not tell where they differ. */
function isSame(text: string, expected: string): boolean {
  const [one, other] = [Buffer.from(text), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
