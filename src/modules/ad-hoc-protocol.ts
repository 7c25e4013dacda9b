import type { Note, Question } from '../core/ad-hoc.js'
import { CommandError, type Request } from '../core/module.js'
import { type Element, xml } from '../xml/index.js'
import { badRequest, forbidden, notAllowed, type StanzaError } from '../xmpp/errors.js'
import {
  type Answers,
  type DataForm,
  formElement,
  formIn,
  InvalidSubmission,
  InvalidValue,
  readSubmission,
} from '../xmpp/forms/index.js'
import { COMMANDS } from '../xmpp/ns.js'

/** What is to be done with a command. XEP-0050 §4.1 */
export type Action = (typeof ACTIONS)[number]

const ACTIONS = ['execute', 'cancel', 'prev', 'next', 'complete'] as const

/** The `<command/>` of a request. */
export interface CommandRequest {
  readonly node: string
  /** Undefined when it is the first of its session. */
  readonly sessionId: string | undefined
  readonly action: Action
  /** The form that came with it, not checked yet. */
  readonly form: Element | undefined
}

/** Reads a request. Throws malformed-action and bad-locale (§4.4). */
export function readCommand({ payload }: Request): CommandRequest {
  const { node, sessionid, action = 'execute', 'xml:lang': language } = payload.attrs
  if (!node) throw badRequest('a command has a node')
  const known = ACTIONS.find(one => one === action)
  if (!known) throw refusal('malformed-action')
  // who names a language for the command wants that one; one for the stanza is only what its sender speaks
  if (language !== undefined && !isEnglish(language)) throw refusal('bad-locale')
  return { node, sessionId: sessionid, action: known, form: formIn(payload) }
}

/** What we speak. */
const LANGUAGE = 'en'

const isEnglish = (language: string): boolean => /^(en(-.*)?)?$/i.test(language)

type Condition = 'malformed-action' | 'bad-action' | 'bad-locale' | 'bad-payload' | 'bad-sessionid'

/** Bad-request, and what about it. §4.4 */
export const refusal = (condition: Condition, text?: string): StanzaError =>
  badRequest(text, { detail: xml(condition, { xmlns: COMMANDS }) })

/** For a session that was there, and is over. §4.4 */
export const sessionExpired = (): StanzaError =>
  notAllowed(undefined, { detail: xml('session-expired', { xmlns: COMMANDS }) })

/** For who may not run the command. §4.4 */
export const notForYou = (): StanzaError => forbidden(undefined, { type: 'cancel' })

/** Whether there is an error for it: of all else that fails a note tells (§3.6). XEP-0133 §5 */
export const hasError = ({ condition }: CommandError): boolean => condition !== undefined && ERRORS.includes(condition)

const ERRORS: readonly string[] = ['conflict', 'feature-not-implemented', 'forbidden', 'not-allowed']

/**
 * What was entered. A form that is cancelled counts as submitted (§3.5.1), and none at all as an empty one. One that is
 * not whole is refused; at the end of a command one with a value that cannot be is what the command fails for.
 */
export function readAnswers(form: DataForm, x: Element | undefined, way: 'next' | 'complete'): Answers {
  try {
    const isRead = x?.attrs.type !== 'cancel'
    return readSubmission(form, x && isRead ? x : submittedFrom(x))
  } catch (fault) {
    if (fault instanceof InvalidValue && way === 'complete') throw new CommandError(fault.message)
    if (fault instanceof InvalidSubmission) throw refusal('bad-payload', fault.message)
    throw fault
  }
}

function submittedFrom(x: Element | undefined): Element {
  const empty = formElement({ type: 'submit', fields: [] })
  if (x) empty.children = x.children
  return empty
}

interface Reply {
  readonly node: string
  readonly sessionId: string
  readonly status: 'executing' | 'completed' | 'canceled'
  readonly actions?: Element
  readonly payload?: readonly Element[]
  readonly notes?: readonly Note[]
}

/** The `<command/>` of an answer. §4 */
export const commandElement = ({ node, sessionId, status, actions, payload = [], notes = [] }: Reply): Element =>
  xml(
    'command',
    { xmlns: COMMANDS, node, sessionid: sessionId, status, 'xml:lang': LANGUAGE },
    actions,
    payload.map(element => element),
    notes.map(({ type, text }) => xml('note', { type }, text)),
  )

/** What can be done at a stage, and what of it `execute` stands for. §3.4 */
export const actionsElement = (question: Question, canGoBack: boolean): Element =>
  xml(
    'actions',
    { execute: defaultAction(question) },
    canGoBack ? xml('prev') : null,
    question.next ? xml('next') : null,
    question.complete ? xml('complete') : null,
  )

export const defaultAction = ({ next }: Question): 'next' | 'complete' => (next ? 'next' : 'complete')
