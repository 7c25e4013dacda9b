/** Profanity in a terminal of its own: typed to and read as a person would, by way of tmux. */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, type TestServer } from '../server-process.js'
import { packageVersion } from './packages.js'
import type { Account, Heard, Person, Visible } from './person.js'
import { until } from './until.js'

const TMUX = ['-u', '-f', '/dev/null', '-L', 'parlance']
const CONSOLE = 'console'
/** High enough that nothing scrolls away. */
const [COLUMNS, ROWS] = ['160', '400']
/** Not what most people would set, but without them the screen shows less, or shows history twice (MAM). */
const SETTINGS = [
  '/roster hide',
  '/mam off',
  '/states off',
  '/history off',
  '/presence console all',
  '/console chat all',
]

export class Profanity implements Person {
  readonly name
  readonly jid
  readonly program
  readonly #password
  readonly #server
  readonly #dir
  readonly #env
  readonly #endWithUs = () => void spawnSync('tmux', [...TMUX, 'kill-server'], { env: this.#env })
  #window = CONSOLE
  /** The row after the last one that was taken note of, by window and topic. */
  readonly #noted = new Map<string, number>()

  static async start(account: Account, server: TestServer): Promise<Profanity> {
    const dir = await mkdtemp(path.join(tmpdir(), 'parlance-profanity-'))
    const person = new Profanity(account, server, dir, `profanity ${await packageVersion('profanity')}`)
    await Promise.all(['config', 'data', 'tmux'].map(folder => mkdir(path.join(dir, folder))))
    process.on('exit', person.#endWithUs)
    await person.#tmux('new-session', '-d', '-s', 'p', '-x', COLUMNS, '-y', ROWS, 'exec profanity -l DEBUG')
    await person.#line('a first screen', /Type '\/help' to show complete help/)
    for (const setting of SETTINGS) await person.#type(setting)
    await person.#line('the settings', /Console chat messages set: all/)
    return person
  }

  private constructor(account: Account, server: TestServer, dir: string, program: string) {
    this.name = account.name
    this.jid = account.jid
    this.program = program
    this.#password = account.password
    this.#server = server
    this.#dir = dir
    const { TMUX: _, ...env } = process.env
    this.#env = {
      ...env,
      HOME: dir,
      XDG_CONFIG_HOME: path.join(dir, 'config'),
      XDG_DATA_HOME: path.join(dir, 'data'),
      TMUX_TMPDIR: path.join(dir, 'tmux'),
      LC_ALL: 'C.UTF-8',
      TERM: 'xterm-256color',
    }
  }

  async goesOnline() {
    await this.#open(CONSOLE)
    const { host, ports } = this.#server
    await this.#type(`/connect ${this.jid} server ${host} port ${ports.c2s} tls trust`)
    await until(
      () => `Profanity asks ${this.name} for the password\n${this.#shown}`,
      async () => (await this.#screen()).some(line => line.includes('Enter password:')) || undefined,
    )
    await this.#type(this.#password)
    await this.#line('a login', / logged in successfully, online/)
  }

  async goesOffline() {
    await this.#open(CONSOLE)
    await this.#type('/disconnect')
    await this.#line('a logout', / logged out successfully/)
    for (const key of this.#noted.keys()) if (!key.startsWith(CONSOLE)) this.#noted.delete(key) // it closed those windows
  }

  async setsStatus(show: 'online' | 'away', text?: string) {
    await this.#open(CONSOLE)
    await this.#type(`/status set ${show}${text ? ` "${text}"` : ''}`)
    await this.#line(`status ${show}`, new RegExp(`Status set to ${show}`))
  }

  async asksFor({ jid }: Person) {
    await this.#open(CONSOLE)
    await this.#type(`/sub request ${jid}`)
    await this.#line(`a request to ${jid}`, new RegExp(`Sent subscription request to ${jid}`))
  }

  async approves({ jid }: Person) {
    await this.#open(CONSOLE)
    await this.#line(`a request of ${jid}`, new RegExp(`Received authorization request from ${jid}`))
    await this.#type(`/sub allow ${jid}`)
    await this.#line(`approval of ${jid}`, new RegExp(`Accepted subscription for ${jid}`))
  }

  async sees({ jid }: Person, state: Visible) {
    await this.#open(CONSOLE)
    const words = state.replace(/^away \((.*)\)$/, 'away, "$1"').replaceAll('.', '\\.')
    await this.#line(
      `${jid} ${state}`,
      new RegExp(`(\\+\\+|--) ${jid} (\\(\\S+\\) )?is ${words}`),
      `presence of ${jid}`,
    )
  }

  async says({ jid }: Person, body: string) {
    await this.#open(jid)
    await this.#type(body)
    const line = await this.#line(`its own "${body}"`, /^\S+ - me: (.*)$/)
    if (line[1] !== body) throw new Error(`Profanity sent "${line[1]}" when "${body}" was typed`)
  }

  async hears({ jid }: Person): Promise<Heard> {
    await this.#open(jid)
    const line = await this.#line(`a message of ${jid}`, messageOf(jid))
    const body = line[1] ?? ''
    return { body, sentAt: await this.#delayOf(body) }
  }

  async isRefusedBy({ jid }: Person) {
    // The console shows every error alike; the log says which of them answers the last message.
    const error = await until(
      () => `${this.name}'s Profanity gets an error from ${jid}\n${this.#shown}`,
      async () => {
        const log = await this.#log()
        const said = log.findLast(line => line.includes('SENT: <message') && line.includes(` to="${jid}`)) ?? ''
        const id = / id="[^"]+"/.exec(said)?.[0] ?? '?'
        return log.find(line => line.includes('RECV: <message') && line.includes(' type="error"') && line.includes(id))
      },
    )
    await this.#open(CONSOLE)
    await this.#line(`an error from ${jid}`, new RegExp(`Error from ${jid}`))
    return /<error [^>]*>.*?<([a-z-]+) xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/.exec(error)?.[1] ?? error
  }

  async blocks({ jid }: Person) {
    await this.#open(CONSOLE)
    await this.#type(`/blocked add ${jid}`)
    await this.#line(`${jid} blocked`, new RegExp(`User ${jid} successfully blocked`))
  }

  async unblocks({ jid }: Person) {
    await this.#open(CONSOLE)
    await this.#type(`/blocked remove ${jid}`)
    await this.#line(`${jid} unblocked`, new RegExp(`User ${jid} successfully unblocked`))
  }

  async unheard(contacts: readonly Person[]) {
    const all: string[] = []
    for (const { jid } of contacts) {
      await this.#open(jid)
      const next = this.#noted.get(`${jid} ${messageOf(jid).source}`) ?? 0
      all.push(...(await this.#rows(messageOf(jid))).filter(([row]) => row >= next).map(([, match]) => match[0]))
    }
    return all
  }

  async leaves() {
    await this.#type('/quit')
    await until(
      () => `Profanity of ${this.name} ends`,
      () =>
        this.#tmux('has-session').then(
          () => undefined,
          () => true,
        ),
    ).finally(async () => {
      await this.#tmux('kill-server').catch(() => {}) // gone already, when all is well
      process.off('exit', this.#endWithUs)
      await rm(this.#dir, { recursive: true, force: true })
    })
  }

  /** What stands in the window with a contact, or in the console since the first login. */
  async show(window: Person | typeof CONSOLE): Promise<string> {
    await this.#open(window === CONSOLE ? CONSOLE : window.jid)
    const lines = (await this.#screen()).filter(line => line !== '')
    return lines
      .slice(
        Math.max(
          0,
          lines.findIndex(line => line.includes('Connecting as')),
        ),
      )
      .join('\n')
  }

  #shown = ''

  async #screen(): Promise<readonly string[]> {
    const text = await this.#tmux('capture-pane', '-p', '-t', 'p')
    const lines = text.split('\n').map(line => line.trimEnd())
    this.#shown = lines.filter(line => line !== '').join('\n')
    return lines
  }

  async #type(text: string) {
    await this.#tmux(
      'send-keys',
      '-t',
      'p',
      '-l',
      '--',
      text.replace(/;$/, '\\;'),
      ';',
      'send-keys',
      '-t',
      'p',
      'Enter',
    )
  }

  async #open(window: string) {
    if (this.#window === window) return
    await this.#type(window === CONSOLE ? '/win 1' : `/msg ${window}`)
    const title = window === CONSOLE ? ' Profanity. Type /help' : ` ${window} [`
    await until(
      () => `Profanity shows the window "${window}"\n${this.#shown}`,
      async () => (await this.#screen())[0]?.startsWith(title) || undefined,
    )
    this.#window = window
  }

  /** Waits for the next line of this kind in the open window, passing over others of the same topic. */
  async #line(what: string, kind: RegExp, topic = kind.source): Promise<RegExpExecArray> {
    const key = `${this.#window} ${topic}`
    const [row, match] = await until(
      () => `${this.name}'s Profanity shows ${what}\n${this.#shown}`,
      async () => (await this.#rows(kind)).find(([row]) => row >= (this.#noted.get(key) ?? 0)),
    )
    this.#noted.set(key, row + 1)
    return match
  }

  async #rows(kind: RegExp): Promise<readonly (readonly [number, RegExpExecArray])[]> {
    const lines = (await this.#screen()).filter(line => !/^-+$/.test(line)) // the mark above what is new comes and goes
    return lines.flatMap((line, row) => {
      const match = kind.exec(line)
      return match ? [[row, match] as const] : []
    })
  }

  /** The screen gives the time of a delayed message but not that it was delayed; its log has the stanza. */
  async #delayOf(body: string): Promise<Date | undefined> {
    const received = (await this.#log()).filter(line => line.includes('RECV: <message'))
    const stanza = received.findLast(line => line.includes(`<body>${body}</body>`))
    const stamp = /<delay [^>]*stamp="([^"]+)"/.exec(stanza ?? '')?.[1]
    return stamp === undefined ? undefined : new Date(stamp)
  }

  async #log() {
    return (await readFile(path.join(this.#dir, 'data/profanity/logs/profanity.log'), 'utf8')).split('\n')
  }

  #tmux(...args: readonly string[]) {
    return run('tmux', [...TMUX, ...args], '', this.#env)
  }
}

const messageOf = (jid: string) => new RegExp(`^\\S+ - ${jid}(?:/\\S+)?: (.*)$`)
