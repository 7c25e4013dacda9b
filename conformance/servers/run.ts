import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'

/** The folder with package.json, wherever this file was compiled to. */
export const projectRoot = (() => {
  let dir = import.meta.dirname
  while (!existsSync(path.join(dir, 'package.json'))) dir = path.dirname(dir)
  return dir
})()

/** Runs a program to its end, and gives what it printed; fails with that unless it exits with 0. */
export async function run(command: string, args: readonly string[], input = '', env = process.env): Promise<string> {
  const child = spawn(command, args, { stdio: 'pipe', env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text))
  child.stdin.on('error', () => {}) // it may exit without having read; its exit code says what of
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}
