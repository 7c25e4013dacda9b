import { escapeLocal } from '../xmpp/escaping.js'
import { JidError, parseJid, tryParseJid } from '../xmpp/jid.js'
import type { Answer } from './ad-hoc.js'
import {
  type Argument,
  type Arguments,
  type ArgumentType,
  type Command,
  CommandError,
  type Part,
  type Result,
  type Table,
} from './module.js'

/** The name of an argument that is secret even if nothing is said about it. */
const SECRET = 'password'

/** An argument with all that there is to know about it. */
export interface KnownArgument {
  readonly name: string
  readonly doc: string
  readonly type: ArgumentType
  readonly optional: boolean
  readonly of: readonly string[]
  /** What stands for it on a command line behind its name; undefined when it stands in its place. A flag has its name only. */
  readonly named: string | undefined
}

/** The arguments of a command, in order. */
export const argumentsOf = ({ args }: Pick<Command, 'args'>): readonly KnownArgument[] =>
  Object.entries(args).map(([name, described]) => {
    const written: Argument = typeof described === 'string' ? { doc: described } : described
    const { doc, type = name === SECRET ? 'secret' : 'text', of = [], optional = type === 'flag' } = written
    return { name, doc, type, of, optional, named: type === 'flag' ? '' : written.named }
  })

/**
 * What a command is given, checked: addresses are prepared, and nothing is there that was left empty and may be. Throws
 * a CommandError with a sentence about the first argument that is missing or cannot be what it is.
 */
export function readArguments(command: Pick<Command, 'name' | 'args'>, given: Arguments): Arguments {
  const known = argumentsOf(command)
  const unknown = Object.keys(given).find(name => !Object.hasOwn(command.args, name))
  if (unknown !== undefined) throw new CommandError(`${command.name} takes no ${unknown}.`)
  const read = known.flatMap(argument => {
    const written = Object.hasOwn(given, argument.name) ? given[argument.name] : undefined
    // an empty secret is one that was given, and the command says what is wrong with it
    if (written === undefined || (written === '' && argument.type !== 'secret')) {
      if (argument.optional) return []
      throw new CommandError(`${command.name}: ${argument.name} is missing, ${argument.doc}.`)
    }
    const value = readArgument(argument, written)
    return value === undefined ? [] : [[argument.name, value] as const]
  })
  return Object.fromEntries(read)
}

/** Its value; undefined for a flag that is not set. */
function readArgument({ name, type, of }: KnownArgument, written: string): string | undefined {
  const refuse = (expected: string): never => {
    throw new CommandError(`"${written}" was found for ${name}, ${expected} was expected.`)
  }
  if (of.length > 0 && !of.includes(written)) return refuse(`one of ${of.join(', ')}`)
  if (type === 'jid') return readAddress(written)
  if (type === 'integer') return /^\d{1,15}$/.test(written) ? String(Number(written)) : refuse('a whole number')
  if (type === 'text' && /[\r\n]/.test(written)) return refuse('one line')
  // as forms write them (XEP-0004 §3.2)
  if (type !== 'flag') return written
  if (['true', '1'].includes(written)) return 'true'
  return ['false', '0'].includes(written) ? undefined : refuse('true or false')
}

function readAddress(written: string): string {
  try {
    return parseJid(written).toString()
  } catch (fault) {
    if (!(fault instanceof JidError)) throw fault
    const escaped = escapedAddress(written)
    const hint = escaped === undefined ? '' : `, but ${escaped} is one (XEP-0106)`
    throw new CommandError(`"${written}" is no address such as romeo@example.org: ${fault.message}${hint}.`)
  }
}

/**
 * The address that a client would make of what somebody has typed. We only tell of it: addresses are taken and shown in
 * one form here, the escaped one, so that what was shown can be typed again.
 */
function escapedAddress(written: string): string | undefined {
  const at = written.lastIndexOf('@')
  const local = at < 0 ? undefined : escapeLocal(written.slice(0, at))
  return local && tryParseJid(`${local}${written.slice(at)}`)?.toString()
}

/** What may stand in a log. */
export function withoutSecrets(command: Pick<Command, 'args'>, args: Arguments): Arguments {
  const open = argumentsOf(command).filter(({ name, type }) => type !== 'secret' && Object.hasOwn(args, name))
  return Object.fromEntries(open.map(({ name }) => [name, args[name] ?? '']))
}

/** A command of this name. Throws a CommandError when there is none. */
export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find(command => command.name === name)
  if (!command) throw new CommandError(`There is no command "${name}".`)
  return command
}

/** The parts of a result, in order. */
export const partsOf = (result: Result): readonly Part[] =>
  typeof result === 'string' || 'columns' in result || 'facts' in result || 'fields' in result ? [result] : result

/** A result as text for a terminal: columns are aligned, and parts have an empty line between them. */
export const renderResult = (result: Result): string =>
  partsOf(result)
    .map(renderPart)
    .filter(text => text !== '')
    .join('\n\n')

function renderPart(part: Part): string {
  if (typeof part === 'string') return part
  if ('facts' in part) return aligned(Object.entries(part.facts))
  if ('fields' in part) return renderAnswer(part)
  const { columns, rows } = part
  if (rows.length === 0) return ''
  return aligned([Object.values(columns), ...rows.map(row => cellsOf(row, columns))])
}

/** One field is its lines; several have their labels before them. */
function renderAnswer({ fields }: Answer): string {
  const [only] = fields
  if (only && fields.length === 1) return only.values.join('\n')
  return aligned(fields.flatMap(({ label, values }) => values.map((value, i) => [i === 0 ? label : '', value])))
}

const cellsOf = (row: Table['rows'][number], columns: Table['columns']): readonly string[] =>
  Object.keys(columns).map(name => row[name] ?? '')

/** Two spaces between columns, nothing at the ends of lines. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => lengthOf(row[column] ?? ''))))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => `${cell}${' '.repeat((widths[column] ?? 0) - lengthOf(cell))}`).join('  ')
  return rows.map(row => line(row).trimEnd()).join('\n')
}

/** In characters as people count them. */
const lengthOf = (text: string): number => [...text].length
