import { type Element, elements, is, plus, xml } from '../xml/index.js'
import { formatDateTime } from './dates.js'
import type { Jid } from './jid.js'
import { DELAY } from './ns.js'

/** The element with the moment from which on it was kept back, and by whom; as it is when `by` has said so before. XEP-0203 */
export function delayed(el: Element, by: Jid, at: number): Element {
  const from = by.toString()
  if (elements(el).some(child => child.attrs.from === from && is(child, 'delay', DELAY))) return el
  return plus(el, xml('delay', { xmlns: DELAY, from, stamp: formatDateTime(at) }))
}
