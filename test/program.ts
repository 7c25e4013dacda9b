/** The program in a folder of its own, as its operator meets it: built, started and asked from a shell. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from './ports.js'
import { projectRoot } from './server-process.js'

/** As `npm run build` left it, or another one that is to be tried. */
const MAIN = process.env.PARLANCE_TEST_MAIN ?? path.join(projectRoot, 'dist/main.js')

/** A process of the program, and what it has said so far. */
export interface Seen {
  readonly child: ChildProcess
  out: string
  err: string
  /** Its exit code. */
  readonly ended: Promise<number>
}

export class ProgramFolder {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'parlance-cli-'))
  readonly #children = new Set<ChildProcess>()
  /** What its processes are started with. */
  readonly env: NodeJS.ProcessEnv = { ...process.env }

  constructor() {
    assert.ok(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`)
  }

  file(name: string): string {
    return path.join(this.folder, name)
  }

  dataFile(name: string): string {
    return this.file(path.join('data', name))
  }

  /** Writes a configuration with ports that are free. */
  async configure(more = ''): Promise<{ readonly c2s: number; readonly c2sTls: number }> {
    const [c2s = 0, c2sTls = 0] = await freePorts(2)
    writeFileSync(
      this.file('parlance.yaml'),
      `listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}" }\n${more}\n`,
    )
    return { c2s, c2sTls }
  }

  launch(...args: readonly string[]): Seen {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: this.folder, stdio: 'pipe', env: this.env })
    const seen = { child, out: '', err: '', ended: once(child, 'close').then(([code]) => Number(code)) }
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    child.stdout.setEncoding('utf8').on('data', text => (seen.out += text))
    child.stderr.setEncoding('utf8').on('data', text => (seen.err += text))
    child.stdin.on('error', () => {}) // it need not read
    return seen
  }

  /** Runs it to its end. Words are separated by one space. */
  async run(line: string | readonly string[], input = '') {
    const seen = this.launch(...(typeof line === 'string' ? line.split(' ') : line))
    seen.child.stdin?.end(input)
    const code = await seen.ended
    return { code, out: seen.out, err: seen.err }
  }

  /** Starts a server and waits until it says that it runs. */
  async start(): Promise<Seen> {
    const seen = this.launch('start')
    await this.says(seen, 'out', /is running/)
    return seen
  }

  /** Waits until a process has said something, in the part that was not there before. */
  async says(seen: Seen, where: 'out' | 'err', what: RegExp, from = 0): Promise<void> {
    const stream = where === 'out' ? seen.child.stdout : seen.child.stderr
    assert.ok(stream)
    while (!what.test(seen[where].slice(from))) {
      const ended: number | undefined = await Promise.race([seen.ended, once(stream, 'data').then(() => undefined)])
      assert.equal(ended, undefined, seen.err)
    }
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    }
    rmSync(this.folder, { recursive: true })
  }
}
