import { child, type Element, elements, is, textOf, xml } from '../../xml/index.js'
import { badRequest } from '../errors.js'
import { DATA_FORMS } from '../ns.js'
import { readValidation, type Validation, validationElement } from './validation.js'

/** What is done with a form. XEP-0004 §3.1 */
export type FormType = 'form' | 'submit' | 'cancel' | 'result'

/** XEP-0004 §3.3 */
export type FieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single'

export interface Option {
  /** For people. */
  readonly label?: string
  readonly value: string
}

/** XEP-0004 §3.2 */
export interface FormField {
  /** Its name, which only one of type `fixed` may do without. */
  readonly var?: string
  /** Left out where the reader knows it from elsewhere: in submissions and results. */
  readonly type?: FieldType
  readonly label?: string
  readonly desc?: string
  readonly required?: boolean
  /** What stands in it by default, what was entered, or what came out. */
  readonly values?: readonly string[]
  readonly options?: readonly Option[]
  readonly validation?: Validation
}

/** Several things of one kind. XEP-0004 §3.4 */
export interface FormTable {
  /** What is told of each. */
  readonly reported: readonly FormField[]
  /** Of each, the values by the names of the fields reported. */
  readonly items: readonly ReadonlyMap<string, readonly string[]>[]
}

/** What one party asks of another, answers, or tells. A value. XEP-0004 */
export interface DataForm {
  readonly type: FormType
  readonly title?: string
  /** A paragraph each. */
  readonly instructions?: readonly string[]
  readonly fields: readonly FormField[]
  /** A result with a table has no fields beside it (§3.4). */
  readonly table?: FormTable
}

/** The field that says whose names the others are. XEP-0068 §3.1 */
export const FORM_TYPE = 'FORM_TYPE'

/** The field of that name with a value, for a form or a result: hidden (XEP-0068 §5). */
export const formTypeField = (formType: string): FormField => ({ var: FORM_TYPE, type: 'hidden', values: [formType] })

/** The namespace of the names in a form; undefined when nothing is said. XEP-0068 §4, §5 */
export function formTypeOf({ type, fields }: DataForm): string | undefined {
  const field = fields.find(field => field.var === FORM_TYPE)
  // what is submitted need not say what kind of field it is
  const counts = field?.type === 'hidden' || type === 'submit'
  return counts ? field?.values?.[0] : undefined
}

/** The form inside of an element, if there is one; as an element, which is not checked yet. */
export const formIn = (parent: Element): Element | undefined => child(parent, 'x', DATA_FORMS)

const FORM_TYPES: ReadonlySet<string> = new Set<FormType>(['form', 'submit', 'cancel', 'result'])
const FIELD_TYPES: ReadonlySet<string> = new Set<FieldType>([
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
])

/** The `<x/>` of a form. XEP-0004 §3 */
export function formElement({ type, title, instructions = [], fields, table }: DataForm): Element {
  if (table && fields.length > 0) throw new TypeError('a form with a table has no fields beside it')
  return xml(
    'x',
    { xmlns: DATA_FORMS, type },
    title === undefined ? null : xml('title', {}, title),
    instructions.map(paragraph => xml('instructions', {}, paragraph)),
    fields.map(fieldElement),
    table ? tableElements(table) : null,
  )
}

function fieldElement({ var: name, type, label, desc, required, values, options, validation }: FormField): Element {
  if (name === undefined && type !== 'fixed') throw new TypeError('only a fixed field needs no name')
  return xml(
    'field',
    { var: name, type, label },
    desc === undefined ? null : xml('desc', {}, desc),
    required ? xml('required') : null,
    validation ? validationElement(validation) : null,
    values?.map(value => xml('value', {}, value)),
    options?.map(({ label, value }) => xml('option', { label }, xml('value', {}, value))),
  )
}

/** Every item has every field that is reported, though it be empty (§3.4). */
const tableElements = ({ reported, items }: FormTable): Element[] => [
  xml('reported', {}, reported.map(fieldElement)),
  ...items.map(item =>
    xml(
      'item',
      {},
      reported.map(({ var: name = '' }) =>
        xml(
          'field',
          { var: name },
          (item.get(name) ?? ['']).map(value => xml('value', {}, value)),
        ),
      ),
    ),
  ),
]

/**
 * Reads an `<x/>`. A field type that nobody knows is `text-single` (XEP-0004 §3.3), and what is reported may stand
 * behind the items (§3.4). Throws bad-request when it is no type of form.
 */
export function readForm(x: Element): DataForm {
  const { type = '' } = x.attrs
  if (!isFormType(type)) throw badRequest('a data form of type form, submit, cancel or result was expected')
  const title = child(x, 'title', DATA_FORMS)
  const instructions = named(x, 'instructions').map(textOf)
  const reported = child(x, 'reported', DATA_FORMS)
  const items = named(x, 'item')
  return {
    type,
    ...(title && { title: textOf(title) }),
    ...(instructions.length > 0 && { instructions }),
    fields: named(x, 'field').map(readField),
    ...((reported || items.length > 0) && {
      table: { reported: reported ? named(reported, 'field').map(readField) : [], items: items.map(readItem) },
    }),
  }
}

function readField(field: Element): FormField {
  const { var: name, type, label } = field.attrs
  const desc = child(field, 'desc', DATA_FORMS)
  const options = named(field, 'option')
  const validation = readValidation(field)
  const values = valuesOf(field)
  return {
    ...(name !== undefined && { var: name }),
    ...(type !== undefined && { type: isFieldType(type) ? type : 'text-single' }),
    ...(label !== undefined && { label }),
    ...(desc && { desc: textOf(desc) }),
    ...(child(field, 'required', DATA_FORMS) && { required: true }),
    ...(values.length > 0 && { values }),
    ...(options.length > 0 && { options: options.map(readOption) }),
    ...(validation && { validation }),
  }
}

function readOption(option: Element): Option {
  const { label } = option.attrs
  return { ...(label !== undefined && { label }), value: valuesOf(option)[0] ?? '' }
}

const readItem = (item: Element): ReadonlyMap<string, readonly string[]> =>
  new Map(named(item, 'field').map(field => [field.attrs.var ?? '', valuesOf(field)]))

const valuesOf = (parent: Element): string[] => named(parent, 'value').map(textOf)

const named = (parent: Element, name: string): Element[] => elements(parent).filter(el => is(el, name, DATA_FORMS))

const isFormType = (type: string): type is FormType => FORM_TYPES.has(type)

const isFieldType = (type: string): type is FieldType => FIELD_TYPES.has(type)

/** A text of several lines, as the values of a `text-multi` field (XEP-0004 §3.3). */
export const linesOf = (text: string): readonly string[] => text.split(/\r\n|[\n\r]/)
