/** Drives one program of a library, and stands for the people in it. */
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Answer, Arguments, Happening, Json, Refusal } from './protocol.js'

const PATIENCE_MS = 10_000

/** What starts a program. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<NodeJS.ProcessEnv>
}

/** The server has said no. */
export class Refused extends Error {
  constructor(
    readonly refusal: Refusal,
    what: string,
  ) {
    super(`${what} was refused: ${refusal.type ?? ''} ${refusal.condition}`)
  }
}

export class Program {
  readonly name
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers = new Map<number, Answer>()
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #happened: Happening[] = []
  #complaints = ''
  #orders = 0

  constructor(name: string, { command, args, env }: Launch) {
    this.name = name
    this.#child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } })
    createInterface({ input: this.#child.stdout }).on('line', line => this.#read(line))
    this.#child.stderr.setEncoding('utf8').on('data', text => (this.#complaints += text))
    this.#child.stdin.on('error', () => {}) // told by the answer that is missing then
    this.#child.once('exit', () => this.#changes.emit('change'))
  }

  /** Resolves when it takes orders. */
  async ready(): Promise<void> {
    await this.next('', 'ready', () => true)
  }

  /** Gives the result of an order; throws a `Refused` when the server said no. */
  async do(who: string, verb: string, args: Arguments = {}): Promise<Json | undefined> {
    const number = ++this.#orders
    this.#child.stdin.write(`${JSON.stringify({ ...args, number, who, do: verb })}\n`)
    const answer = await this.#until(`an answer to "${verb}" of ${who}`, () => this.#answers.get(number))
    this.#answers.delete(number)
    if (answer.refused) throw new Refused(answer.refused, verb)
    if (answer.fault !== undefined)
      throw new Error(`${who} cannot ${verb} by ${this.name}: ${answer.fault}\n${this.#complaints}`)
    return answer.result
  }

  /** Takes the first happening that fits, now or when it comes. */
  next(who: string, event: string, fits: (happening: Happening) => boolean): Promise<Happening> {
    return this.#until(`"${event}" for ${who}`, () => {
      const found = this.#happened.find(h => h.who === who && h.event === event && fits(h))
      if (found) this.#happened = this.#happened.filter(happening => happening !== found)
      return found
    })
  }

  /** What has happened so far and was not taken. */
  untaken(who: string, event: string): readonly Happening[] {
    return this.#happened.filter(happening => happening.who === who && happening.event === event)
  }

  /** Ends the process, which logs everybody out when its input ends. */
  async end(): Promise<void> {
    if (this.#hasEnded()) return
    const gone = once(this.#child, 'exit')
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000)
    await gone
    clearTimeout(timer)
  }

  #hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async #until<T>(what: string, find: () => T | undefined): Promise<T> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      const evidence = () => `\nnot taken yet: ${JSON.stringify(this.#happened)}\n${this.#complaints}`
      if (this.#hasEnded()) throw new Error(`${this.name} has ended without ${what}${evidence()}`)
      await once(this.#changes, 'change', { signal }).catch(cause => {
        throw new Error(`${this.name} waited ${PATIENCE_MS / 1000} s in vain for ${what}${evidence()}`, { cause })
      })
    }
  }

  #read(line: string) {
    const fact: Happening | Answer = JSON.parse(line) // our own programs write nothing else
    if ('event' in fact) this.#happened.push(fact)
    else this.#answers.set(fact.number, fact)
    this.#changes.emit('change')
  }
}

/** How a person reaches the server. */
export type Way = Arguments & { readonly domain: string }

/** Somebody at one client. */
export class Person {
  readonly jid
  /** Where he is when he is logged in. */
  readonly fullJid
  readonly #who
  readonly #program
  readonly #password

  constructor(program: Program, jid: string, password: string, resource: string) {
    this.jid = jid
    this.fullJid = `${jid}/${resource}`
    this.#program = program
    this.#password = password
    this.#who = `${this.fullJid}`
  }

  /** Logs in and fetches the roster, as most clients do; sends no presence. */
  async login(way: Way, more: Arguments = {}): Promise<void> {
    const result = await this.do('login', { ...way, jid: this.fullJid, password: this.#password, ...more })
    assert.deepEqual(result, { jid: this.fullJid })
  }

  do(verb: string, args: Arguments = {}) {
    return this.#program.do(this.#who, verb, args)
  }

  /** Fails unless the server refuses it with this condition. */
  async isRefused(condition: string, verb: string, args: Arguments = {}): Promise<Refusal> {
    const answer = await this.do(verb, args).then(
      () => assert.fail(`${verb} was not refused, ${condition} was expected`),
      fault => fault,
    )
    if (!(answer instanceof Refused)) throw answer
    assert.equal(answer.refusal.condition, condition)
    return answer.refusal
  }

  notices(event: string, fits: (happening: Happening) => boolean = () => true) {
    return this.#program.next(this.#who, event, fits)
  }

  /** The next message with a body. */
  async hears(from: Person): Promise<string> {
    const { body } = await this.notices('message', h => isFrom(h, from) && typeof h.body === 'string' && h.body !== '')
    return `${body}`
  }

  sees(from: Person, type: string) {
    return this.notices('presence', h => isFrom(h, from) && h.type === type)
  }

  /** What the server has sent of this kind and nobody has taken: all of it, proven by a ping and its answer. */
  async leftOf(event: string): Promise<readonly Happening[]> {
    await this.do('ping')
    return this.#program.untaken(this.#who, event)
  }
}

const isFrom = ({ from }: Happening, { jid }: Person) =>
  typeof from === 'string' && (from === jid || from.startsWith(`${jid}/`))
