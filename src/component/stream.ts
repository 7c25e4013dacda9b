import { type Element, is, type StreamOpen, textOf, xml } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { kindOf } from '../xmpp/incoming.js'
import { tryParseJid } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import type { Kind } from '../xmpp/stanza.js'

/*
 * A component's stream as a function: a state and an input give the next state and effects. There is no socket, clock,
 * secret or randomness in here; connection.ts reads the inputs and performs the effects. XEP-0114 §3
 */

/** Each state holds exactly what is true in it. */
export type StreamState =
  /** The component opens its stream. */
  | { readonly at: 'opening' }
  /** It has to show that it knows the secret; the id of our stream is part of the proof. */
  | { readonly at: 'greeted'; readonly domain: string; readonly id: string }
  /** What it has shown is looked at. */
  | { readonly at: 'proving'; readonly domain: string }
  /** Stanzas flow. */
  | { readonly at: 'bound'; readonly domain: string }
  | { readonly at: 'closed' }

export type StreamInput =
  /** `id` is that of our stream, should there be one. */
  | { readonly on: 'header'; readonly header: StreamOpen; readonly id: string }
  | { readonly on: 'element'; readonly el: Element }
  /** The component ended its stream. */
  | { readonly on: 'end' }
  | { readonly on: 'proven' }
  /** Something on our side, or in what was read, makes it impossible to go on. */
  | { readonly on: 'fault'; readonly error: StreamError }

export type StreamEffect =
  | { readonly do: 'open'; readonly domain: string | undefined; readonly id: string | undefined }
  | { readonly do: 'prove'; readonly domain: string; readonly id: string; readonly digest: string }
  | { readonly do: 'send'; readonly el: Element }
  /** From now on it is the component of this domain. */
  | { readonly do: 'attach'; readonly domain: string }
  | { readonly do: 'dispatch'; readonly kind: Kind; readonly el: Element }
  /** Our stream ends, with an error or without. */
  | { readonly do: 'close'; readonly error: StreamError | undefined }

export type Step = readonly [StreamState, ...StreamEffect[]]

type Of<K, D extends PropertyKey, V> = Extract<K, Readonly<Record<D, V>>>
type StateAt<A extends StreamState['at']> = Of<StreamState, 'at', A>
type InputOn<O extends StreamInput['on']> = Of<StreamInput, 'on', O>

/** Which inputs mean something in which state. */
export const LEGAL: Readonly<Record<StreamState['at'], readonly StreamInput['on'][]>> = {
  opening: ['header', 'end', 'fault'],
  greeted: ['element', 'end', 'fault'],
  proving: ['proven', 'end', 'fault'],
  bound: ['element', 'end', 'fault'],
  closed: [],
}

export const START: StreamState = { at: 'opening' }

/** `domains` are those that components have, prepared. */
export function step(state: StreamState, input: StreamInput, domains: { has(domain: string): boolean }): Step {
  if (state.at === 'closed') return [state]
  if (!LEGAL[state.at].includes(input.on)) return close(new StreamError('policy-violation'))
  switch (input.on) {
    case 'end':
      return close(undefined)
    case 'fault':
      return state.at === 'opening' ? openAndClose(input.error) : close(input.error)
    case 'header':
      return onHeader(input, domains)
    case 'element':
      return onElement(state as StateAt<'greeted' | 'bound'>, input.el) // LEGAL has it in these only
    case 'proven': {
      const { domain } = state as StateAt<'proving'> // as above
      const answer = { do: 'send', el: xml('handshake', { xmlns: ns.COMPONENT }) } as const
      return [{ at: 'bound', domain }, answer, { do: 'attach', domain }]
    }
  }
}

const close = (error: StreamError | undefined): Step => [{ at: 'closed' }, { do: 'close', error }]

/** An error needs a stream to stand in (RFC 6120 §4.9.1.2). */
const openAndClose = (error: StreamError, domain?: string, id?: string): Step => [
  { at: 'closed' },
  { do: 'open', domain, id },
  { do: 'close', error },
]

function onHeader({ header, id }: InputOn<'header'>, domains: { has(domain: string): boolean }): Step {
  const refuse = (error: StreamError): Step => openAndClose(error, undefined, id)
  if (header.ns !== ns.STREAM) return refuse(new StreamError('invalid-namespace'))
  if (header.name !== 'stream') return refuse(new StreamError('bad-format'))
  if (header.defaultNs !== ns.COMPONENT) return refuse(new StreamError('invalid-namespace'))
  // the component's own name, not the server's
  if (header.attrs.to === undefined) return refuse(new StreamError('improper-addressing'))
  const jid = tryParseJid(header.attrs.to)
  if (!jid?.isDomain || !domains.has(jid.domain)) return refuse(new StreamError('host-unknown'))
  const { domain } = jid
  return [
    { at: 'greeted', domain, id },
    { do: 'open', domain, id },
  ]
}

function onElement(state: StateAt<'greeted' | 'bound'>, el: Element): Step {
  const kind = kindOf(el, ns.COMPONENT)
  if (state.at === 'bound')
    return kind ? [state, { do: 'dispatch', kind, el }] : close(new StreamError('unsupported-stanza-type'))
  const { domain, id } = state
  if (is(el, 'handshake', ns.COMPONENT))
    return [
      { at: 'proving', domain },
      { do: 'prove', domain, id, digest: textOf(el).trim() },
    ]
  // stanzas before their time are a matter of authorization (RFC 6120 §4.9.3.12); the rest nobody understands
  return close(new StreamError(kind ? 'not-authorized' : 'unsupported-stanza-type'))
}
