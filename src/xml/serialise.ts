import type { Element } from './element.js'

/*
 * Elements to XML text. What cannot stand in XML at all (control characters, lone surrogates) is left out: a peer
 * that gets malformed XML ends its stream, and whose fault it was would not help it. Recursion is as deep as the tree,
 * and the parser bounds that.
 */

/** ASCII that must be escaped or left out, in text and in attribute values. */
const TEXT = table(/[&<>]|[^\t\n -~\x7f]/)
const VALUE = table(/[&<>"']|[^ -~\x7f]/)

const REFERENCES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
])

const ILLEGAL = '[^\\t\\n\\r -\\ud7ff\\ue000-\\ufffd\\u{10000}-\\u{10ffff}]'
const IN_TEXT = new RegExp(`[&<>\\r]|${ILLEGAL}`, 'gu')
const IN_VALUE = new RegExp(`[&<>"'\\t\\n\\r]|${ILLEGAL}`, 'gu')

/**
 * The XML of an element. `inherited` is the namespace in force where it will be written: 'jabber:client' in a client's
 * stream, '' for an element that shall stand alone.
 */
export function serialise(el: Element, inherited = ''): string {
  return write(el, ownNamespace(el) ?? inherited, inherited)
}

/** The XML of what is inside an element whose namespace is `ownNs`. */
export function serialiseInner(el: Element, ownNs: string): string {
  const { children } = el
  let out = ''
  for (let i = 0; i < children.length; i++) {
    const c = children[i]
    if (typeof c === 'string') out += escapeText(c)
    else if (c !== undefined) out += write(c, c.attrs.xmlns ?? ownNs, ownNs)
  }
  return out
}

/**
 * For one stanza to many: the XML of an element, but for its `to`, which the returned function fills in. All else is
 * worked out once.
 */
export function stamp(el: Element, inherited = ''): (to: string) => string {
  const ns = ownNamespace(el) ?? inherited
  const before = `${openTag(el, ns, inherited, 'to')} to='`
  const inner = serialiseInner(el, ns)
  const after = inner === '' ? "'/>" : `'>${inner}</${el.name}>`
  return to => before + escapeAttr(to) + after
}

function write(el: Element, ns: string, inherited: string): string {
  const start = openTag(el, ns, inherited)
  const inner = el.children.length === 0 ? '' : serialiseInner(el, ns)
  return inner === '' ? `${start}/>` : `${start}>${inner}</${el.name}>`
}

/** The namespace of an element; undefined for one just built, which will have that of where it is put. */
function ownNamespace(el: Element): string | undefined {
  for (let e: Element | null = el; e; e = e.parent) if (e.attrs.xmlns !== undefined) return e.attrs.xmlns
  return undefined
}

/** The start tag without its end. */
function openTag(el: Element, ns: string, inherited: string, except?: string): string {
  const { attrs } = el
  let out = `<${el.name}`
  if (ns !== inherited) out += ` xmlns='${escapeAttr(ns)}'`
  for (const name in attrs) {
    if (name === 'xmlns' || name === except) continue
    const value = attrs[name]
    if (value !== undefined) out += ` ${name}='${escapeAttr(value)}'`
  }
  return out
}

/** Text as it stands between tags. A carriage return would be read as a line feed if it were not escaped. */
export function escapeText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 128 ? TEXT[c] === 1 : c >= 0xd800) return text.replace(IN_TEXT, reference)
  }
  return text
}

/** Text as it stands between the quotes of an attribute, of either kind. */
export function escapeAttr(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 128 ? VALUE[c] === 1 : c >= 0xd800) return text.replace(IN_VALUE, reference)
  }
  return text
}

const reference = (char: string): string => REFERENCES.get(char) ?? ''

function table(special: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (special.test(String.fromCharCode(code)) ? 1 : 0))
}
