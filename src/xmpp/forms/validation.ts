import { child, type Element, textOf, xml } from '../../xml/index.js'
import { DATA_VALIDATE } from '../ns.js'
import { type Datatype, datatypeOf, STRING } from './datatypes.js'
import { compilePattern, type Pattern, PatternError } from './posix.js'

/** What a field takes beyond its type. XEP-0122 */
export interface Validation {
  /** `xs:string` when nothing is said. */
  readonly datatype?: string
  /** `basic` when nothing is said. */
  readonly method?: Method
  /** How many may be chosen of a `list-multi` field. §3.3 */
  readonly listRange?: { readonly min?: number; readonly max?: number }
}

/** XEP-0122 §3.2 */
export type Method =
  /** Whatever the datatype takes. */
  | { readonly by: 'basic' }
  /** The same, and what is not among the options. */
  | { readonly by: 'open' }
  | { readonly by: 'range'; readonly min?: string; readonly max?: string }
  /** All of it has to match: a POSIX extended regular expression. */
  | { readonly by: 'regex'; readonly pattern: string }

export function validationElement({ datatype, method = { by: 'basic' }, listRange }: Validation): Element {
  return xml(
    'validate',
    { xmlns: DATA_VALIDATE, datatype },
    method.by === 'range' ? xml('range', { min: method.min, max: method.max }) : null,
    method.by === 'regex' ? xml('regex', {}, method.pattern) : null,
    method.by === 'basic' || method.by === 'open' ? xml(method.by) : null,
    listRange ? xml('list-range', { min: listRange.min, max: listRange.max }) : null,
  )
}

/** What a field says; undefined when it says nothing. A method that is not known is `basic` (§4.1). */
export function readValidation(field: Element): Validation | undefined {
  const validate = child(field, 'validate', DATA_VALIDATE)
  if (!validate) return undefined
  const { datatype } = validate.attrs
  const listRange = child(validate, 'list-range', DATA_VALIDATE)
  return {
    ...(datatype !== undefined && { datatype }),
    method: readMethod(validate),
    ...(listRange && { listRange: { ...counted(listRange, 'min'), ...counted(listRange, 'max') } }),
  }
}

function readMethod(validate: Element): Method {
  const range = child(validate, 'range', DATA_VALIDATE)
  if (range) {
    const { min, max } = range.attrs
    return { by: 'range', ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
  }
  const regex = child(validate, 'regex', DATA_VALIDATE)
  if (regex) return { by: 'regex', pattern: textOf(regex) }
  return { by: child(validate, 'open', DATA_VALIDATE) ? 'open' : 'basic' }
}

function counted({ attrs }: Element, name: 'min' | 'max'): { readonly [N in typeof name]?: number } {
  const text = attrs[name] ?? ''
  return /^\d{1,9}$/.test(text) ? { [name]: Number(text) } : {}
}

/** Whether a list takes what is not among its options (§3.2: all methods but `basic` imply it). */
export const isOpen = (validation: Validation | undefined): boolean => (validation?.method?.by ?? 'basic') !== 'basic'

/**
 * Checks a value. Gives it back, without the space that its datatype has no use for, or says what was expected instead,
 * as a noun.
 */
export function checkValue(
  { datatype = 'xs:string', method = { by: 'basic' } }: Validation,
  text: string,
): { readonly value: string } | { readonly expected: string } {
  const type = datatypeOf(datatype) ?? STRING
  const value = type.keepsSpace ? text : text.replace(/[\t\n\r ]+/g, ' ').replace(/^ | $/g, '')
  if (!type.isValid(value)) return { expected: `a value of ${datatype}` }
  if (method.by === 'range' && !isWithin(type, value, method)) return { expected: rangeInWords(method) }
  if (method.by === 'regex' && patternOf(method.pattern)?.matches(value) === false)
    return { expected: `something like ${method.pattern}` }
  return { value }
}

/** A bound that is no value of the datatype is none, and neither has a datatype without an order any (§5.1). */
function isWithin({ compare, isValid }: Datatype, value: string, { min, max }: Method & { by: 'range' }): boolean {
  if (!compare) return true
  const isLess = (one: string, other: string) => compare(one, other) < 0
  if (min !== undefined && isValid(min) && isLess(value, min)) return false
  return !(max !== undefined && isValid(max) && isLess(max, value))
}

function rangeInWords({ min, max }: Method & { by: 'range' }): string {
  if (min === undefined) return `at most ${max}`
  return max === undefined ? `at least ${min}` : `${min} to ${max}`
}

/** Undefined for one that is not understood: then `basic` counts (§4.1). */
function patternOf(source: string): Pattern | undefined {
  try {
    return compilePattern(source)
  } catch (fault) {
    if (fault instanceof PatternError) return undefined
    throw fault
  }
}
