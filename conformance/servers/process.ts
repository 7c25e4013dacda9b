/** A process of our own: started, awaited, stopped and killed by its id, with a log in its folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { accepts } from './ports.js'

const START_MS = 30_000
const STOP_MS = 10_000

/** What is to run. */
export interface Runnable {
  /** For messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Besides what this process has. */
  readonly env?: Readonly<NodeJS.ProcessEnv>
  /** Its own folder: where it runs and its log is. */
  readonly dir: string
  readonly host: string
  /** Those that answer when it is up. */
  readonly ports: readonly number[]
}

export class OwnProcess {
  readonly #runnable
  readonly #log
  #child: ChildProcess | undefined
  readonly #endWithUs = () => void this.#child?.kill('SIGKILL')

  constructor(runnable: Runnable) {
    this.#runnable = runnable
    this.#log = path.join(runnable.dir, 'server.log')
    process.on('exit', this.#endWithUs)
  }

  /** The process that runs, for those who look at it from outside. */
  get pid(): number | undefined {
    return this.#child && isRunning(this.#child) ? this.#child.pid : undefined
  }

  /** Starts it, or starts again what was stopped or killed; `env` is for this time only. */
  async restart(env: Readonly<NodeJS.ProcessEnv> = {}) {
    const { name, command, args, dir, ports } = this.#runnable
    if (this.#child && isRunning(this.#child)) throw new Error(`${name} is still running`)
    const log = openSync(this.#log, 'a')
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#runnable.env, ...env },
      cwd: dir,
    })
    closeSync(log)
    this.#child = child
    await once(child, 'spawn')
    await Promise.all(ports.map(port => this.#answers(port, child)))
  }

  /** SIGTERM; fails when the process is not gone in time. */
  async stop() {
    const child = this.#child
    if (!child || !isRunning(child)) return
    child.kill('SIGTERM')
    if (!(await exits(child, STOP_MS))) {
      throw new Error(
        `${this.#runnable.name} is still there ${STOP_MS} ms after SIGTERM; its log ends:\n${this.logTail()}`,
      )
    }
  }

  /** SIGKILL, sent before this returns. */
  kill() {
    const child = this.#child
    if (!child || !isRunning(child))
      throw new Error(`${this.#runnable.name} is not running; its log ends:\n${this.logTail()}`)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    return gone.then(() => {})
  }

  /** The end of what it wrote to its log. */
  logTail(lines = 30) {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
  }

  /** Ends the process, whatever it does, and removes its files. */
  async dispose() {
    if (this.#child && isRunning(this.#child)) await this.kill()
    process.off('exit', this.#endWithUs)
    if (process.env.PARLANCE_TEST_KEEP) console.log(`      kept ${this.#runnable.dir}`)
    else await rm(this.#runnable.dir, { recursive: true, force: true })
  }

  /** A listening port cannot be awaited from outside, so ask until it answers. */
  async #answers(port: number, child: ChildProcess) {
    for (const deadline = Date.now() + START_MS; ; await pause(20)) {
      if (await accepts(port, this.#runnable.host)) return
      if (!isRunning(child)) throw new Error(`${this.#runnable.name} ended at its start:\n${this.logTail()}`)
      if (Date.now() > deadline)
        throw new Error(`${this.#runnable.name} does not answer on port ${port}:\n${this.logTail()}`)
    }
  }
}

const isRunning = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null

async function exits(child: ChildProcess, withinMs: number): Promise<boolean> {
  if (!isRunning(child)) return true
  const waiting = new AbortController()
  const gone = once(child, 'exit', { signal: waiting.signal }).then(
    () => true,
    () => false,
  )
  const timer = setTimeout(() => waiting.abort(), withinMs)
  const result = await gone
  clearTimeout(timer)
  return result
}
