/**
 * Whether an element is what a script expects: it has the name, the attributes, the text and the children that the
 * script shows, in any order, and may have more, but
 *
 *     <not><a/></not>            no child like this
 *     <only/>                    no attributes, children and text besides those that are shown
 *     <one-of><a/><b/></one-of>  a child like one of these
 *     <any/>                     some child
 */
import { agrees, type Values } from './template.js'
import { type Element, elementsOf, textOf } from './xml.js'

/** Names that the pattern gives to values are known in `values` afterwards, if it agrees. */
export function matches(pattern: Element, element: Element, values: Values): boolean {
  const attempt = new Map(values)
  if (!agree(pattern, element, attempt)) return false
  for (const [name, value] of attempt) values.set(name, value)
  return true
}

function agree(pattern: Element, element: Element, values: Values): boolean {
  if (pattern.name !== element.name || pattern.ns !== element.ns) return false
  const wanted = elementsOf(pattern)
  const only = wanted.some(child => child.name === 'only')
  if (only && [...element.attrs.keys()].some(name => !pattern.attrs.has(name))) return false
  for (const [name, value] of pattern.attrs) if (!agrees(value, element.attrs.get(name), values)) return false
  const text = textOf(pattern)
  if (text.trim() === '' ? only && textOf(element).trim() !== '' : !agrees(text, textOf(element), values)) return false
  return childrenAgree(wanted, elementsOf(element), only, values)
}

function childrenAgree(wanted: readonly Element[], children: readonly Element[], only: boolean, values: Values) {
  const left = [...children]
  for (const pattern of wanted) {
    if (pattern.name === 'only') continue
    if (pattern.name === 'not') {
      if (elementsOf(pattern).some(unwanted => children.some(child => agree(unwanted, child, new Map(values)))))
        return false
      continue
    }
    const choices = pattern.name === 'one-of' ? elementsOf(pattern) : [pattern]
    const found = left.findIndex(
      child => pattern.name === 'any' || choices.some(choice => matches(choice, child, values)),
    )
    if (found < 0) return false
    left.splice(found, 1)
  }
  return !only || left.length === 0
}
