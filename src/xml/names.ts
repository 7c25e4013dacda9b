import { isQualifiedName } from './chars.js'
import { malformed } from './errors.js'

/** What an attribute of this name is for. */
export const PLAIN = 0
export const QUALIFIED = 1 // has a prefix other than xml: its namespace must be declared
export const DEFAULT_NAMESPACE = 2
export const PREFIX_DECLARATION = 3
export const PROTO = 4 // an assignment would not make it an attribute

/** A name as it is written in a tag, taken apart. */
export interface Name {
  readonly text: string
  readonly prefix: string
  readonly local: string
  readonly kind: number
  /** Its last eight characters, four to a number. */
  readonly early: number
  readonly late: number
}

/*
 * Streams repeat few names: these two tables find a name or namespace again without making a string for it. They are
 * shared by all streams, hold a bounded number of short strings, and forget what is pushed out of its slot.
 */
const SLOTS = 1024
const LONGEST = 128
const names: (Name | undefined)[] = new Array(SLOTS).fill(undefined)
const namespaces: string[] = new Array(SLOTS).fill('')

/** The name at text[from, to), all ASCII; its last eight characters are also given as two numbers. */
export function nameAt(text: string, from: number, to: number, early: number, late: number): Name {
  const slot = (Math.imul(late, 0x9e3779b1) ^ Math.imul(early, 0x85ebca6b)) >>> 22
  const known = names[slot]
  if (known !== undefined && known.late === late && known.early === early && known.text.length === to - from) {
    if (to - from <= 8 || standsAt(known.text, text, from)) return known
  }
  const name = parseName(text.slice(from, to), early, late)
  if (to - from <= LONGEST) names[slot] = name
  return name
}

export function parseName(slice: string, early = 0, late = 0): Name {
  if (!isQualifiedName(slice)) throw malformed('illegal name')
  const text = unsliced(slice)
  const colon = text.indexOf(':')
  const prefix = unsliced(text.slice(0, Math.max(colon, 0)))
  const local = unsliced(text.slice(colon + 1))
  return { text, prefix, local, kind: kindOf(prefix, local), early, late }
}

function kindOf(prefix: string, local: string): number {
  if (prefix === 'xmlns') return PREFIX_DECLARATION
  if (prefix === '' && local === 'xmlns') return DEFAULT_NAMESPACE
  if (prefix === '') return local === '__proto__' ? PROTO : PLAIN
  return prefix === 'xml' ? PLAIN : QUALIFIED
}

/** The same namespace as one string, so that comparing it costs nothing. */
export function internNamespace(uri: string): string {
  const n = uri.length
  if (n === 0 || n > LONGEST) return uri
  const mix = uri.charCodeAt(n - 1) + 31 * (uri.charCodeAt(n >> 1) + 31 * (uri.charCodeAt((n >> 2) * 3) + 31 * n))
  const slot = mix & (SLOTS - 1)
  const known = namespaces[slot]
  if (known === uri) return known
  const kept = unsliced(uri)
  namespaces[slot] = kept
  return kept
}

/** Whether `word` stands in `text` at this place; `text` must be long enough. */
export function standsAt(word: string, text: string, at: number): boolean {
  for (let k = 0; k < word.length; k++) if (word.charCodeAt(k) !== text.charCodeAt(at + k)) return false
  return true
}

/** Sets an attribute of any name: `__proto__` is one like any other in XML. */
export function setOwn(attrs: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(attrs, name, { value, enumerable: true, configurable: true, writable: true })
}

/** A copy that does not keep the chunk alive which the slice was taken from. V8 makes property keys such copies. */
function unsliced(slice: string): string {
  return Object.keys({ [slice]: 0 })[0] ?? ''
}
