import type { Addressed } from '../xmpp/stanza.js'
import type { Awaitable } from './awaitable.js'
import { Contract, type Item } from './module.js'

/**
 * Whoever answers for a domain that is none of the users': a service inside, such as the rooms, or a component outside.
 * The router gives it every stanza for its domain, whichever JID there it is addressed to.
 */
export interface Service {
  /** Whether it answers for the domains below its own, too, as far as nobody else does. Fixed while it owns its domain. */
  readonly withSubdomains?: boolean
  /**
   * Takes a stanza; those of one sender come in their order. Throws a StanzaError to refuse it. What was taken is not
   * the router's any more: a service that loses it answers it with an error.
   */
  receive(stanza: Addressed): Awaitable<void>
  /** What it is called among the services of a domain; undefined when it is none of them, or is not there. XEP-0030 §4 */
  item?(domain: string): Item | undefined
}

/** Who owns which domain besides the domains of users. */
export class Services {
  readonly #owners = new Map<string, Service>()
  /** How many own what is below their domain, too. */
  #wide = 0

  /** Gives a domain, prepared, to a service; what comes back takes it from it again. Throws when another one has it. */
  own(domain: string, service: Service): () => void {
    if (this.#owners.has(domain)) throw new Error(`two services own ${domain}`)
    this.#owners.set(domain, service)
    const counts = service.withSubdomains ? 1 : 0
    this.#wide += counts
    return () => {
      if (this.#owners.get(domain) !== service) return
      this.#owners.delete(domain)
      this.#wide -= counts
    }
  }

  /** Who answers for a domain: its owner, or the nearest one above that owns what is below. */
  find(domain: string): Service | undefined {
    const owner = this.#owners.get(domain)
    return owner ?? (this.#wide > 0 ? this.#findAbove(domain) : undefined)
  }

  /** The services of a domain that are there, for whoever asks what belongs to it. */
  items(domain: string): readonly Item[] {
    return [...this.#owners.values()].flatMap(service => service.item?.(domain) ?? [])
  }

  #findAbove(domain: string): Service | undefined {
    for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
      const above = this.#owners.get(domain.slice(dot + 1))
      if (above?.withSubdomains) return above
    }
    return undefined
  }
}

/** For modules that own a domain, or want to know who does. */
export const services = new Contract<Services>('services')
