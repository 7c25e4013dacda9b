import { malformed, restricted } from './errors.js'

/** Characters, references and values as XML 1.0 (5th edition) defines them. */

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const BANG = 0x21
export const QUOTE = 0x22
export const APOSTROPHE = 0x27
export const SLASH = 0x2f
export const LESS = 0x3c
export const EQUALS = 0x3d
export const GREATER = 0x3e
export const QUESTION = 0x3f
export const BRACKET = 0x5d

export const isSpace = (c: number): boolean => c <= SPACE && (c === SPACE || c === LF || c === TAB || c === CR)

/** ASCII that can stand in a name (some of it not at the beginning). */
export const IN_NAME = Uint8Array.from({ length: 128 }, (_, code) =>
  /[-.:\w]/.test(String.fromCharCode(code)) ? 1 : 0,
)

/*
 * What stands for itself. Not so: markup, references, what is illegal, line ends and tabs that have to be normalised,
 * and all from U+D800 on, which may be half of a pair. These expressions can but match: `lastIndex` then says how far.
 */
export const PLAIN_TEXT = /[\t\n -%'-;=-\\^-\ud7ff]*/y
export const PLAIN_IN_SINGLE = /[ -%(-;=-\ud7ff]*/y
export const PLAIN_IN_DOUBLE = /[ !#-%'-;=-\ud7ff]*/y

const START =
  'A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const NCNAME = `[${START}][-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040${START}]*`
const QNAME = new RegExp(`^${NCNAME}(?::${NCNAME})?$`, 'u')
const NAMED_REFERENCE = new RegExp(`^${NCNAME}$`, 'u')
const NUMERIC_REFERENCE = /^#(?:[0-9]+|x[0-9A-Fa-f]+)$/
const ILLEGAL = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const LINE_END = /\r\n?/g

/** Whether this is a name, with or without a prefix (Namespaces in XML 1.0 §4). */
export const isQualifiedName = (name: string): boolean => QNAME.test(name)

/** The text that this character data stands for. */
export function decodeText(raw: string): string {
  if (raw.includes(']]>')) throw malformed(']]> in text')
  return resolveReferences(decodeLiteral(raw))
}

/** Text in which references mean nothing: the inside of a CDATA section. */
export function decodeLiteral(raw: string): string {
  if (ILLEGAL.test(raw)) throw malformed('illegal character')
  return raw.includes('\r') ? raw.replace(LINE_END, '\n') : raw
}

/** What this attribute value stands for: a line end or tab written as such is a blank, one written as a reference stays. */
export function decodeValue(raw: string): string {
  if (raw.includes('<')) throw malformed('< in an attribute value')
  return resolveReferences(decodeLiteral(raw).replace(/[\t\n]/g, ' '))
}

const PREDEFINED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function resolveReferences(text: string): string {
  let from = text.indexOf('&')
  if (from < 0) return text
  let resolved = text.slice(0, from)
  while (from >= 0) {
    const end = text.indexOf(';', from)
    if (end < 0) throw malformed('& without a reference')
    const next = text.indexOf('&', end)
    const body = text.slice(from + 1, end)
    resolved += (PREDEFINED.get(body) ?? numericReference(body)) + text.slice(end + 1, next < 0 ? undefined : next)
    from = next
  }
  return resolved
}

function numericReference(body: string): string {
  if (NUMERIC_REFERENCE.test(body)) {
    const code = body[1] === 'x' ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10)
    const char = code <= 0x10ffff ? String.fromCodePoint(code) : ''
    if (char === '' || ILLEGAL.test(char)) throw malformed('reference to an illegal character')
    return char
  }
  if (NAMED_REFERENCE.test(body)) throw restricted('reference to an entity')
  throw malformed('& without a reference')
}
