/** Drives a chat client that speaks JSON on its standard streams: the slixmpp program and the @xmpp/client program. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot, type TestServer } from '../server-process.js'
import { packageVersion } from './packages.js'
import type { Account, Heard, Person, Visible } from './person.js'
import { until } from './until.js'

interface Happening {
  readonly event?: string
  readonly by?: string
  readonly body?: string
  readonly delay?: string | null
  readonly show?: string
  readonly status?: string
  readonly condition?: string
  readonly text?: string
}

interface Answer {
  readonly id: number
  readonly fault?: string
}

/** Where a server is, and what to trust of it. */
type Reached = Pick<TestServer, 'host' | 'ports' | 'certificate'>

export async function slixmpp(account: Account, server: Reached): Promise<Person> {
  const program = path.join(projectRoot, 'test/clients/slixmpp_program.py')
  const child = spawn('/usr/bin/python3', ['-u', program], { stdio: 'pipe' })
  return new ChatProgram(account, server, child, `slixmpp ${await packageVersion('python3-slixmpp')}`)
}

export async function xmppjs(account: Account, server: Reached): Promise<Person> {
  const program = path.join(import.meta.dirname, 'xmppjs-program.js')
  const child = spawn(process.execPath, [program], {
    stdio: 'pipe',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: server.certificate },
  })
  const manifest = await readFile(path.join(projectRoot, 'node_modules/@xmpp/client/package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(manifest)
  return new ChatProgram(account, server, child, `@xmpp/client ${version}`)
}

class ChatProgram implements Person {
  readonly name
  readonly jid
  readonly program
  readonly #password
  readonly #shows
  readonly #server
  readonly #child
  readonly #answers = new Map<number, Answer>()
  readonly #changes = new EventEmitter()
  #happened: Happening[] = []
  #complaints = ''
  #commands = 0

  constructor(account: Account, server: Reached, child: ChildProcessWithoutNullStreams, program: string) {
    this.name = account.name
    this.jid = account.jid
    this.program = program
    this.#password = account.password
    this.#shows = account.shows
    this.#server = server
    this.#child = child
    createInterface({ input: child.stdout }).on('line', line => this.#read(line))
    child.stderr.setEncoding('utf8').on('data', text => (this.#complaints += text))
  }

  goesOnline() {
    const { host, ports, certificate } = this.#server
    const account = { jid: this.jid, password: this.#password, ...this.#shows }
    return this.#do('online', { ...account, host, port: ports.c2s, ca: certificate })
  }

  goesOffline() {
    return this.#do('offline')
  }

  setsStatus(show: 'online' | 'away', text?: string) {
    return this.#do('status', { ...(show === 'away' && { show }), ...(text && { text }) })
  }

  asksFor({ jid }: Person) {
    return this.#do('ask', { to: jid })
  }

  async approves({ jid }: Person) {
    await this.#next(`a request of ${jid}`, ({ event, by }) => event === 'request' && by === jid)
    await this.#do('approve', { to: jid })
  }

  async sees({ jid }: Person, state: Visible) {
    for (;;) {
      const { show, status } = await this.#next(
        `${jid} ${state}`,
        ({ event, by }) => event === 'presence' && by === jid,
      )
      if ((show === 'away' ? `away (${status})` : show) === state) return
    }
  }

  says({ jid }: Person, body: string) {
    return this.#do('say', { to: jid, body })
  }

  async hears({ jid }: Person): Promise<Heard> {
    const message = ({ event, by }: Happening) => event === 'message' && by === jid
    const { body = '', delay } = await this.#next(`a message of ${jid}`, message)
    return { body, sentAt: delay ? new Date(delay) : undefined }
  }

  async isRefusedBy({ jid }: Person) {
    const { condition } = await this.#next(`an error from ${jid}`, ({ event, by }) => event === 'refusal' && by === jid)
    return condition ?? ''
  }

  blocks({ jid }: Person) {
    return this.#do('block', { jid })
  }

  unblocks({ jid }: Person) {
    return this.#do('unblock', { jid })
  }

  async unheard(contacts: readonly Person[]) {
    return this.#happened
      .filter(({ event, by }) => event === 'message' && contacts.some(({ jid }) => jid === by))
      .map(({ by, body }) => `${by}: ${body}`)
  }

  async leaves() {
    const gone = once(this.#child, 'exit')
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(timer)
  }

  async #do(name: string, parameters: Readonly<Record<string, string | number>> = {}) {
    const id = ++this.#commands
    this.#child.stdin.write(`${JSON.stringify({ id, do: name, ...parameters })}\n`)
    const { fault } = await this.#until(`an answer to "${name}"`, () => this.#answers.get(id))
    this.#answers.delete(id)
    if (fault !== undefined)
      throw new Error(`${this.name} (${this.program}) cannot ${name}: ${fault}${this.#evidence()}`)
  }

  #next(what: string, fits: (happening: Happening) => boolean): Promise<Happening> {
    return this.#until(what, () => {
      const found = this.#happened.find(fits)
      if (found) this.#happened = this.#happened.filter(happening => happening !== found)
      return found
    })
  }

  #until<T>(what: string, find: () => T | undefined): Promise<T> {
    return until(
      () => `${this.name} (${this.program}) gets ${what}${this.#evidence()}`,
      find,
      signal => once(this.#changes, 'change', { signal }),
    )
  }

  #evidence() {
    return `\nnot heard yet: ${JSON.stringify(this.#happened)}\n${this.#complaints}`
  }

  #read(line: string) {
    const fact: Happening | Answer = JSON.parse(line) // our own two programs write nothing else
    if ('id' in fact) this.#answers.set(fact.id, fact)
    else this.#happened.push(fact)
    this.#changes.emit('change')
  }
}
