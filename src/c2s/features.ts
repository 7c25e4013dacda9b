import { type Element, xml } from '../xml/index.js'
import * as ns from '../xmpp/ns.js'
import { type Channel, offered } from './login.js'

/** What a client is offered on a stream that has to be encrypted first. RFC 6120 §5.4.1 */
export const tlsFeatures = (): Element =>
  xml('stream:features', {}, xml('starttls', { xmlns: ns.TLS }, xml('required')))

/** What it is offered before login. RFC 6120 §6.4.1 */
export const loginFeatures = (secure: boolean, channel: Channel): Element =>
  xml(
    'stream:features',
    {},
    secure ? null : xml('starttls', { xmlns: ns.TLS }),
    xml(
      'mechanisms',
      { xmlns: ns.SASL },
      offered(channel).map(({ name }) => xml('mechanism', {}, name)),
    ),
  )

/** What it is offered when it is logged in. RFC 6120 §7.4 */
export const bindingFeatures = (ofModules: readonly Element[]): Element =>
  xml(
    'stream:features',
    {},
    xml('bind', { xmlns: ns.BIND }),
    // of no use, but older clients do not go on without it
    xml('session', { xmlns: ns.SESSION }, xml('optional')),
    xml('sm', { xmlns: ns.STREAM_MANAGEMENT }),
    ofModules.map(feature => feature),
  )
