import type { AdHocCommand, Asked, Outcome, Question, Stage } from '../core/ad-hoc.js'
import type { Awaitable } from '../core/awaitable.js'
import { CommandError, type Request } from '../core/module.js'
import type { Element } from '../xml/index.js'
import { featureNotImplemented, itemNotFound, StanzaError } from '../xmpp/errors.js'
import { type Answers, type DataForm, formElement } from '../xmpp/forms/index.js'
import { ADMIN } from '../xmpp/ns.js'
import type { Execution, Executions } from './ad-hoc-executions.js'
import {
  type Action,
  actionsElement,
  type CommandRequest,
  commandElement,
  defaultAction,
  hasError,
  notForYou,
  readAnswers,
  readCommand,
  refusal,
} from './ad-hoc-protocol.js'

interface Parts {
  readonly executions: Executions
  readonly find: (node: string) => AdHocCommand | undefined
  readonly randomId: () => string
}

/** Takes clients through commands, step by step. XEP-0050 §2.4 */
export class AdHocDoor {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The `<command/>` of the answer. */
  async answer(request: Request): Promise<Element> {
    const asked = { from: request.from, to: request.to }
    const read = readCommand(request)
    return read.sessionId === undefined ? this.#begin(asked, read) : this.#goOn(asked, read, read.sessionId)
  }

  async #begin(asked: Asked, { node, action, form }: CommandRequest): Promise<Element> {
    const { find, executions, randomId } = this.#parts
    const command = find(node)
    // XEP-0133 §5 has an error of its own for those of its commands that there are not
    if (!command) throw node.startsWith(`${ADMIN}#`) ? featureNotImplemented() : itemNotFound()
    if (!(await command.mayRun(asked.from))) throw notForYou()
    if (action !== 'execute' && action !== 'complete') throw refusal('bad-action')
    const stage = await arrive(() => command.begin(asked))
    if (!isQuestion(stage)) return finished(randomId(), command, stage)
    const execution = executions.begin(command, asked)
    execution.stages.push({ question: stage })
    if (!form && action === 'execute') return shown(execution)
    try {
      // who knows the form need not ask for it
      return await this.#step(execution, action, form)
    } catch (fault) {
      executions.end(execution) // nobody knows its id
      throw fault
    }
  }

  async #goOn(asked: Asked, { node, action, form }: CommandRequest, id: string): Promise<Element> {
    const { executions } = this.#parts
    const execution = executions.find(id, node, asked)
    if (action === 'cancel') {
      executions.end(execution)
      return commandElement({ node, sessionId: id, status: 'canceled' })
    }
    if (execution.isBusy) throw new StanzaError('unexpected-request')
    execution.isBusy = true
    try {
      // what somebody may do can have changed meanwhile
      if (!(await execution.command.mayRun(asked.from))) throw notForYou()
      return await this.#step(execution, action, form)
    } catch (fault) {
      if (!(fault instanceof StanzaError)) executions.end(execution)
      throw fault
    } finally {
      execution.isBusy = false
    }
  }

  async #step(execution: Execution, action: Action, form: Element | undefined): Promise<Element> {
    const { id, stages, command } = execution
    if (action === 'prev' && stages.length > 1) {
      stages.pop()
      return shown(execution)
    }
    const stage = stages.at(-1)
    const chosen = action === 'execute' && stage ? defaultAction(stage.question) : action
    const way = chosen === 'next' || chosen === 'complete' ? chosen : undefined
    const go = way && stage?.question[way]
    if (!stage || !go) throw refusal('bad-action')
    const next = await arrive(() => {
      const answers = readAnswers(stage.question.form, form, way)
      stage.entered = answers
      return go(answers)
    })
    if (isQuestion(next)) {
      stages.push({ question: next })
      return shown(execution)
    }
    this.#parts.executions.end(execution)
    return finished(id, command, next)
  }
}

const finished = (id: string, { node }: AdHocCommand, outcome: Outcome): Element =>
  commandElement({ node, sessionId: id, status: 'completed', ...outcome })

const isQuestion = (stage: Stage): stage is Question => 'form' in stage

/** What comes of a step. One that failed in a way that there is no error for is over, and says so (§3.6). */
async function arrive(go: () => Awaitable<Stage>): Promise<Stage> {
  try {
    return await go()
  } catch (fault) {
    if (!(fault instanceof CommandError)) throw fault
    const { condition, message } = fault
    if (condition && hasError(fault)) throw new StanzaError(condition, { text: message, cause: fault })
    return { notes: [{ type: 'error', text: message }] }
  }
}

/** The stage that it is at, with what was entered when it was there before. */
function shown({ id, command: { node }, stages }: Execution): Element {
  const stage = stages.at(-1)
  if (!stage) throw new Error('a command without a stage')
  const { question, entered } = stage
  const payload = [formElement(entered ? remembering(question.form, entered) : question.form)]
  const actions = actionsElement(question, stages.length > 1)
  return commandElement({ node, sessionId: id, status: 'executing', actions, payload, notes: question.notes ?? [] })
}

/** Passwords are not sent back. */
function remembering(form: DataForm, entered: Answers): DataForm {
  const fields = form.fields.map(field => {
    const isKept = field.var !== undefined && field.type !== 'text-private' && entered.has(field.var)
    return isKept ? { ...field, values: entered.values(field.var) } : field
  })
  return { ...form, fields }
}
