import { hasRightToLeft, satisfiesBidiRule } from './bidi.js'
import { checkContext } from './context.js'
import { codePointName, PrecisError } from './errors.js'
import { codePoints, precis, withoutWidth } from './properties.js'

/*
 * The profiles of RFC 8265 for user names and for passwords. They give back the text as it is to be kept and compared,
 * or throw a PrecisError.
 *
 * Both normalise before they look at classes, where RFC 8265 §3.3.2 and §4.2.1 look first. Else they would refuse one
 * of two texts that Unicode has be the same: Bengali keyboards write U+09DF and decomposed Hangul comes from file
 * names. What is given back has the class in any case, as RFC 8264 §7 puts it.
 */

/** The UsernameCaseMapped profile (RFC 8265 §3.3). */
export function usernameCaseMapped(text: string): string {
  checkAssigned(text)
  const prepared = withoutWidth(text).normalize('NFC')
  checkClass(codePoints(prepared), IDENTIFIER)
  const enforced = untilStable(prepared, rule => lowerCase(withoutWidth(rule)).normalize('NFC'))
  const points = codePoints(enforced)
  checkClass(points, IDENTIFIER)
  checkContext(points)
  if (hasRightToLeft(points) && !satisfiesBidiRule(points)) throw new PrecisError('mixes directions of writing')
  return enforced
}

/** The OpaqueString profile (RFC 8265 §4.2): any text, but with one kind of space and without controls. */
export function opaqueString(text: string): string {
  checkAssigned(text)
  const enforced = untilStable(text, rule => rule.replace(SPACES, ' ').normalize('NFC'))
  const points = codePoints(enforced)
  checkClass(points, FREEFORM)
  checkContext(points)
  return enforced
}

/**
 * A password as it is to be hashed and compared: OpaqueString, not empty, and no longer than the parts of an address,
 * so that nobody has us normalise and hash megabytes. Throws a PrecisError.
 */
export function preparePassword(text: string): string {
  if (text.length > LONGEST_PASSWORD) throw new PrecisError('too long')
  const password = PRINTABLE_ASCII.test(text) ? text : opaqueString(text)
  if (password === '') throw new PrecisError('empty')
  if (Buffer.byteLength(password) > LONGEST_PASSWORD) throw new PrecisError('too long')
  return password
}

const LONGEST_PASSWORD = 1023
const PRINTABLE_ASCII = /^[ -~]*$/

// the letters of properties.precis that a class has
const IDENTIFIER = 'PC'
const FREEFORM = 'PCF'
const SPACES = /[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]/g // Zs but for the ASCII one
const MORE_ROUNDS = 3

function checkClass(points: readonly number[], allowed: string): void {
  for (const cp of points)
    if (!allowed.includes(precis.of(cp))) throw new PrecisError(`${codePointName(cp)} is not allowed`)
}

/** Before anything is mapped: a newer Node maps more than our tables know, and there the address would differ. */
export function checkAssigned(text: string): void {
  for (const cp of codePoints(text))
    if (precis.of(cp) === 'U') throw new PrecisError(`${codePointName(cp)} is not assigned`)
}

/** Lower case by code point (RFC 8264 §5.2.3): a sigma is not looked at for being the last of a word. */
export function lowerCase(text: string): string {
  let lower = ''
  for (const char of text) lower += char.toLowerCase()
  return lower
}

/** Rules may undo each other: again until nothing changes, or refuse (RFC 8264 §7). */
function untilStable(text: string, rules: (text: string) => string): string {
  let stable = rules(text)
  for (let round = 0; round < MORE_ROUNDS; round++) {
    const next = rules(stable)
    if (next === stable) return stable
    stable = next
  }
  throw new PrecisError('does not become stable')
}
