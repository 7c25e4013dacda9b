import { argumentsOf, type KnownArgument } from '../core/commands.js'
import type { CommandSummary } from './door.js'

/** What is said about the program itself. */
export interface About {
  /** How it is called: `node dist/main.js`. */
  readonly how: string
  readonly version: string
}

/** What the program can do; or, under the first words of commands, what these can. */
export function helpOnAll(commands: readonly CommandSummary[], { how, version }: About, under = ''): string {
  return [
    ...(under === '' ? [`Parlance ${version}, an XMPP server.`, ''] : []),
    `Usage: ${how} ${under === '' ? 'COMMAND' : `${under} ...`} [OPTION]...`,
    '',
    ...table(commands.map(command => [usageOf(command), command.doc])),
    '',
    ...table([
      ...CONFIG,
      ['--help', `What there is to know about a command: ${how} ${commands.at(-1)?.name ?? ''} --help`],
      ...(under === '' ? [['--version', 'Which version this is.'] as const] : []),
    ]),
  ].join('\n')
}

/** What one command does. */
export function helpOn(command: CommandSummary, { how }: About): string {
  const args = argumentsOf(command)
  const visible = args.filter(({ type }) => type !== 'secret')
  return [
    `Usage: ${how} ${usageOf(command)} [OPTION]...`,
    '',
    command.doc,
    '',
    ...table([
      ...visible.map(arg => [writtenAs(arg), choicesIn(arg)] as const),
      ...(visible.length < args.length ? PASSWORD_STDIN : []),
      ...(isBatchable(command) ? ([['--batch', batch(args.map(({ name }) => nameOf(name)))]] as const) : []),
      ...CONFIG,
    ]),
  ].join('\n')
}

/** Whether it can be run for each line of a text: what is given by name is not in lines. */
export const isBatchable = (command: CommandSummary): boolean => {
  const args = argumentsOf(command)
  return args.length > 0 && args.every(({ named }) => named === undefined)
}

const CONFIG = [
  ['--config FILE', 'The configuration: else parlance.yaml in this folder, or without that the defaults.'],
] as const

const PASSWORD_STDIN = [
  ['--password-stdin', 'Takes the password from the first line of standard input and does not ask for it.'],
] as const

const batch = (names: readonly string[]): string => `Does it for each line of standard input: ${names.join(' ')}`

const choicesIn = ({ doc, of }: KnownArgument): string => (of.length > 0 ? `${doc}: ${of.join(', ')}` : doc)

export const usageOf = (command: CommandSummary): string =>
  [
    command.name,
    ...argumentsOf(command)
      .filter(({ type }) => type !== 'secret')
      .map(arg => (arg.optional ? `[${writtenAs(arg)}]` : writtenAs(arg))),
  ].join(' ')

const writtenAs = ({ name, named }: KnownArgument): string =>
  named === undefined ? nameOf(name) : `--${name} ${named}`.trimEnd()

export const nameOf = (arg: string): string => arg.toUpperCase()

function table(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
