import { type CommandSummary, SECRET } from './door.js'

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
  const args = Object.entries(command.args)
  return [
    `Usage: ${how} ${usageOf(command)} [OPTION]...`,
    '',
    command.doc,
    '',
    ...table([
      ...args.filter(([name]) => name !== SECRET).map(([name, doc]) => [nameOf(name), doc] as const),
      ...(SECRET in command.args ? PASSWORD_STDIN : []),
      ...(args.length > 0 ? ([['--batch', batch(args.map(([name]) => nameOf(name)))]] as const) : []),
      ...CONFIG,
    ]),
  ].join('\n')
}

const CONFIG = [
  ['--config FILE', 'The configuration: else parlance.yaml in this folder, or without that the defaults.'],
] as const

const PASSWORD_STDIN = [
  ['--password-stdin', 'Takes the password from the first line of standard input and does not ask for it.'],
] as const

const batch = (names: readonly string[]): string => `Does it for each line of standard input: ${names.join(' ')}`

export const usageOf = ({ name, args }: CommandSummary): string =>
  [
    name,
    ...Object.keys(args)
      .filter(arg => arg !== SECRET)
      .map(nameOf),
  ].join(' ')

export const nameOf = (arg: string): string => arg.toUpperCase()

function table(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
