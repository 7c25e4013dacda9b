/** The server that is attacked, and what has to hold whatever is done to it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { launch, SERVERS } from '../servers/index.js'
import type { Place, Program } from '../servers/server.js'
import type { ServerProcess } from '../servers/server-process.js'
import { stageOf } from '../servers/stage.js'
import { inBand } from '../wire/accounts.js'
import type { Transport } from '../wire/link.js'
import type { Stage } from '../wire/player.js'
import { Canary } from './canary.js'

/** What it may hold more than before the attacks, in MiB: garbage that is not collected yet included. */
const GROWTH = 100

/** How long the slowest song of the canaries may take, in milliseconds: the machine is shared with the attackers. */
const SLOWEST = 2000

/** What it may have on its heap, in MiB: with more it would put off to collect what is garbage already. */
const HEAP = 96

/** What a bug of its own looks like. */
export const BUG = /TypeError|RangeError|ReferenceError|uncaught|unhandled|internal-server-error/i

export interface Terms {
  readonly transport?: Transport
  /** Sections of its configuration, put over what it has. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** How many descriptors it may have. */
  readonly descriptors?: number
}

export class Target {
  readonly server: ServerProcess
  readonly stage: Stage
  readonly #canary: Canary
  readonly #pid: number | undefined
  readonly #atFirst: number

  private constructor(server: ServerProcess, stage: Stage, canary: Canary) {
    this.server = server
    this.stage = stage
    this.#canary = canary
    this.#pid = server.pid
    this.#atFirst = this.memory
  }

  static async start({ transport = 'starttls', config = {}, descriptors }: Terms = {}): Promise<Target> {
    const configure = async (place: Place): Promise<Program> => {
      const program = await SERVERS.parlance.configure(place)
      await change(path.join(place.dir, 'parlance.yaml'), config)
      const held = { ...program, env: { ...program.env, NODE_OPTIONS: `--max-old-space-size=${HEAP}` } }
      return descriptors === undefined ? held : limited(held, descriptors)
    }
    const server = await launch(configure, { requireTls: true })
    const stage = stageOf(server, transport)
    const canary = await Canary.hatch(stage.address, inBand(stage.address))
    await canary.sing()
    return new Target(server, stage, canary)
  }

  /** Resident, in MiB. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.server.pid}/status`, 'utf8')
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
    return Number(kib) / 1024
  }

  /** Attacks while the canaries sing; afterwards the server is the same and has not grown. */
  async withstands<T>(attack: () => Promise<T>): Promise<T> {
    const attacked = attack()
    const slowest = await this.#singUntil(attacked)
    const outcome = await attacked
    await this.#canary.sing()
    assert.ok(this.server.pid !== undefined && this.server.pid === this.#pid, `it is gone:\n${this.server.logTail()}`)
    assert.ok(slowest < SLOWEST, `others waited for ${Math.round(slowest)} ms`)
    const grown = this.memory - this.#atFirst
    assert.ok(grown < GROWTH, `it holds ${Math.round(grown)} MiB more than before`)
    return outcome
  }

  /** How long the slowest song took, in milliseconds. */
  async #singUntil(attacked: Promise<unknown>): Promise<number> {
    let isOver = false
    const over = attacked.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    let slowest = 0
    try {
      do {
        const start = performance.now()
        await this.#canary.sing()
        slowest = Math.max(slowest, performance.now() - start)
        await Promise.race([over, new Promise(resolve => setTimeout(resolve, 20))])
      } while (!isOver)
      return slowest
    } catch (fault) {
      await over
      await this.#canary.calm().catch(() => {}) // for what is to come; this has failed
      throw fault
    }
  }

  /** What its log says of bugs of its own. */
  get bugs(): readonly string[] {
    return this.server
      .logTail(100_000)
      .split('\n')
      .filter(line => BUG.test(line))
  }

  async dispose(): Promise<void> {
    this.#canary.fly()
    await this.server.dispose()
  }
}

async function change(file: string, sections: Required<Terms>['config']): Promise<void> {
  const config = parse(await readFile(file, 'utf8'))
  for (const [name, section] of Object.entries(sections)) config[name] = merged(config[name], section)
  await writeFile(file, stringify(config))
}

const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function merged(before: unknown, change: unknown): unknown {
  if (!isSection(before) || !isSection(change)) return change
  const entries = Object.entries(change).map(([name, value]) => [name, merged(before[name], value)])
  return { ...before, ...Object.fromEntries(entries) }
}

const limited = (program: Program, descriptors: number): Program => ({
  ...program,
  command: 'sh',
  args: ['-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, program.command, ...program.args],
})
