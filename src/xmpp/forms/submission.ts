import type { Element } from '../../xml/index.js'
import { StanzaError } from '../errors.js'
import { type Jid, tryParseJid } from '../jid.js'
import { type DataForm, type FieldType, FORM_TYPE, type FormField, formTypeOf, linesOf, readForm } from './form.js'
import { checkValue, isOpen, type Validation } from './validation.js'

/** A submission that is not what the form asks for: not-acceptable, with a sentence (XEP-0004 §4). */
export class InvalidSubmission extends StanzaError {
  constructor(
    /** The name of the field. */
    readonly field: string,
    text: string,
  ) {
    super('not-acceptable', { text })
  }
}

/** One that is whole, and has a value in it that cannot be one. */
export class InvalidValue extends InvalidSubmission {}

/** What somebody has entered into a form: checked against it, by the names of its fields. */
export class Answers {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  /** Whether it was sent at all: what was not stays as it is (XEP-0004 §3.5). */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** All values. None when it was left out, or left empty. */
  values(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** The value, or all lines of it; undefined when it was left out or left empty. */
  text(name: string): string | undefined {
    const values = this.values(name)
    return values.length === 0 ? undefined : values.join('\n')
  }

  /** False when it was left out. */
  flag(name: string): boolean {
    return this.text(name) === 'true'
  }

  /** The addresses in a field for them. */
  jids(name: string): readonly Jid[] {
    // they were checked and prepared when they were read
    return this.values(name).flatMap(text => tryParseJid(text) ?? [])
  }

  /** All that was sent. */
  entries(): Iterable<readonly [name: string, values: readonly string[]]> {
    return this.#values
  }
}

/**
 * Reads what was submitted for a form. Fields that it does not have are ignored, those that are not required may be
 * left out (XEP-0004 §3.1). Addresses are prepared, double ones dropped, booleans `true` or `false`, and choices in the
 * order of the form. Throws an InvalidSubmission that says which field is not what it has to be, an InvalidValue if only a value is wrong.
 */
export function readSubmission(form: DataForm, x: Element): Answers {
  const submitted = readForm(x)
  if (submitted.type !== 'submit') throw new InvalidSubmission('', 'a form of type submit was expected')
  checkFormType(form, submitted)
  const given = byName(submitted.fields)
  const values = new Map<string, readonly string[]>()
  for (const field of form.fields) {
    const { var: name, type = 'text-single' } = field
    if (name === undefined || name === FORM_TYPE || type === 'fixed') continue
    const entered = given.get(name)
    const read = entered ? readField(field, name, type, entered.values ?? []) : []
    if (field.required && read.length === 0) throw new InvalidSubmission(name, `${name} is required`)
    if (entered) values.set(name, read)
  }
  return new Answers(values)
}

/** Names mean what the form says they do; who says nothing means the same (XEP-0068 §3.1). */
function checkFormType(form: DataForm, submitted: DataForm): void {
  const [asked, said] = [formTypeOf(form), formTypeOf(submitted)]
  if (asked !== undefined && said !== undefined && asked !== said)
    throw new InvalidSubmission(FORM_TYPE, `a form of ${asked} was expected`)
}

function byName(fields: readonly FormField[]): ReadonlyMap<string, FormField> {
  const named = new Map<string, FormField>()
  for (const field of fields) {
    if (field.var === undefined) continue
    if (named.has(field.var)) throw new InvalidSubmission(field.var, `${field.var} stands there twice`)
    named.set(field.var, field)
  }
  return named
}

/** Those that may have several values (XEP-0004 §3.2). */
const MULTIPLE: ReadonlySet<FieldType> = new Set(['hidden', 'jid-multi', 'list-multi', 'text-multi'])

function readField(field: FormField, name: string, type: FieldType, entered: readonly string[]): readonly string[] {
  const refuse = (expected: string): never => {
    throw new InvalidValue(name, `${name}: ${expected} was expected`)
  }
  if (entered.length > 1 && !MULTIPLE.has(type)) return refuse('one value')
  // what stands for nothing is not agreed upon: an empty value is the same as none (XEP-0004 §3.6)
  const isNothing = !field.options?.some(({ value }) => value === '') && entered.every(value => value === '')
  if (isNothing && type !== 'list-multi') return []
  return READERS[type]({ ...field, validation: field.validation ?? {} }, isNothing ? [] : entered, refuse)
}

type Read = (
  field: FormField & { readonly validation: Validation },
  entered: readonly string[],
  refuse: (expected: string) => never,
) => readonly string[]

const readText: Read = ({ validation }, entered, refuse) => entered.map(text => checked(validation, text, refuse))

const READERS: Readonly<Record<FieldType, Read>> = {
  boolean: (_, entered, refuse) => entered.map(text => BOOLEANS.get(text.trim()) ?? refuse('true or false')),
  fixed: () => [],
  hidden: (_, entered) => entered,
  'jid-single': readJids,
  'jid-multi': readJids,
  'list-single': readChoices,
  'list-multi': readChoices,
  'text-multi': readLines,
  'text-private': readText,
  'text-single': readText,
}

const BOOLEANS: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['1', 'true'],
  ['false', 'false'],
  ['0', 'false'],
])

function readJids(_: FormField, entered: readonly string[], refuse: (expected: string) => never): readonly string[] {
  const written = entered.map(text => text.trim()).filter(text => text !== '')
  return [...new Set(written.map(text => tryParseJid(text)?.toString() ?? refuse('an address')))]
}

/** One value for all lines together, unless each is a value of its own (XEP-0122 §3.2.2). */
function readLines(
  { validation }: FormField & { readonly validation: Validation },
  entered: readonly string[],
  refuse: (expected: string) => never,
): readonly string[] {
  const lines = entered.flatMap(linesOf)
  if (isOpen(validation)) return lines.map(line => checked(validation, line, refuse))
  return linesOf(checked(validation, lines.join('\n'), refuse))
}

function readChoices(
  { options = [], validation }: FormField & { readonly validation: Validation },
  entered: readonly string[],
  refuse: (expected: string) => never,
): readonly string[] {
  const offered = options.map(({ value }) => value)
  const others = [...new Set(entered)].filter(value => !offered.includes(value))
  if (others.length > 0 && !isOpen(validation)) return refuse(`one of ${offered.join(', ')}`)
  const chosen = [
    ...offered.filter(value => entered.includes(value)),
    ...others.map(value => checked(validation, value, refuse)),
  ]
  const { min = 0, max = Infinity } = validation.listRange ?? {}
  return chosen.length < min || chosen.length > max ? refuse(countInWords(min, max)) : chosen
}

function countInWords(min: number, max: number): string {
  if (max === Infinity) return `${min} or more`
  return min === max ? `exactly ${min}` : `${min} to ${max}`
}

function checked(validation: Validation, text: string, refuse: (expected: string) => never): string {
  const result = checkValue(validation, text)
  return 'value' in result ? result.value : refuse(result.expected)
}
