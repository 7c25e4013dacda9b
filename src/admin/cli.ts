import { parseArgs } from 'node:util'
import type { Arguments } from '../core/module.js'
import { runBatch } from './batch.js'
import { type CommandSummary, type Door, SECRET } from './door.js'
import { type About, helpOn, helpOnAll, nameOf } from './help.js'
import { askNewPassword, readPassword } from './password.js'
import { Interrupted, type Terminal, UsageError } from './terminal.js'

/** What the program does itself, and is no command of a running server. */
export interface OwnCommand extends CommandSummary {
  readonly args: Readonly<Record<string, never>>
  /** Its exit code. */
  act(config: string | undefined): Promise<number>
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
    return await run(parse(argv), program, terminal)
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
  readonly options: {
    readonly config?: string
    readonly help?: boolean
    readonly version?: boolean
    readonly batch?: boolean
    readonly 'password-stdin'?: boolean
  }
}

function parse(argv: readonly string[]): Line {
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
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

async function run(line: Line, program: Program, terminal: Terminal): Promise<number> {
  const { words, options } = line
  const print = (text: string) => {
    if (text !== '') terminal.stdout.write(`${text}\n`)
    return 0
  }
  if (options.version) return print(program.version)
  if (options.help) return print(await help(line, program))
  if (words.length === 0) throw new UsageError('A command was expected.')
  const own = match(program.own, words)
  if (own) {
    refuseWords(own, words)
    refuseOptions(own, line)
    return own.act(options.config)
  }

  const door = await program.openDoor(options.config)
  try {
    const command = match(door.commands, words) ?? missing(words, door)
    refuseOptions(command, line)
    if (options.batch) {
      refuseWords({ ...command, args: {} }, words)
      return await runBatch({ command, door, terminal, sentenceOn: program.sentenceOn })
    }
    return print(await door.run(command.name, await argumentsOf(command, line, terminal)))
  } finally {
    await door.close()
  }
}

async function help({ words, options }: Line, program: Program): Promise<string> {
  const commands = [...program.own, ...(await knownCommands(program, options.config))]
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

async function argumentsOf(command: CommandSummary, line: Line, terminal: Terminal): Promise<Arguments> {
  refuseWords(command, line.words)
  const words = argumentWords(command, line.words)
  const named = openArguments(command).map((name, i) => {
    const word = words[i]
    if (word === undefined) throw new UsageError(`${command.name}: ${nameOf(name)} is missing.`, [command.name])
    return [name, word] as const
  })
  if (!(SECRET in command.args)) return Object.fromEntries(named)
  return { ...Object.fromEntries(named), [SECRET]: await secretOf(command, line, terminal) }
}

async function secretOf(command: CommandSummary, { options }: Line, terminal: Terminal): Promise<string> {
  if (options['password-stdin']) return readPassword(terminal)
  if (terminal.stdin.isTTY) return askNewPassword(terminal)
  throw new UsageError(
    `${command.name}: there is no terminal to ask for a password at, --password-stdin was expected.`,
    [command.name],
  )
}

const openArguments = ({ args }: CommandSummary): readonly string[] => Object.keys(args).filter(arg => arg !== SECRET)

const argumentWords = ({ name }: CommandSummary, words: readonly string[]): readonly string[] =>
  words.slice(name.split(' ').length)

function refuseWords(command: CommandSummary, words: readonly string[]): void {
  const tooMany = argumentWords(command, words).length - openArguments(command).length
  if (tooMany <= 0) return
  // not said again: it may be a password, which is no secret any more once it is on a screen or in a log
  const reason = SECRET in command.args ? '; a password is never taken from the command line' : ''
  throw new UsageError(`${command.name}: one argument too many${reason}.`, [command.name])
}

function refuseOptions({ name, args }: CommandSummary, { options }: Line): void {
  const refuse = (option: string) => {
    throw new UsageError(`${name}: --${option} means nothing here.`, [name])
  }
  if (options['password-stdin'] && (!(SECRET in args) || options.batch)) refuse('password-stdin')
  if (options.batch && Object.keys(args).length === 0) refuse('batch')
}
