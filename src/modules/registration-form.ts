import { child, type Element, textOf, withAttrs, xml } from '../xml/index.js'
import { badRequest, notAcceptable, type StanzaCondition, StanzaError } from '../xmpp/errors.js'
import {
  type DataForm,
  type FormField,
  formElement,
  formIn,
  formTypeField,
  formTypeOf,
  readForm,
  readSubmission,
} from '../xmpp/forms/index.js'
import { OUT_OF_BAND, REGISTER, REGISTER_PASSWORD } from '../xmpp/ns.js'

/** What is asked for. */
export interface Asked {
  readonly instructions: string
  /** Whether an e-mail address is needed, too. */
  readonly email: boolean
}

/** What somebody has entered. */
export interface Entered {
  readonly username: string
  readonly password: string
  readonly email: string | undefined
}

/** What there is to fill in: the fields of old, and the same as a form for who knows forms. XEP-0077 §3.1, §4 */
export const fieldsElement = (asked: Asked): Element =>
  xml(
    'query',
    { xmlns: REGISTER },
    xml('instructions', {}, asked.instructions),
    xml('username'),
    xml('password'),
    asked.email ? xml('email') : null,
    formElement({ title: 'Registration', instructions: [asked.instructions], ...formOf(asked) }),
  )

/** Where else an account can be had. XEP-0077 §5 */
export const redirectElement = (url: string): Element =>
  xml(
    'query',
    { xmlns: REGISTER },
    xml('instructions', {}, `To register, visit ${url}`),
    xml('x', { xmlns: OUT_OF_BAND }, xml('url', {}, url)),
  )

/** What is known of somebody who has an account. XEP-0077 §3.1 */
export const registeredElement = (username: string, email: string | undefined): Element =>
  xml(
    'query',
    { xmlns: REGISTER },
    xml('registered'),
    xml('username', {}, username),
    xml('password'),
    email === undefined ? null : xml('email', {}, email),
  )

function formOf({ email }: Pick<Asked, 'email'>): DataForm {
  const fields: FormField[] = [
    { var: 'username', type: 'text-single', label: 'Name', required: true },
    { var: 'password', type: 'text-private', label: 'Password', required: true },
  ]
  if (email) fields.push({ var: 'email', type: 'text-single', label: 'E-mail address', required: true })
  return { type: 'form', fields: [formTypeField(REGISTER), ...fields] }
}

/** What somebody wants to register with. Throws not-acceptable when something is missing. XEP-0077 §3.1, §4 */
export function readRegistration(query: Element, asked: Asked): Entered {
  const x = formIn(query)
  const answers = x && readSubmission(formOf(asked), x)
  const entered = (name: string): string => (answers ? (answers.text(name) ?? '') : written(query, name))
  const [username, password, email] = [entered('username'), entered('password'), entered('email').trim()]
  if (username === '') throw notAcceptable('A name is needed')
  if (password === '') throw notAcceptable('A password is needed')
  if (asked.email && !isEmail(email)) throw notAcceptable('An e-mail address is needed')
  return { username, password, email: asked.email ? email : undefined }
}

/** The name and the new password of somebody who has an account. Throws bad-request when one is missing. XEP-0077 §3.3 */
export function readPasswordChange(query: Element): Omit<Entered, 'email'> {
  const x = formIn(query)
  const form = x && readForm(x)
  const formType = form && formTypeOf(form)
  if (form && (form.type !== 'submit' || (formType !== undefined && formType !== REGISTER_PASSWORD)))
    throw badRequest(`A form of ${REGISTER_PASSWORD} was expected`)
  const entered = (name: string): string =>
    form ? (form.fields.find(field => field.var === name)?.values?.[0] ?? '') : written(query, name)
  const [username, password] = [entered('username'), entered('password')]
  if (username === '' || password === '') throw badRequest('Name and password are needed')
  return { username, password }
}

function written(query: Element, name: string): string {
  const field = child(query, name, REGISTER)
  return field ? textOf(field) : ''
}

const isEmail = (text: string): boolean => text.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(text)

/** XEP-0086, which XEP-0077 §8 still wants. */
const CODES: Readonly<Partial<Record<StanzaCondition, number>>> = {
  'bad-request': 400,
  conflict: 409,
  forbidden: 403,
  'internal-server-error': 500,
  'item-not-found': 404,
  'not-acceptable': 406,
  'not-allowed': 405,
  'not-authorized': 401,
  'registration-required': 407,
  'resource-constraint': 500,
  'service-unavailable': 503,
  'unexpected-request': 400,
}

/** An error that older clients understand, too, and that does not send a password back (§3.3). */
export class RegistrationError extends StanzaError {
  constructor({ condition, type, text, detail }: StanzaError) {
    super(condition, { type, ...(text !== undefined && { text }), ...(detail && { detail }), withholds: true })
  }

  override toElement(): Element {
    return withAttrs(super.toElement(), { code: CODES[this.condition] })
  }
}
