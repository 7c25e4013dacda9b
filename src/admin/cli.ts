import { parseArgs } from 'node:util'
import { argumentsOf, type KnownArgument, readArguments } from '../core/commands.js'
import type { Arguments } from '../core/module.js'
import { runBatch } from './batch.js'
import type { CommandSummary, Door } from './door.js'
import { type About, helpOn, helpOnAll, isBatchable, nameOf } from './help.js'
import { askNewPassword, readPassword } from './password.js'
import { Interrupted, type Terminal, UsageError } from './terminal.js'

/** What the program does itself, and is no command of a running server. */
export interface OwnCommand extends CommandSummary {
  /** Its exit code. */
  act(config: string | undefined, args: Arguments): Promise<number>
}

export interface Program extends About {
  readonly own: readonly OwnCommand[]
  /** The commands that need no server. */
  readonly offline: readonly CommandSummary[]
  /** To the running server, or past it when none runs. */
  openDoor(config: string | undefined): Promise<Door>
  /** What to tell an operator about a fault; undefined when it is not his to put right. */
  sentenceOn(fault: unknown): string | undefined
}

/** Does what the command line asks for, and gives the exit code: 1 when it cannot be done, 2 when it makes no sense. */
export async function runCli(argv: readonly string[], program: Program, terminal: Terminal): Promise<number> {
  try {
    return await run(argv, program, terminal)
  } catch (fault) {
    if (fault instanceof Interrupted) return 130 // as a shell says it
    if (fault instanceof UsageError) {
      const hint = [program.how, ...fault.about, '--help'].join(' ')
      terminal.stderr.write(`${fault.message}\nMore: ${hint}\n`)
      return 2
    }
    terminal.stderr.write(`${program.sentenceOn(fault) ?? `A fault of Parlance: ${stackOf(fault)}`}\n`)
    return 1
  }
}

const stackOf = (fault: unknown): string => (fault instanceof Error ? (fault.stack ?? fault.message) : String(fault))

interface Line {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

/** A line for which there is no command yet: what only some commands know may be in it. */
function sketch(argv: readonly string[]): Line {
  const { positionals, values } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
  })
  return { words: positionals, options: values }
}

/** The line as this command takes it. Throws a UsageError for options that are none. */
function parse(argv: readonly string[], command?: CommandSummary): Line {
  const named = command ? argumentsOf(command).filter(({ named }) => named !== undefined) : []
  const own = named.map(({ name, type }) => [name, { type: type === 'flag' ? 'boolean' : 'string' }] as const)
  try {
    const options = { ...Object.fromEntries(own), ...OPTIONS }
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true })
    return { words: positionals, options: values }
  } catch (fault) {
    // Node says it in several sentences
    const [sentence] = fault instanceof Error ? fault.message.split(/\. |\n/) : []
    throw new UsageError(`${sentence}.`)
  }
}

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  batch: { type: 'boolean' },
  'password-stdin': { type: 'boolean' },
} as const

async function run(argv: readonly string[], program: Program, terminal: Terminal): Promise<number> {
  const { words, options } = sketch(argv)
  const print = (text: string) => {
    if (text !== '') terminal.stdout.write(`${text}\n`)
    return 0
  }
  if (options.version) return print(program.version)
  if (options.help) return print(await help({ words, options }, program))
  if (words.length === 0) {
    parse(argv)
    throw new UsageError('A command was expected.')
  }
  const own = match(program.own, words)
  if (own) {
    const line = parse(argv, own)
    refuseOptions(own, line)
    return own.act(configIn(line), readArguments(own, await argumentsIn(own, line, terminal)))
  }
  if (options.config === true) parse(argv) // which says that something is missing
  const door = await program.openDoor(configIn({ options }))
  try {
    const command = match(door.commands, words) ?? missing(words, door)
    const line = parse(argv, command)
    refuseOptions(command, line)
    if (line.options.batch) {
      refuseWords({ ...command, args: {} }, line.words)
      return await runBatch({ command, door, terminal, sentenceOn: program.sentenceOn })
    }
    return print(await door.run(command.name, await argumentsIn(command, line, terminal)))
  } finally {
    await door.close()
  }
}

const configIn = ({ options: { config } }: Pick<Line, 'options'>): string | undefined =>
  typeof config === 'string' ? config : undefined

async function help({ words, options }: Line, program: Program): Promise<string> {
  const commands = [...program.own, ...(await knownCommands(program, configIn({ options })))]
  if (words.length === 0) return helpOnAll(commands, program)
  const command = match(commands, words)
  if (command) return helpOn(command, program)
  const group = commands.filter(({ name }) => name.startsWith(`${words.join(' ')} `))
  if (group.length === 0) throw new UsageError(`There is no command "${words.join(' ')}".`)
  return helpOnAll(group, program, words.join(' '))
}

/** A running server may know more than we do. Help is given in any case, even if the configuration is what is broken. */
async function knownCommands(program: Program, config: string | undefined): Promise<readonly CommandSummary[]> {
  try {
    const door = await program.openDoor(config)
    await door.close()
    return door.commands
  } catch {
    return program.offline
  }
}

/** The command with these first words; the longest name wins. */
function match<C extends CommandSummary>(commands: readonly C[], words: readonly string[]): C | undefined {
  const line = `${words.join(' ')} `
  const fitting = commands.filter(({ name }) => line.startsWith(`${name} `))
  return fitting.sort((a, b) => b.name.length - a.name.length)[0]
}

function missing(words: readonly string[], door: Door): never {
  const said = words.join(' ')
  const next = door.commands.flatMap(({ name }) => (name.startsWith(`${said} `) ? [name.slice(said.length + 1)] : []))
  if (next.length > 0)
    throw new UsageError(`"${said}" was found, after which one of ${next.join(', ')} was expected.`, words)
  const why = door.toServer ? '' : ' among those that work while no server is running'
  throw new UsageError(`There is no command "${said}"${why}.`)
}

async function argumentsIn(command: CommandSummary, line: Line, terminal: Terminal): Promise<Arguments> {
  refuseWords(command, line.words)
  const words = argumentWords(command, line.words)
  const inPlace = placed(command).map(({ name }, i) => [name, words[i]] as const)
  const byName = argumentsOf(command).flatMap(({ name, named }) => {
    const value = line.options[name]
    return named === undefined || value === undefined ? [] : [[name, String(value)] as const]
  })
  const given = new Map(
    [...inPlace, ...byName].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  for (const { name, type, optional, named } of argumentsOf(command)) {
    if (given.has(name) || optional || type === 'secret') continue
    const written = named === undefined ? nameOf(name) : `--${name}`
    throw new UsageError(`${command.name}: ${written} is missing.`, [command.name])
  }
  const secret = secretOf(command)
  if (secret) given.set(secret.name, await askFor(command, line, terminal))
  return Object.fromEntries(given)
}

async function askFor(command: CommandSummary, { options }: Line, terminal: Terminal): Promise<string> {
  if (options['password-stdin']) return readPassword(terminal)
  if (terminal.stdin.isTTY) return askNewPassword(terminal)
  throw new UsageError(
    `${command.name}: there is no terminal to ask for a password at, --password-stdin was expected.`,
    [command.name],
  )
}

const secretOf = (command: CommandSummary): KnownArgument | undefined =>
  argumentsOf(command).find(({ type }) => type === 'secret')

/** The arguments that are written in their places. */
const placed = (command: CommandSummary): readonly KnownArgument[] =>
  argumentsOf(command).filter(({ type, named }) => type !== 'secret' && named === undefined)

const argumentWords = ({ name }: CommandSummary, words: readonly string[]): readonly string[] =>
  words.slice(name.split(' ').length)

function refuseWords(command: CommandSummary, words: readonly string[]): void {
  const tooMany = argumentWords(command, words).length - placed(command).length
  if (tooMany <= 0) return
  // not said again: it may be a password, which is no secret any more once it is on a screen or in a log
  const reason = secretOf(command) ? '; a password is never taken from the command line' : ''
  throw new UsageError(`${command.name}: one argument too many${reason}.`, [command.name])
}

function refuseOptions(command: CommandSummary, { options }: Line): void {
  const refuse = (option: string) => {
    throw new UsageError(`${command.name}: --${option} means nothing here.`, [command.name])
  }
  if (options['password-stdin'] && (!secretOf(command) || options.batch)) refuse('password-stdin')
  if (options.batch && !isBatchable(command)) refuse('batch')
}
