import { argumentsOf } from '../core/commands.js'
import type { Arguments } from '../core/module.js'
import type { CommandSummary, Door } from './door.js'
import { nameOf } from './help.js'
import { readLines } from './lines.js'
import type { Terminal } from './terminal.js'

interface Batch {
  readonly command: CommandSummary
  readonly door: Door
  readonly terminal: Terminal
  /** What to tell an operator about a fault; undefined when it is not his to put right. */
  readonly sentenceOn: (fault: unknown) => string | undefined
}

/**
 * Runs a command for each line of standard input, many at a time, and gives the exit code. A line that cannot be done
 * is told on standard error with its number; the others are done all the same.
 */
export async function runBatch(batch: Batch): Promise<number> {
  const { command, terminal } = batch
  const tally = { done: 0, failed: 0 }
  const running = new Set<Promise<void>>()
  for await (const [number, line] of numbered(batch)) {
    const task = runLine(batch, line).then(problem => {
      running.delete(task)
      if (problem === undefined) tally.done++
      else tally.failed++
      if (problem !== undefined) terminal.stderr.write(`line ${number}: ${problem}\n`)
    })
    running.add(task)
    if (running.size >= AT_ONCE) await Promise.race(running)
  }
  await Promise.all(running)
  terminal.stdout.write(`${command.name}: ${tally.done} done, ${tally.failed} failed\n`)
  return tally.failed === 0 ? 0 : 1
}

/** Enough to keep the thread pool busy and to fill a commit; a server that does it for us has logins to do meanwhile. */
const AT_ONCE = 32
const MAX_LINE_BYTES = 64 * 1024

async function* numbered({ terminal }: Batch): AsyncGenerator<readonly [number: number, line: string]> {
  let number = 0
  for await (const line of readLines(terminal.stdin, MAX_LINE_BYTES)) {
    number++
    if (line !== '') yield [number, line]
  }
}

/** What was wrong. */
async function runLine({ command, door, sentenceOn }: Batch, line: string): Promise<string | undefined> {
  const args = split(line, command)
  if (!args) return `${Object.keys(command.args).map(nameOf).join(' and ')} were expected.`
  try {
    await door.run(command.name, args)
    return undefined
  } catch (fault) {
    const sentence = sentenceOn(fault)
    if (sentence === undefined) throw fault
    return sentence
  }
}

/** One space between two; the last takes all that is left, for a password may have spaces. */
function split(line: string, command: CommandSummary): Arguments | undefined {
  const args: [string, string][] = []
  const known = argumentsOf(command)
  let rest = line
  for (const [i, { name, optional }] of known.entries()) {
    if (rest === '' && optional) break
    const space = rest.indexOf(' ')
    const isLast = i === known.length - 1 || (space < 0 && known[i + 1]?.optional)
    const end = isLast ? rest.length : space
    if (end <= 0) return undefined
    args.push([name, rest.slice(0, end)])
    rest = rest.slice(end + 1)
  }
  return Object.fromEntries(args)
}
