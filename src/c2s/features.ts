import { type Element, xml } from '../xml/index.js'
import { escapeAttr } from '../xml/serialise.js'
import * as ns from '../xmpp/ns.js'
import type { Limits } from './limits.js'
import type { Offer } from './login.js'

/** In which we speak to people. RFC 6120 §4.7.4 */
export const LANGUAGE = 'en'

/** Our side of a stream begins. RFC 6120 §4.7 */
export function streamHeader(attrs: {
  readonly id: string
  readonly from: string | undefined
  readonly to: string | undefined
}): string {
  const all = Object.entries({ ...attrs, version: '1.0', 'xml:lang': LANGUAGE })
  const written = all.map(([name, value]) => (value === undefined ? '' : ` ${name}='${escapeAttr(value)}'`))
  return `<?xml version='1.0'?><stream:stream xmlns='${ns.CLIENT}' xmlns:stream='${ns.STREAM}'${written.join('')}>`
}

/** What a client is offered on a stream that has to be encrypted first. RFC 6120 §5.4.1 */
export const tlsFeatures = (): Element =>
  xml('stream:features', {}, xml('starttls', { xmlns: ns.TLS }, xml('required')))

/** What it is offered before login. RFC 6120 §6.4.1 */
export const loginFeatures = (secure: boolean, offer: Offer, canRegister: boolean, limits: Limits): Element =>
  xml(
    'stream:features',
    {},
    secure ? null : xml('starttls', { xmlns: ns.TLS }),
    xml(
      'mechanisms',
      { xmlns: ns.SASL },
      offer.mechanisms.map(({ name }) => xml('mechanism', {}, name)),
    ),
    bindingTypes(offer.channel.bindings),
    canRegister ? xml('register', { xmlns: ns.REGISTER_FEATURE }) : null,
    streamLimits(limits.stanzaBeforeLogin, limits.loginTime),
  )

/** XEP-0440 */
const bindingTypes = (bindings: ReadonlyMap<string, Uint8Array>): Element | null =>
  bindings.size === 0
    ? null
    : xml(
        'sasl-channel-binding',
        { xmlns: ns.CHANNEL_BINDING },
        [...bindings.keys()].map(type => xml('channel-binding', { type })),
      )

/** What it is offered when it is logged in. RFC 6120 §7.4 */
export const bindingFeatures = (ofModules: readonly Element[], limits: Limits): Element =>
  xml(
    'stream:features',
    {},
    xml('bind', { xmlns: ns.BIND }),
    // of no use, but older clients do not go on without it
    xml('session', { xmlns: ns.SESSION }, xml('optional')),
    xml('sm', { xmlns: ns.STREAM_MANAGEMENT }),
    xml('csi', { xmlns: ns.CLIENT_STATE }),
    ofModules.map(feature => feature),
    streamLimits(limits.stanza, limits.idle),
  )

/** XEP-0478: the largest element that is read, and after which silence in milliseconds something is done about it. */
function streamLimits(maxBytes: number, idle: number): Element {
  const seconds = Math.max(1, Math.floor(idle / 1000))
  return xml(
    'limits',
    { xmlns: ns.STREAM_LIMITS },
    xml('max-bytes', {}, String(Math.min(maxBytes, UNSIGNED_INT))),
    xml('idle-seconds', {}, String(Math.min(seconds, UNSIGNED_INT))),
  )
}

const UNSIGNED_INT = 2 ** 32 - 1
