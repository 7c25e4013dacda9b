import { bidi } from './properties.js'

/** Whether some of it is written from right to left: then the whole has to satisfy the Bidi Rule (RFC 5893 §1.4). */
export function hasRightToLeft(text: readonly number[]): boolean {
  // the first such code point is U+0590
  return text.some(cp => cp >= 0x590 && 'RAN'.includes(bidi.of(cp)))
}

/** The Bidi Rule (RFC 5893 §2) for one label, or a user name as a whole (RFC 8265 §3.3.1). */
export function satisfiesBidiRule(text: readonly number[]): boolean {
  const classes = text.map(cp => bidi.of(cp)).join('')
  return (
    LEFT_TO_RIGHT.test(classes) || (RIGHT_TO_LEFT.test(classes) && !(classes.includes('E') && classes.includes('N')))
  )
}

// the conditions 1, 5 and 6, and the conditions 1, 2 and 3; without nesting, they take time in proportion to the text
const LEFT_TO_RIGHT = /^L(?:[LESCTBOM]*[LE])?M*$/
const RIGHT_TO_LEFT = /^[RA](?:[RANESCTBOM]*[RAEN])?M*$/
