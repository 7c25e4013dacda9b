import type Element from 'ltx/lib/Element.js'
import { malformed, overLimit } from './errors.js'
import { internNamespace, type Name } from './names.js'

/** Namespaces in XML 1.0 */

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

/** A prefix in scope, before those declared further out. */
export interface Binding {
  readonly prefix: string
  readonly uri: string
  readonly outer: Binding | undefined
  /** How many declarations are in scope, this one included: looking one up is bounded by it. */
  readonly count: number
}

/** The namespace that an `xmlns` attribute puts in force. */
export function defaultNamespace(uri: string): string {
  if (uri === XML || uri === XMLNS) throw malformed('reserved namespace')
  return internNamespace(uri)
}

/** The scope after an `xmlns:prefix` attribute. */
export function declare(scope: Binding | undefined, prefix: string, uri: string, max: number): Binding | undefined {
  if (prefix === 'xml' && uri === XML) return scope
  if (prefix === 'xml' || prefix === 'xmlns') throw malformed('reserved prefix')
  if (uri === XML || uri === XMLNS) throw malformed('reserved namespace')
  if (uri === '') throw malformed('a prefix cannot be undeclared')
  const count = (scope?.count ?? 0) + 1
  if (count > max) throw overLimit('too many prefixes')
  return { prefix, uri: internNamespace(uri), outer: scope, count }
}

/**
 * The namespace of a prefix. Of the two prefixes that need no declaration, `xmlns` is not for elements, and elements
 * in the namespace of `xml` are refused: without a prefix nobody could write them.
 */
export function resolve(scope: Binding | undefined, prefix: string): string {
  for (let b = scope; b; b = b.outer) if (b.prefix === prefix) return b.uri
  throw malformed('undeclared prefix')
}

/**
 * Gives an element the declarations of the prefixes that its attributes use, even when an ancestor declares them as
 * well: whoever takes the element out of its stanza takes them along. Returns how long the namespaces are together.
 */
export function declareUsed(el: Element, qualified: readonly Name[], scope: Binding | undefined): number {
  const seen = new Set<string>()
  let length = 0
  for (const { prefix, local } of qualified) {
    const uri = resolve(scope, prefix)
    const expanded = `${local} ${uri}` // a name has no blank: the two cannot run into each other
    if (seen.has(expanded)) throw malformed('duplicate attribute')
    seen.add(expanded)
    el.attrs[`xmlns:${prefix}`] = uri
    length += uri.length
  }
  return length
}
