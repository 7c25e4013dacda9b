import { child } from '../xml/index.js'
import { HINTS } from './ns.js'
import type { Stanza } from './stanza.js'

/** What the sender of a message wishes to be done with it, or not. XEP-0334 §4 */
export type Hint = 'no-permanent-store' | 'no-store' | 'no-copy' | 'store'

/** Whether a message carries a hint. One that is found in an error was about the message that it answers (§5). */
export const hasHint = ({ type, el }: Stanza, hint: Hint): boolean =>
  type !== 'error' && child(el, hint, HINTS) !== undefined
