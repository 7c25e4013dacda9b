import { xml as build } from '@xmpp/xml'
import Element from 'ltx/lib/Element.js'
import { setOwn } from './names.js'

/*
 * The stanza tree is ltx's Element, built by @xmpp/xml's xml(): what JavaScript XMPP programmers know.
 *
 * Two rules keep it safe to share one tree between many recipients.
 * 1. Elements are values: never change one that you were given. Copy the root and share the children (`withAttrs`,
 *    `plus`, `without`).
 * 2. Trees are in canonical form: no prefixes on element names; an element whose namespace differs from its parent's
 *    carries `xmlns`, and the root of a stanza always does. The parser brings what peers write into this form.
 */

export { Element }

/** A child of an element: another element, or text. */
export type Node = Element | string

/** Attributes as a builder takes them; undefined ones are left out. */
export type Attrs = Record<string, string | number | undefined>

/** Builds an element: `xml('body', {}, 'Art thou not Romeo?')`. Children may be elements, strings, arrays, or nothing. */
export const xml = build

/** The namespace of an element: its own `xmlns`, or the nearest ancestor's; '' when none is known. */
export function namespaceOf(el: Element): string {
  for (let e: Element | null = el; e; e = e.parent) {
    const ns = e.attrs.xmlns
    if (ns !== undefined) return ns
  }
  return ''
}

/** Whether an element has this name and namespace. */
export function is(el: Element, name: string, ns: string): boolean {
  return el.name === name && namespaceOf(el) === ns
}

/** The first child element with this name, and this namespace if one is given. */
export function child(el: Element, name: string, ns?: string): Element | undefined {
  for (const c of el.children) {
    if (typeof c !== 'string' && c.name === name && (ns === undefined || namespaceOf(c) === ns)) return c
  }
  return undefined
}

/** The child elements; text between them is left out. */
export function elements(el: Element): Element[] {
  return el.children.filter(c => typeof c !== 'string')
}

/** The first child element, whatever it is: the payload of an iq. */
export function firstElement(el: Element): Element | undefined {
  for (const c of el.children) if (typeof c !== 'string') return c
  return undefined
}

/** The text directly inside an element. */
export function textOf(el: Element): string {
  let text = ''
  for (const c of el.children) if (typeof c === 'string') text += c
  return text
}

/** The same element with some attributes set (or, when undefined, taken away). The children are shared. */
export function withAttrs(el: Element, attrs: Attrs): Element {
  const copy = new Element(el.name)
  const merged = copy.attrs
  for (const key in el.attrs) {
    if (Object.hasOwn(attrs, key)) continue
    if (key === '__proto__') setOwn(merged, key, el.attrs[key] as string)
    else merged[key] = el.attrs[key] as string
  }
  for (const key in attrs) if (attrs[key] !== undefined) merged[key] = String(attrs[key])
  copy.children = el.children
  return copy
}

/** The same element with more children at its end. What stood before is shared; the new ones become its own. */
export function plus(el: Element, ...more: Node[]): Element {
  const copy = withAttrs(el, {})
  copy.children = [...el.children, ...more]
  for (const c of more) if (typeof c !== 'string') c.parent = copy
  return copy
}

/** The element without the child elements that `drop` names; the same element when there are none. */
export function without(el: Element, drop: (c: Element) => boolean): Element {
  const kept = el.children.filter(c => typeof c === 'string' || !drop(c))
  if (kept.length === el.children.length) return el
  const copy = withAttrs(el, {})
  copy.children = kept
  return copy
}
