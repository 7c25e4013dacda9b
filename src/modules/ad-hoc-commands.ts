import type {
  AdHocCommand,
  Answer,
  Asked,
  CommandField,
  CommandForm,
  Note,
  Outcome,
  Question,
  Stage,
} from '../core/ad-hoc.js'
import { argumentsOf, type KnownArgument, partsOf, readArguments, withoutSecrets } from '../core/commands.js'
import type { Log } from '../core/log.js'
import {
  type Arguments,
  type Command,
  CommandError,
  type Facts,
  type Part,
  type Result,
  type Table,
} from '../core/module.js'
import { type Element, plus } from '../xml/index.js'
import {
  type Answers,
  type DataForm,
  type FieldType,
  type FormField,
  formElement,
  formTypeField,
  linesOf,
} from '../xmpp/forms/index.js'
import type { Jid } from '../xmpp/jid.js'
import { hasError } from './ad-hoc-protocol.js'

/** A command of operators as clients meet it: once for each form that it has, or in a form of its arguments. */
export const adHocFrom = (command: Command, { mayRun, log }: Parts): readonly AdHocCommand[] =>
  (command.forms ?? [plainForm(command)]).map(form => ({
    node: form.node,
    name: form.name,
    mayRun,
    begin: asked => ask({ command, form, asked, log }),
  }))

interface Parts {
  readonly mayRun: (by: Jid) => boolean
  readonly log: Log
}

/** Somebody runs a command by one of its forms. */
interface Run {
  readonly command: Command
  readonly form: CommandForm
  readonly asked: Asked
  readonly log: Log
}

/** Its words are its node, and its arguments the fields. */
const plainForm = (command: Command): CommandForm => ({
  node: command.name,
  name: command.doc.replace(/\.$/, ''),
  title: command.name,
  instructions: command.doc,
  formType: '',
  fields: argumentsOf(command).map(plainField),
})

function plainField({ name, doc, type, optional, of }: KnownArgument): CommandField {
  return {
    var: name,
    arg: name,
    label: doc.charAt(0).toUpperCase() + doc.slice(1),
    type: of.length > 0 ? 'list-single' : FIELD_TYPES[type],
    required: !optional,
    ...(of.length > 0 && { options: of.map(value => ({ label: value, value })) }),
    ...(type === 'integer' && { validation: { datatype: 'xs:nonNegativeInteger' } }),
  }
}

const FIELD_TYPES: Readonly<Record<KnownArgument['type'], FieldType>> = {
  jid: 'jid-single',
  text: 'text-single',
  lines: 'text-multi',
  secret: 'text-private',
  integer: 'text-single',
  flag: 'boolean',
}

async function ask(run: Run): Promise<Stage> {
  const { command, form } = run
  const { domain } = run.asked.to
  const given = form.given?.(domain) ?? {}
  if (form.fields.length === 0) return runAll(run, [given])
  const initial = (await form.initial?.(domain)) ?? {}
  const fields = form.fields.map(field => filled(field, initial))
  const question: Question = {
    form: { ...titled(form), fields: [...typed(form), ...fields.map(shown)] },
    complete: answers => {
      checkRepeats(form, answers)
      const sets = argumentSets(command, fields, answers)
      return runAll(
        run,
        sets.map(args => ({ ...args, ...given })),
      )
    },
  }
  return question
}

const titled = ({ title, instructions }: CommandForm) => ({
  type: 'form' as const,
  title,
  ...(instructions !== '' && { instructions: [instructions] }),
})

const typed = ({ formType }: CommandForm): readonly FormField[] => (formType === '' ? [] : [formTypeField(formType)])

/** With what stands in it to begin with. */
function filled(field: CommandField, initial: Readonly<Record<string, readonly string[]>>): CommandField {
  const values = Object.hasOwn(initial, field.var) ? initial[field.var] : undefined
  return { ...field, ...(values && { values }) }
}

/** Without what is of no concern to a client. */
const shown = ({ arg: _, repeats: __, ...field }: CommandField): FormField => field

function checkRepeats({ fields }: CommandForm, answers: Answers): void {
  for (const { var: name, repeats } of fields)
    if (repeats !== undefined && answers.has(name) && answers.text(name) !== answers.text(repeats))
      throw new CommandError(`${name} is not the same as ${repeats}.`)
}

/** The arguments of each run: one for each value of a field of several for an argument that is one. */
function argumentSets(command: Command, fields: readonly CommandField[], answers: Answers): readonly Arguments[] {
  const types = new Map(argumentsOf(command).map(({ name, type }) => [name, type]))
  let sets: readonly Arguments[] = [{}]
  for (const { var: name, arg, type, values = [] } of fields) {
    // what was left out stays as it is in the form (XEP-0004 §3.5)
    const entered = answers.has(name) ? answers.values(name) : values
    if (arg === undefined || entered.length === 0) continue
    const isEach = type === 'jid-multi' && types.get(arg) === 'jid'
    const texts = isEach ? entered : [entered.join('\n')]
    sets = sets.flatMap(set => texts.map(text => ({ ...set, [arg]: text })))
  }
  return sets
}

/** One run after the other. One that cannot be done does not keep the others from it. */
async function runAll({ command, form, asked, log }: Run, sets: readonly Arguments[]): Promise<Outcome> {
  const results: Result[] = []
  const problems: CommandError[] = []
  for (const set of sets) {
    try {
      const args = readArguments(command, set)
      results.push(await command.run(args))
      const facts = { command: command.name, args: withoutSecrets(command, args), by: asked.from.toString() }
      log.info(facts, 'a command was run')
    } catch (fault) {
      if (!(fault instanceof CommandError)) throw fault
      problems.push(fault)
    }
  }
  const [problem] = problems
  // nothing was done, and there is an error for why
  if (problem && hasError(problem) && results.length === 0) throw problem
  const outcome = outcomeOf(form, results.flatMap(partsOf))
  const failures = problems.map(({ message }): Note => ({ type: 'error', text: message }))
  return { ...outcome, notes: [...(outcome.notes ?? []), ...failures] }
}

function outcomeOf(form: CommandForm, parts: readonly Part[]): Outcome {
  const answers: Answer[] = []
  const payload: Element[] = []
  const notes: Note[] = []
  for (const part of parts) {
    if (typeof part === 'string') notes.push({ type: 'info', text: part })
    else if ('fields' in part) answers.push(part)
    else payload.push(formElement('facts' in part ? factsForm(form, part) : tableForm(form, part)))
  }
  if (answers.length > 0) payload.unshift(answerElement(form, answers))
  return { payload, notes }
}

/** What several runs have answered is one answer: values of the same field follow each other. */
function answerElement(form: CommandForm, answers: readonly Answer[]): Element {
  const fields = new Map<string, FormField & { readonly values: readonly string[] }>()
  for (const field of answers.flatMap(({ fields }) => fields)) {
    const before = fields.get(field.var)?.values ?? []
    fields.set(field.var, { ...field, values: [...before, ...field.values] })
  }
  const element = formElement({ type: 'result', title: form.title, fields: [...typed(form), ...fields.values()] })
  return plus(element, ...answers.flatMap(({ elements = [] }) => elements))
}

const factsForm = ({ title }: CommandForm, { facts }: Facts): DataForm => ({
  type: 'result',
  title,
  fields: Object.entries(facts).map(([name, value]): FormField => {
    const lines = linesOf(value)
    return { var: name, label: name, type: lines.length > 1 ? 'text-multi' : 'text-single', values: lines }
  }),
})

const tableForm = ({ title }: CommandForm, { columns, rows }: Table): DataForm => ({
  type: 'result',
  title,
  fields: [],
  table: {
    reported: Object.entries(columns).map(([name, label]) => ({ var: name, label, type: 'text-single' })),
    items: rows.map(row => new Map(Object.entries(row).map(([name, value]) => [name, [value]]))),
  },
})
