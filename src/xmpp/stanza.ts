import { type Element, withAttrs } from '../xml/index.js'
import type { Jid } from './jid.js'

export type Kind = 'message' | 'presence' | 'iq'

/**
 * What the edge hands inward, a value. Its addresses are prepared, its type is one that its kind has, and `from` is
 * whom it really comes from (RFC 6120 §8.1.2.1): nobody checks any of it again. The element carries the same `from`,
 * `to` and `type`.
 *
 * `to` is undefined only for a presence that a client sends to its server, to be broadcast; other stanzas that a
 * client addresses to nobody are to its own account (RFC 6120 §10.3).
 */
export class Stanza<To extends Jid | undefined = Jid | undefined> {
  constructor(
    readonly kind: Kind,
    /** The `type`, its default where the element has none: 'normal' for a message, 'available' for a presence. */
    readonly type: string,
    readonly from: Jid,
    readonly to: To,
    readonly el: Element,
  ) {}

  /** '' when it has none. */
  get id(): string {
    return this.el.attrs.id ?? ''
  }

  /** The same stanza with another element, which differs in its children only. */
  carrying(el: Element): Stanza<To> {
    return new Stanza(this.kind, this.type, this.from, this.to, el)
  }

  /** The same stanza to somebody else. */
  readdressed<NewTo extends Jid>(to: NewTo): Stanza<NewTo> {
    return new Stanza(this.kind, this.type, this.from, to, withAttrs(this.el, { to: to.toString() }))
  }

  /** The same stanza from somebody else, such as a bare instead of a full JID (RFC 6121 §3.1.2). */
  sentBy(from: Jid): Stanza<To> {
    return new Stanza(this.kind, this.type, from, this.to, withAttrs(this.el, { from: from.toString() }))
  }
}

/** A stanza that has somewhere to go. */
export type Addressed = Stanza<Jid>

export const isAddressed = (stanza: Stanza): stanza is Addressed => stanza.to !== undefined

/** The same stanza, or where it goes nowhere one to `to`. */
export const addressedOr = (stanza: Stanza, to: Jid): Addressed =>
  stanza.to === undefined ? stanza.readdressed(to) : (stanza as Addressed) // it was just seen to be

/** Presence that tells or asks how things are: where it finds nobody, nobody misses it. A subscription is a request. */
export const isState = ({ kind, type }: Stanza): boolean => kind === 'presence' && STATES.has(type)

const STATES: ReadonlySet<string> = new Set(['available', 'unavailable', 'probe'])

/** The types that a stanza of each kind may have (RFC 6120 §8.2.3, RFC 6121 §4.7.1 and §5.2.2). */
export const TYPES: Readonly<Record<Kind, ReadonlySet<string>>> = {
  message: new Set(['normal', 'chat', 'groupchat', 'headline', 'error']),
  presence: new Set([
    'available',
    'unavailable',
    'subscribe',
    'subscribed',
    'unsubscribe',
    'unsubscribed',
    'probe',
    'error',
  ]),
  iq: new Set(['get', 'set', 'result', 'error']),
}

/** What a stanza without a type is; an iq must have one. */
export const DEFAULT_TYPE: Readonly<Record<Kind, string>> = { message: 'normal', presence: 'available', iq: '' }

const KINDS: ReadonlySet<string> = new Set<Kind>(['message', 'presence', 'iq'])

export const isKind = (name: string): name is Kind => KINDS.has(name)

/** A stanza that the server itself makes: the element gets the addresses, and the type unless it is its kind's default. */
export function makeStanza<To extends Jid>(of: {
  readonly type?: string
  readonly from: Jid
  readonly to: To
  readonly el: Element
}): Stanza<To> {
  const kind = of.el.name
  if (!isKind(kind)) throw new TypeError(`${kind} is no stanza`)
  const type = of.type ?? of.el.attrs.type ?? DEFAULT_TYPE[kind]
  const el = withAttrs(of.el, {
    type: type === DEFAULT_TYPE[kind] ? undefined : type,
    from: of.from.toString(),
    to: of.to.toString(),
  })
  return new Stanza(kind, type, of.from, of.to, el)
}
