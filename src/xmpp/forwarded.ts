import { type Element, withAttrs, xml } from '../xml/index.js'
import { CLIENT, FORWARD } from './ns.js'

/** A stanza as it came, to be put into another. It keeps its own namespace, whatever is around it. XEP-0297 §3.2 */
export const forwarded = (stanza: Element): Element =>
  xml('forwarded', { xmlns: FORWARD }, withAttrs(stanza, { xmlns: CLIENT }))
