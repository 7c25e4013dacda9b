/** The process of a server: started, awaited, stopped and killed by its id, with a log in its folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { accepts } from './ports.js'
import type { Place, Program, Server } from './server.js'

const START_MS = 30_000
const STOP_MS = 10_000

export class ServerProcess implements Server {
  readonly name
  readonly version
  readonly host
  readonly domain
  readonly ports
  readonly certificateFile
  readonly admin
  readonly component
  readonly #dir
  readonly #program
  readonly #log
  #child: ChildProcess | undefined
  readonly #endWithUs = () => void this.#child?.kill('SIGKILL')

  constructor(place: Place, program: Program) {
    this.name = program.name
    this.version = program.version
    this.host = place.host
    this.domain = place.domain
    this.ports = place.ports
    this.certificateFile = place.certificateFile
    this.admin = place.admin
    this.component = place.component
    this.#dir = place.dir
    this.#program = program
    this.#log = path.join(place.dir, 'server.log')
    process.on('exit', this.#endWithUs)
  }

  get certificate() {
    return readFileSync(this.certificateFile, 'utf8')
  }

  /** The process that runs, for those who look at it from outside. */
  get pid(): number | undefined {
    return this.#child && isRunning(this.#child) ? this.#child.pid : undefined
  }

  adduser(user: string, password: string) {
    return this.#program.adduser(user, password)
  }

  async restart(env: Readonly<NodeJS.ProcessEnv> = {}) {
    if (this.#child && isRunning(this.#child)) throw new Error(`${this.name} is still running`)
    const log = openSync(this.#log, 'a')
    const child = spawn(this.#program.command, this.#program.args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#program.env, ...env },
      cwd: this.#dir,
    })
    closeSync(log)
    this.#child = child
    await once(child, 'spawn')
    const ports = [this.ports.c2s, this.ports.c2sTls, ...(this.#program.ports ?? [])]
    await Promise.all(ports.map(port => this.#answers(port, child)))
  }

  async stop() {
    const child = this.#child
    if (!child || !isRunning(child)) return
    child.kill('SIGTERM')
    if (!(await exits(child, STOP_MS))) {
      throw new Error(`${this.name} is still there ${STOP_MS} ms after SIGTERM; its log ends:\n${this.logTail()}`)
    }
  }

  kill() {
    const child = this.#child
    if (!child || !isRunning(child)) throw new Error(`${this.name} is not running; its log ends:\n${this.logTail()}`)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    return gone.then(() => {})
  }

  logTail(lines = 30) {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
  }

  async dispose() {
    if (this.#child && isRunning(this.#child)) await this.kill()
    process.off('exit', this.#endWithUs)
    if (process.env.PARLANCE_TEST_KEEP) console.log(`      kept ${this.#dir}`)
    else await rm(this.#dir, { recursive: true, force: true })
  }

  /** A listening port cannot be awaited from outside, so ask until it answers. */
  async #answers(port: number, child: ChildProcess) {
    for (const deadline = Date.now() + START_MS; ; await pause(20)) {
      if (await accepts(port, this.host)) return
      if (!isRunning(child)) throw new Error(`${this.name} ended at its start:\n${this.logTail()}`)
      if (Date.now() > deadline) throw new Error(`${this.name} does not answer on port ${port}:\n${this.logTail()}`)
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
