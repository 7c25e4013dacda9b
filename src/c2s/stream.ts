import { child, type Element, is, type StreamOpen, textOf, xml } from '../xml/index.js'
import { StanzaError, StreamError } from '../xmpp/errors.js'
import { kindOf } from '../xmpp/incoming.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import type { Kind } from '../xmpp/stanza.js'
import type { SaslCondition } from './sasl/mechanisms.js'

/*
 * A client's stream as a function: a state and an input give the next state and effects. There is no socket, clock,
 * database or randomness in here; connection.ts reads the inputs and performs the effects.
 */

/** What is fixed for a stream. */
export interface StreamSettings {
  /** The domains that are served, prepared. */
  readonly domains: ReadonlySet<string>
  /** Whether nobody may log in without TLS. */
  readonly tlsRequired: boolean
  /** Failed logins that are answered before the stream is closed. */
  readonly loginAttempts: number
}

/** Each state holds exactly what is true in it. */
export type StreamState =
  /** The client opens its stream: its first, or a new one after TLS or SASL. */
  | { readonly at: 'opening'; readonly secure: boolean; readonly failures: number; readonly user: Jid | undefined }
  /** It chooses among the features before login. */
  | { readonly at: 'negotiating'; readonly secure: boolean; readonly failures: number; readonly domain: string }
  /** It has asked for an account, or to be told how to get one. */
  | { readonly at: 'registering'; readonly secure: boolean; readonly failures: number; readonly domain: string }
  /** The TLS handshake is under way. */
  | { readonly at: 'securing'; readonly failures: number }
  /** A mechanism thinks about what the client said. */
  | { readonly at: 'authenticating'; readonly secure: boolean; readonly failures: number; readonly domain: string }
  /** A mechanism waits for the client's answer. */
  | { readonly at: 'challenged'; readonly secure: boolean; readonly failures: number; readonly domain: string }
  /** It is logged in, and binds a resource or resumes a session. */
  | { readonly at: 'binding'; readonly user: Jid }
  /** It is asked for whether what it binds or resumes can be had. */
  | { readonly at: 'attaching'; readonly user: Jid }
  /** Stanzas flow. */
  | { readonly at: 'bound' }
  | { readonly at: 'closed' }

export type StreamInput =
  | { readonly on: 'header'; readonly header: StreamOpen }
  | { readonly on: 'element'; readonly el: Element }
  /** The client ended its stream. */
  | { readonly on: 'end' }
  | { readonly on: 'secured' }
  /** It has got an answer about registration. */
  | { readonly on: 'answered' }
  | { readonly on: 'challenge'; readonly data: string }
  | { readonly on: 'authenticated'; readonly user: Jid; readonly data: string | undefined }
  | { readonly on: 'rejected'; readonly condition: SaslCondition; readonly text: string | undefined }
  | { readonly on: 'attached' }
  /** The resource cannot be bound, or the session not be resumed; the client has been told. */
  | { readonly on: 'not attached' }
  /** Something on our side, or in what was read, makes it impossible to go on. */
  | { readonly on: 'fault'; readonly error: StreamError }

export type StreamEffect =
  | { readonly do: 'open'; readonly domain: string | undefined; readonly to: string | undefined }
  | { readonly do: 'offer'; readonly features: 'tls' | 'login' | 'binding'; readonly secure: boolean }
  | { readonly do: 'send'; readonly el: Element }
  | { readonly do: 'secure' }
  | { readonly do: 'register'; readonly request: Element; readonly domain: string }
  | { readonly do: 'authenticate'; readonly mechanism: string; readonly text: string; readonly domain: string }
  | { readonly do: 'respond'; readonly text: string }
  | { readonly do: 'abort' }
  /** What is read from here on is a new stream. */
  | { readonly do: 'restart' }
  | { readonly do: 'bind'; readonly request: Element; readonly user: Jid }
  | { readonly do: 'resume'; readonly request: Element; readonly user: Jid }
  | { readonly do: 'dispatch'; readonly kind: Kind; readonly el: Element }
  /** An element of stream management, or of client state indication. */
  | { readonly do: 'manage'; readonly el: Element }
  /** Our stream ends, with an error or without. */
  | { readonly do: 'close'; readonly error: StreamError | undefined }
  /** The connection ends where there is no stream to say anything in. */
  | { readonly do: 'drop' }

export type Step = readonly [StreamState, ...StreamEffect[]]

type Of<K, D extends PropertyKey, V> = Extract<K, Readonly<Record<D, V>>>
type StateAt<A extends StreamState['at']> = Of<StreamState, 'at', A>
type InputOn<O extends StreamInput['on']> = Of<StreamInput, 'on', O>

/** Which inputs mean something in which state. An element where none is expected is not acceptable (RFC 6120 §4.9.3). */
export const LEGAL: Readonly<Record<StreamState['at'], readonly StreamInput['on'][]>> = {
  opening: ['header', 'end', 'fault'],
  negotiating: ['element', 'end', 'fault'],
  registering: ['answered', 'end', 'fault'],
  securing: ['secured', 'end', 'fault'],
  authenticating: ['challenge', 'authenticated', 'rejected', 'end', 'fault'],
  challenged: ['element', 'end', 'fault'],
  binding: ['element', 'end', 'fault'],
  attaching: ['attached', 'not attached', 'end', 'fault'],
  bound: ['element', 'end', 'fault'],
  closed: [],
}

export const START: StreamState = { at: 'opening', secure: false, failures: 0, user: undefined }

/** A stream that began with TLS (XEP-0368). */
export const START_SECURE: StreamState = { at: 'opening', secure: true, failures: 0, user: undefined }

export function step(state: StreamState, input: StreamInput, settings: StreamSettings): Step {
  if (state.at === 'closed') return [state]
  // in the middle of a handshake there is nothing to be said (RFC 6120 §5.4.3.2)
  if (state.at === 'securing' && input.on !== 'secured') return [{ at: 'closed' }, { do: 'drop' }]
  if (!LEGAL[state.at].includes(input.on)) return close(new StreamError('policy-violation'))
  switch (input.on) {
    case 'end':
      return close(undefined)
    case 'fault':
      return state.at === 'opening' ? openAndClose(input.error) : close(input.error)
    case 'header':
      return onHeader(state as StateAt<'opening'>, input, settings) // LEGAL has it there only
    case 'element':
      return onElement(state as ElementState, input.el, settings) // LEGAL has it in these only
    case 'secured': {
      const { failures } = state as StateAt<'securing'> // as above
      return [{ at: 'opening', secure: true, failures, user: undefined }, { do: 'restart' }]
    }
    case 'answered': {
      const { secure, failures, domain } = state as StateAt<'registering'> // as above
      return [{ at: 'negotiating', secure, failures, domain }]
    }
    case 'attached':
      return [{ at: 'bound' }]
    case 'not attached':
      return [{ at: 'binding', user: (state as StateAt<'attaching'>).user }]
    default:
      return onSaslAnswer(state as StateAt<'authenticating'>, input, settings)
  }
}

type ElementState = StateAt<'negotiating' | 'challenged' | 'binding' | 'bound'>

const close = (error: StreamError | undefined): Step => [{ at: 'closed' }, { do: 'close', error }]

/** An error needs a stream to stand in (RFC 6120 §4.9.1.2). */
const openAndClose = (error: StreamError, to?: string): Step => [
  { at: 'closed' },
  { do: 'open', domain: undefined, to },
  { do: 'close', error },
]

/** RFC 6120 §4.7 and §4.8 */
function onHeader(state: StateAt<'opening'>, { header }: InputOn<'header'>, settings: StreamSettings): Step {
  const sender = tryParseJid(header.attrs.from ?? '')?.toString()
  const refuse = (error: StreamError): Step => openAndClose(error, sender)
  if (header.ns !== ns.STREAM) return refuse(new StreamError('invalid-namespace'))
  if (header.name !== 'stream') return refuse(new StreamError('bad-format'))
  if (header.defaultNs !== ns.CLIENT) return refuse(new StreamError('invalid-namespace'))
  if (header.attrs.to === undefined) return refuse(new StreamError('improper-addressing'))
  const domain = tryParseJid(header.attrs.to)
  if (!domain?.isDomain || !settings.domains.has(domain.domain)) return refuse(new StreamError('host-unknown'))
  if (!/^0*[1-9]\d*\.\d+$/.test(header.attrs.version ?? '')) return refuse(new StreamError('unsupported-version'))
  if (state.user && state.user.domain !== domain.domain) return refuse(new StreamError('host-unknown'))

  const open = { do: 'open', domain: domain.domain, to: sender } as const
  const { secure, failures, user } = state
  if (user) return [{ at: 'binding', user }, open, { do: 'offer', features: 'binding', secure }]
  const features = secure || !settings.tlsRequired ? 'login' : 'tls'
  return [{ at: 'negotiating', secure, failures, domain: domain.domain }, open, { do: 'offer', features, secure }]
}

function onElement(state: ElementState, el: Element, settings: StreamSettings): Step {
  switch (state.at) {
    case 'negotiating':
      return onNegotiation(state, el, settings)
    case 'challenged':
      return onResponse(state, el, settings)
    case 'binding':
      return onBinding(state, el)
    case 'bound':
      return onBound(state, el)
  }
}

function onNegotiation(state: StateAt<'negotiating'>, el: Element, settings: StreamSettings): Step {
  if (is(el, 'starttls', ns.TLS)) {
    // not offered twice: TLS inside TLS is nothing that we do (RFC 6120 §5.4.2.2)
    if (state.secure) return close(new StreamError('policy-violation'))
    return [
      { at: 'securing', failures: state.failures },
      { do: 'send', el: xml('proceed', { xmlns: ns.TLS }) },
      { do: 'secure' },
    ]
  }
  if (isRegistration(el, state.domain) && (state.secure || !settings.tlsRequired)) {
    const { secure, failures, domain } = state
    return [
      { at: 'registering', secure, failures, domain },
      { do: 'register', request: el, domain },
    ]
  }
  if (is(el, 'auth', ns.SASL)) {
    if (!state.secure && settings.tlsRequired) return failLogin(state, 'encryption-required', undefined, settings)
    const { secure, failures, domain } = state
    const mechanism = el.attrs.mechanism ?? ''
    return [
      { at: 'authenticating', secure, failures, domain },
      { do: 'authenticate', mechanism, text: textOf(el), domain },
    ]
  }
  // management of the stream comes after login, and says so itself (XEP-0198 §3)
  if (isManagement(el)) return [state, { do: 'send', el: failed('unexpected-request') }]
  if (is(el, 'response', ns.SASL) || is(el, 'abort', ns.SASL))
    return failLogin(state, 'malformed-request', undefined, settings)
  const isAnswered = (state.secure || !settings.tlsRequired) && isEarlyRequest(el, [state.domain])
  return isAnswered ? [state, { do: 'send', el: notYet(el) }] : close(unexpected(el))
}

function onResponse(state: StateAt<'challenged'>, el: Element, settings: StreamSettings): Step {
  const { secure, failures, domain } = state
  if (is(el, 'response', ns.SASL))
    return [
      { at: 'authenticating', secure, failures, domain },
      { do: 'respond', text: textOf(el) },
    ]
  if (is(el, 'abort', ns.SASL)) {
    const [next, ...effects] = failLogin(state, 'aborted', undefined, settings)
    return [next, { do: 'abort' }, ...effects]
  }
  return close(unexpected(el))
}

function onSaslAnswer(
  state: StateAt<'authenticating'>,
  input: InputOn<'challenge' | 'authenticated' | 'rejected'>,
  settings: StreamSettings,
): Step {
  const { secure, failures, domain } = state
  switch (input.on) {
    case 'challenge':
      return [
        { at: 'challenged', secure, failures, domain },
        { do: 'send', el: xml('challenge', { xmlns: ns.SASL }, input.data) },
      ]
    case 'authenticated':
      return [
        { at: 'opening', secure, failures, user: input.user },
        { do: 'send', el: xml('success', { xmlns: ns.SASL }, input.data) },
        { do: 'restart' },
      ]
    case 'rejected':
      return failLogin(state, input.condition, input.text, settings)
  }
}

/** The client may try again, a number of times (RFC 6120 §6.4.5). */
function failLogin(
  { secure, failures, domain }: StateAt<'negotiating' | 'challenged' | 'authenticating'>,
  condition: SaslCondition,
  text: string | undefined,
  { loginAttempts }: StreamSettings,
): Step {
  const words = text === undefined ? null : xml('text', { 'xml:lang': 'en' }, text)
  const answer = { do: 'send', el: xml('failure', { xmlns: ns.SASL }, xml(condition), words) } as const
  if (failures + 1 >= loginAttempts) {
    const [closed, ...effects] = close(new StreamError('policy-violation', { text: 'Too many failed logins' }))
    return [closed, answer, ...effects]
  }
  return [{ at: 'negotiating', secure, failures: failures + 1, domain }, answer]
}

/** RFC 6120 §7, XEP-0198 §3 and §5 */
function onBinding(state: StateAt<'binding'>, el: Element): Step {
  const { user } = state
  if (is(el, 'resume', ns.STREAM_MANAGEMENT))
    return [
      { at: 'attaching', user },
      { do: 'resume', request: el, user },
    ]
  if (isManagement(el)) return [state, { do: 'send', el: failed('unexpected-request') }]
  if (kindOf(el, ns.CLIENT) === 'iq' && el.attrs.type === 'set' && child(el, 'bind', ns.BIND))
    return [
      { at: 'attaching', user },
      { do: 'bind', request: el, user },
    ]
  if (isEarlyRequest(el, [user.domain, user.toString()])) return [state, { do: 'send', el: notYet(el) }]
  return close(unexpected(el))
}

function onBound(state: StateAt<'bound'>, el: Element): Step {
  const kind = kindOf(el, ns.CLIENT)
  if (kind) return [state, { do: 'dispatch', kind, el }]
  if (isManagement(el) || isClientState(el)) return [state, { do: 'manage', el }]
  return close(new StreamError('unsupported-stanza-type'))
}

/** What comes before its time is a matter of authorization (RFC 6120 §4.9.3.12, §7.1); the rest nobody understands. */
function unexpected(el: Element): StreamError {
  const isEarly = kindOf(el, ns.CLIENT) !== undefined || isClientState(el)
  return new StreamError(isEarly ? 'not-authorized' : 'unsupported-stanza-type')
}

/** What a client asks the server or its own account before it has a resource ends no stream (RFC 6120 §7.1). */
function isEarlyRequest(el: Element, addressees: readonly string[]): boolean {
  const { to, type } = el.attrs
  if (kindOf(el, ns.CLIENT) !== 'iq' || (type !== 'get' && type !== 'set')) return false
  return to === undefined || addressees.includes(tryParseJid(to)?.toString() ?? '')
}

/** It is not dealt with, either. */
function notYet({ attrs: { id, to } }: Element): Element {
  return xml('iq', { type: 'error', id, from: to }, new StanzaError('not-authorized').toElement())
}

/** XEP-0077 §3.1.1 */
function isRegistration(el: Element, domain: string): boolean {
  return isEarlyRequest(el, [domain]) && child(el, 'query', ns.REGISTER) !== undefined
}

const MANAGEMENT = new Set(['enable', 'resume', 'r', 'a'])

const isManagement = (el: Element): boolean => MANAGEMENT.has(el.name) && is(el, el.name, ns.STREAM_MANAGEMENT)

/** XEP-0352 §4.2 */
const isClientState = (el: Element): boolean => is(el, 'active', ns.CLIENT_STATE) || is(el, 'inactive', ns.CLIENT_STATE)

/** XEP-0198 §6 */
export const failed = (condition: string, h?: number): Element =>
  xml('failed', { xmlns: ns.STREAM_MANAGEMENT, h }, xml(condition, { xmlns: ns.STANZA_ERRORS }))
