import { decodeText } from './encoding.js'
import type { Mechanism, SaslContext, SaslStep } from './mechanism.js'

/**
 * Login as nobody in particular, under a name that nobody had before. RFC 4505, XEP-0175. What the client says of itself
 * ("trace data") is checked and used for nothing.
 */
export const anonymous: Mechanism = {
  name: 'ANONYMOUS',
  needs: 'guests',
  // without data it has nothing to say: it is not asked (XEP-0175 §4)
  start: (ctx, trace = new Uint8Array()) => admit(ctx, trace),
}

function admit({ newGuest }: SaslContext, trace: Uint8Array): SaslStep {
  const text = decodeText(trace)
  if (text === undefined || !newGuest) return { failure: 'malformed-request' }
  // RFC 4505 §2: an address of email, or up to 255 characters of something else
  if ([...text].length > MOST_CHARACTERS || CONTROL.test(text)) return { failure: 'malformed-request' }
  return { success: { user: newGuest(), isGuest: true } }
}

const MOST_CHARACTERS = 255
const CONTROL = /\p{Cc}/u
