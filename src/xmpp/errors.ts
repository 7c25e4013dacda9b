import { type Element, elements, plus, withAttrs, xml } from '../xml/index.js'
import { STANZA_ERRORS, STREAM_ERRORS } from './ns.js'
import { type Addressed, Stanza } from './stanza.js'

/*
 * Errors differ by who must act: a StanzaError the sender of a stanza, a StreamError the peer. Their texts go over the
 * wire to strangers: nothing of our inside belongs into them.
 */

/** RFC 6120 §8.3.2: what the sender can do about it. */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'

/** RFC 6120 §8.3.3, with the type that each condition is usually sent with. */
const STANZA_CONDITIONS = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'modify',
  'unexpected-request': 'wait',
} as const satisfies Record<string, ErrorType>

export type StanzaCondition = keyof typeof STANZA_CONDITIONS

export interface StanzaErrorDetails {
  /** Where another than the condition's usual one is right. */
  readonly type?: ErrorType
  /** For people, in English. */
  readonly text?: string
  /** An application-specific condition (RFC 6120 §8.3.4). */
  readonly detail?: Element
  /** Whether what the stanza held is not sent back: there is a secret in it. */
  readonly withholds?: boolean
  /** For the log. */
  readonly cause?: unknown
}

/** Why a stanza is refused. Thrown by hooks and handlers; the sender gets an error stanza. RFC 6120 §8.3 */
export class StanzaError extends Error {
  override readonly name = 'StanzaError'
  readonly type: ErrorType
  readonly text: string | undefined
  readonly detail: Element | undefined
  readonly withholds: boolean

  constructor(
    readonly condition: StanzaCondition,
    { type, text, detail, withholds = false, cause }: StanzaErrorDetails = {},
  ) {
    super(text ?? condition, { cause })
    this.type = type ?? STANZA_CONDITIONS[condition]
    this.text = text
    this.detail = detail
    this.withholds = withholds
  }

  /** The `<error/>` child. */
  toElement(): Element {
    return xml(
      'error',
      { type: this.type },
      xml(this.condition, { xmlns: STANZA_ERRORS }),
      this.text === undefined ? null : xml('text', { xmlns: STANZA_ERRORS, 'xml:lang': 'en' }, this.text),
      this.detail ?? null,
    )
  }
}

type Refusal = (text?: string, details?: Omit<StanzaErrorDetails, 'text'>) => StanzaError

const refusal =
  (condition: StanzaCondition): Refusal =>
  (text, details) =>
    new StanzaError(condition, { ...details, ...(text !== undefined && { text }) })

export const badRequest = refusal('bad-request')
export const conflict = refusal('conflict')
export const featureNotImplemented = refusal('feature-not-implemented')
export const forbidden = refusal('forbidden')
export const internalServerError = refusal('internal-server-error')
export const itemNotFound = refusal('item-not-found')
export const jidMalformed = refusal('jid-malformed')
export const notAcceptable = refusal('not-acceptable')
export const notAllowed = refusal('not-allowed')
export const policyViolation = refusal('policy-violation')
export const remoteServerNotFound = refusal('remote-server-not-found')
export const remoteServerTimeout = refusal('remote-server-timeout')
export const resourceConstraint = refusal('resource-constraint')
export const serviceUnavailable = refusal('service-unavailable')

/** Whether a stanza may be answered by an error: not one that is an answer itself (RFC 6120 §8.3.1). */
export const mayBounce = ({ kind, type }: Stanza): boolean => type !== 'error' && !(kind === 'iq' && type === 'result')

/** The error stanza for a refused one: addresses swapped, what it held sent back with it (RFC 6120 §8.3.1). */
export function errorReply(stanza: Addressed, error: StanzaError): Addressed {
  const reply = withAttrs(stanza.el, { type: 'error', from: stanza.to.toString(), to: stanza.from.toString() })
  if (error.withholds) reply.children = []
  else if (stanza.kind === 'iq') reply.children = elements(stanza.el).slice(0, 1)
  return new Stanza(stanza.kind, 'error', stanza.to, stanza.from, plus(reply, error.toElement()))
}

/** RFC 6120 §4.9.3 */
export type StreamCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-gone'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'invalid-xml'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'reset'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'see-other-host'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-feature'
  | 'unsupported-stanza-type'
  | 'unsupported-version'

/** Why a stream is closed. RFC 6120 §4.9 */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly text: string | undefined
  readonly detail: Element | undefined

  constructor(
    readonly condition: StreamCondition,
    { text, detail, cause }: Omit<StanzaErrorDetails, 'type'> = {},
  ) {
    super(text ?? condition, { cause })
    this.text = text
    this.detail = detail
  }

  /** The `stream:error` element, its prefix as our stream headers declare it. */
  toElement(): Element {
    return xml(
      'stream:error',
      {},
      xml(this.condition, { xmlns: STREAM_ERRORS }),
      this.text === undefined ? null : xml('text', { xmlns: STREAM_ERRORS, 'xml:lang': 'en' }, this.text),
      this.detail ?? null,
    )
  }
}
