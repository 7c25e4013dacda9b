import { type Element, withAttrs, xml } from '../xml/index.js'
import { serviceUnavailable } from '../xmpp/errors.js'
import { CLIENT } from '../xmpp/ns.js'
import type { Awaitable } from './awaitable.js'
import { Contract } from './module.js'

/** Who wants an account, on a stream on which nobody has logged in. */
export interface Applicant {
  /** The domain of the stream, prepared. */
  readonly domain: string
  /** Its address in the network; '' where nobody knows. */
  readonly address: string
  /** The same object for as long as the connection lasts: what it has tried is remembered by it. */
  readonly connection: object
}

/** Makes accounts before login. XEP-0077 §3.1.1 */
export interface Registrar {
  /** Whether streams to this domain offer it. */
  isOffered(domain: string): boolean
  /** The answer to an iq with a `<query xmlns='jabber:iq:register'/>`, to be sent as it is. Never rejects. */
  answer(request: Element, applicant: Applicant): Awaitable<Element>
}

/** Offered while registration is loaded. */
export const registrar = new Contract<Registrar>('registrar')

/** The answer where nobody can register. XEP-0077 §3.1 */
export const notOffered = (request: Element, domain: string): Element =>
  refusal(request, domain, withAttrs(serviceUnavailable().toElement(), { code: 503 })) // XEP-0086

/** An error for an iq of somebody without an address. What it held is not sent back: there may be a password in it. */
export const refusal = (request: Element, domain: string, error: Element): Element =>
  withSender(xml('iq', { xmlns: CLIENT, type: 'error', id: request.attrs.id }, error), request, domain)

/** The result for such an iq. */
export const resultOf = (request: Element, domain: string, payload?: Element): Element =>
  withSender(xml('iq', { xmlns: CLIENT, type: 'result', id: request.attrs.id }, payload ?? null), request, domain)

/** From whom it was asked of, where that was said. */
const withSender = (answer: Element, request: Element, domain: string): Element =>
  request.attrs.to === undefined ? answer : withAttrs(answer, { from: domain })
