import readline from 'node:readline'
import { Writable } from 'node:stream'
import { CommandError } from '../core/module.js'
import { readLines } from './lines.js'
import type { Terminal } from './terminal.js'
import { Interrupted } from './terminal.js'

/** Asks for a new password, twice, for nobody can see what is typed. */
export async function askNewPassword(terminal: Terminal): Promise<string> {
  const password = await ask(terminal, 'Password: ')
  if ((await ask(terminal, 'Once more: ')) !== password) throw new CommandError('The two passwords differ.')
  return password
}

/** A password that a program hands over: the first line of standard input. */
export async function readPassword({ stdin }: Terminal): Promise<string> {
  for await (const line of readLines(stdin, MAX_BYTES)) return line
  throw new CommandError('The password was expected on standard input, and nothing came.')
}

const MAX_BYTES = 64 * 1024

/** Asks on standard error, since what standard output gets may be going to a file. */
function ask({ stdin, stderr }: Terminal, prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // the echo is readline's doing: the terminal itself does not echo while readline has it
    const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = readline.createInterface({ input: stdin, output: silence, terminal: true, historySize: 0 })
    const finish = (settle: () => void) => {
      lines.off('close', onClose)
      lines.close()
      stderr.write('\n')
      settle()
    }
    const onClose = () => finish(() => reject(new CommandError('No password was given.')))
    lines.once('line', line => finish(() => resolve(line)))
    lines.once('SIGINT', () => finish(() => reject(new Interrupted())))
    lines.once('close', onClose)
    stderr.write(prompt)
  })
}
