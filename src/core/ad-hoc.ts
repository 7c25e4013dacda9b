import type { Element } from '../xml/index.js'
import type { Answers, DataForm, FormField } from '../xmpp/forms/index.js'
import type { Jid } from '../xmpp/jid.js'
import type { Awaitable } from './awaitable.js'
import type { Arguments } from './module.js'

/** A command as clients meet it: forms, one after the other, and an outcome. XEP-0050 */
export interface AdHocCommand {
  /** What it is known by: unique in the server. */
  readonly node: string
  /** For people, in a list of commands. */
  readonly name: string
  /** Whether it is shown to somebody, and may be run by them. */
  mayRun(by: Jid): Awaitable<boolean>
  /** The first stage. It and all that follow throw a StanzaError to refuse, or a CommandError. */
  begin(asked: Asked): Awaitable<Stage>
}

export interface Asked {
  /** Who runs it: a full JID. */
  readonly from: Jid
  /** Whom it was sent to: a domain, or the bare JID of who runs it. */
  readonly to: Jid
}

/** Where a command has come to. */
export type Stage = Question | Outcome

/** It needs to know something before it can go on. At least one of the two ways has to be there. */
export interface Question {
  readonly form: DataForm
  readonly notes?: readonly Note[]
  /** Goes on to a further stage. */
  readonly next?: (answers: Answers) => Awaitable<Stage>
  /** Goes to the end. */
  readonly complete?: (answers: Answers) => Awaitable<Stage>
}

/** It is over. One that has failed says so in a note of type `error` (§3.6). */
export interface Outcome {
  readonly payload?: readonly Element[]
  readonly notes?: readonly Note[]
}

/** XEP-0050 §4.3 */
export interface Note {
  readonly type: 'info' | 'warn' | 'error'
  readonly text: string
}

/**
 * How a command looks to clients where a specification has settled that, as XEP-0133 has. One that has none looks like
 * its arguments.
 */
export interface CommandForm {
  readonly node: string
  readonly name: string
  readonly title: string
  readonly instructions: string
  /** The namespace of the fields' names. XEP-0068 */
  readonly formType: string
  /** What is asked for, in order; when it is nothing, the command is run at once. */
  readonly fields: readonly CommandField[]
  /** Arguments that nobody is asked for, for a domain. */
  readonly given?: (domain: string) => Arguments
  /** What stands in the fields to begin with, by their names. */
  readonly initial?: (domain: string) => Awaitable<Readonly<Record<string, readonly string[]>>>
}

export interface CommandField extends FormField {
  readonly var: string
  /**
   * The argument that it is for. The lines of a field of several are one argument; several addresses for an argument
   * that is one address run the command for each of them.
   */
  readonly arg?: string
  /** Instead of being for an argument: it has to say the same as this other field. */
  readonly repeats?: string
}

/** What a command answers where a specification has settled how: fields with names, and whatever else belongs to them. */
export interface Answer {
  readonly fields: readonly AnswerField[]
  readonly elements?: readonly Element[]
}

export interface AnswerField extends FormField {
  readonly var: string
  readonly label: string
  readonly values: readonly string[]
}
