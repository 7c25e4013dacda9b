/**
 * A server in memory: modules, router and directory as they are, with stores in memory, a clock that stands still until
 * it is told to go on, and clients that are named and have no sockets.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { newKeys } from '../src/c2s/sasl/keys.js'
import { type Accounts, passwords, withFarewell } from '../src/core/accounts.js'
import { appointedAdmins } from '../src/core/admins.js'
import type { Awaitable } from '../src/core/awaitable.js'
import { LocalBus } from '../src/core/bus.js'
import type { Clock, Timer } from '../src/core/clock.js'
import { LocalDirectory } from '../src/core/directory.js'
import { Host, type ModuleSettings } from '../src/core/host.js'
import { type Log, silentLog } from '../src/core/log.js'
import { MemoryAccounts, MemoryStorage } from '../src/core/memory-storage.js'
import { type AnyModule, type Command, offer } from '../src/core/module.js'
import { Router } from '../src/core/router.js'
import { Services, services } from '../src/core/services.js'
import type { Availability, Custody, Gate, Session, SessionStatus } from '../src/core/session.js'
import { type Slot, Slots } from '../src/core/slot.js'
import type { Storage } from '../src/core/stores.js'
import { child, type Element, parseElement, xml } from '../src/xml/index.js'
import type { StreamError } from '../src/xmpp/errors.js'
import { kindOf, readClientStanza } from '../src/xmpp/incoming.js'
import { type Jid, parseJid, preparePassword } from '../src/xmpp/jid.js'
import { CLIENT } from '../src/xmpp/ns.js'
import type { Addressed } from '../src/xmpp/stanza.js'

/** Midnight, 1 July 1595. */
const BEGINNING = Date.parse('1595-07-01T00:00:00Z')

export class FakeClock implements Clock {
  #now = BEGINNING
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, task: () => void): Timer {
    const timer = { at: this.#now + ms, task }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** Lets time pass; what is due happens, in order, and is finished when this resolves. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.task()
      await settled()
    }
    this.#now = end
  }
}

/** Everything that only waited for promises has gone on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
}

type Connect = (kit: Kit, jid: Jid) => Promise<Client>

const TURNS = 3
let turns = TURNS
let connectOtherwise: Connect | undefined

/** Has every kit's clients connect in another way, in which things take so many turns; what comes back ends that. */
export function useClients(connect: Connect, turnsNeeded: number): () => void {
  connectOtherwise = connect
  turns = turnsNeeded
  return () => {
    connectOtherwise = undefined
    turns = TURNS
  }
}

/** `<message/>` and so on as the literal says, in a client's namespace. */
export const el = (strings: TemplateStringsArray, ...values: readonly unknown[]): Element =>
  parseElement(String.raw({ raw: strings }, ...values))

export interface KitOptions {
  readonly modules: readonly AnyModule[]
  readonly settings?: ModuleSettings
  /** Bare JIDs or local parts of `verona.example`. */
  readonly accounts?: readonly string[]
  readonly storage?: Storage
  readonly log?: Log
  /** Of the server itself; those of the modules are there anyway. */
  readonly commands?: readonly Command[]
  /** Who may run them: bare JIDs or local parts of `verona.example`. */
  readonly admins?: readonly string[]
}

export class Kit {
  readonly clock = new FakeClock()
  readonly bus = new LocalBus()
  readonly directory = new LocalDirectory()
  readonly domains: ReadonlySet<string> = new Set(['verona.example', 'mantua.example'])
  readonly storage: Storage
  readonly accounts: Accounts
  /** The same, but one that is removed does not say goodbye: as if that were done while the server is down. */
  readonly silentAccounts: Accounts
  readonly services = new Services()
  readonly host: Host
  readonly router: Router
  readonly #clients: Client[] = []

  static async start(options: KitOptions): Promise<Kit> {
    const kit = new Kit(options)
    for (const name of options.accounts ?? ['romeo', 'juliet', 'nurse'])
      await kit.accounts.create(bare(name), new Map())
    return kit
  }

  private constructor(options: KitOptions) {
    const { modules, settings = {}, storage, log = silentLog, commands = [], admins = [] } = options
    const memory = new MemoryStorage({ clock: this.clock })
    this.storage = storage ?? memory
    this.silentAccounts = new MemoryAccounts({ bus: this.bus, storage: memory })
    this.accounts = withFarewell(this.silentAccounts, account => this.host.announce('erasing', account))
    this.host = new Host(log)
    const { clock, bus, directory, domains, accounts, host } = this
    host.provide(offer(services, this.services))
    host.provide(offer(passwords, { derive }))
    const route = (stanza: Addressed) => this.router.route(stanza)
    host.load(modules, settings, {
      domains,
      administration: {
        commands: () => [...commands, ...host.commands()],
        isAdmin: account =>
          admins.some(admin => bare(admin).equals(account.bare)) ||
          (host.tryUse(appointedAdmins)?.isAppointed(account.bare) ?? false),
        admins: () => admins.map(bare),
      },
      sessions: directory,
      accounts,
      router: { route },
      bus,
      clock,
      log,
      randomId: () => randomBytes(16).toString('hex'),
      storage: this.storage,
    })
    this.router = new Router({ host, directory, accounts, domains, services: this.services, clock, log })
  }

  /** A client that has just bound its resource: `romeo/balcony`, or a full JID. */
  async connects(name: string): Promise<Client> {
    const [user = '', resource = 'client'] = name.split('/')
    const jid = bare(user).withResource(resource)
    if (connectOtherwise) {
      const client = await connectOtherwise(this, jid)
      this.#clients.push(client)
      return client
    }
    const client = new Client(this, jid)
    this.directory.add(client)
    this.#clients.push(client)
    await this.host.announce('bound', client)
    return client
  }

  /** The same, and it has sent its first presence and read what came then. */
  async comesOnline(name: string, presence: Element = xml('presence')): Promise<Client> {
    const client = await this.connects(name)
    await client.sends(presence)
    await settled()
    return client
  }

  /** Everybody has read what has arrived so far. */
  forget(): void {
    for (const client of this.#clients) client.received.length = 0
  }
}

const derive = (password: string) =>
  newKeys(password, { prepare: preparePassword, random: randomBytes, iterations: 16 })

const bare = (name: string): Jid => parseJid(name.includes('@') ? name : `${name}@verona.example`)

interface Unacknowledged {
  readonly stanza: Addressed
  readonly custody: Custody | undefined
}

/** A client without a socket. It has acknowledged what it received unless it is told to keep silent about it. */
export class Client implements Session {
  readonly account: Jid
  presence: Availability | undefined
  /** What has arrived and was not taken yet. */
  readonly received: Element[] = []
  /** Why the server ended the session. */
  ended: StreamError | undefined
  /** Whether it acknowledges what it receives. */
  acknowledges = true
  #unacknowledged: Unacknowledged[] = []
  #held: Unacknowledged[] | undefined
  #isOver = false
  readonly #slots = new Slots()
  #ids = 0

  constructor(
    readonly kit: Kit,
    readonly jid: Jid,
  ) {
    this.account = jid.bare
  }

  /** Sends it as it would on a stream; resolves when the server has dealt with it and would acknowledge it. */
  async sends(stanza: Element): Promise<void> {
    const kind = kindOf(stanza.attrs.xmlns === undefined ? xmlns(stanza) : stanza, CLIENT)
    assert.ok(kind, `${stanza} is a stanza`)
    const incoming = readClientStanza(kind, xmlns(stanza), this.jid)
    if ('stanza' in incoming) await this.kit.router.fromClient(this, incoming.stanza)
    else if (incoming.answer) this.send(incoming.answer)
  }

  /** Sends a request and takes the answer to it, result or error. */
  async asks(type: 'get' | 'set', payload: Element, to?: string): Promise<Element> {
    const id = `${this.jid.resource}-${++this.#ids}`
    await this.sends(xml('iq', { type, id, to }, payload))
    await settled()
    return this.takes(stanza => stanza.name === 'iq' && stanza.attrs.id === id)
  }

  /** The condition of the error that a request is answered with. */
  async isRefused(type: 'get' | 'set', payload: Element, to?: string): Promise<string> {
    return conditionOf(await this.asks(type, payload, to))
  }

  /** The first stanza received that fits and was not taken yet. */
  takes(fits: (stanza: Element) => boolean = () => true): Element {
    const index = this.received.findIndex(fits)
    assert.ok(index >= 0, `${this.jid} received no such stanza, but: ${this.received.join('\n') || 'nothing'}`)
    return this.received.splice(index, 1)[0] as Element // it was just found
  }

  /** All stanzas of that name that were not taken yet. */
  takesAll(name: 'message' | 'presence' | 'iq'): Element[] {
    const taken = this.received.filter(stanza => stanza.name === name)
    this.received.splice(0, Infinity, ...this.received.filter(stanza => stanza.name !== name))
    return taken
  }

  /** The bodies of the messages that were not taken yet. */
  hears(): string[] {
    return this.takesAll('message').map(message => child(message, 'body')?.getText() ?? '')
  }

  /** Acknowledges what it has kept silent about. */
  confirms(): void {
    for (const { custody } of this.#unacknowledged.splice(0)) custody?.settled(this)
  }

  /** Goes without a word: what it had not acknowledged is lost. */
  async dies(): Promise<void> {
    await this.#finish()
    await settled()
  }

  /** Ends its stream properly. */
  async leaves(): Promise<void> {
    await this.dies()
  }

  send(stanza: Addressed, custody?: Custody): void {
    if (this.#held) this.#held.push({ stanza, custody })
    else this.#take({ stanza, custody })
  }

  hold(): Gate {
    this.#held ??= []
    return {
      send: (stanza, custody) => this.#take({ stanza, custody }),
      open: () => {
        const held = this.#held ?? []
        this.#held = undefined
        for (const kept of held) this.#take(kept)
      },
    }
  }

  end(error: StreamError): void {
    this.ended = error
    this.#finish()
  }

  status(): SessionStatus {
    const unacknowledged = this.#unacknowledged.length
    return {
      since: BEGINNING,
      from: undefined,
      encryption: undefined,
      isConnected: true,
      management: 'off',
      unacknowledged,
    }
  }

  get<T>(slot: Slot<T>): T {
    return this.#slots.get(slot)
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots.set(slot, value)
  }

  /** What the client does not have is with others before anybody hears that the session is over. */
  #finish(): Awaitable<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.kit.directory.remove(this)
    const lost = [...this.#unacknowledged.splice(0), ...(this.#held ?? [])]
    this.#held = undefined
    for (const delivery of lost) this.#lose(delivery)
    return this.kit.host.announce('closed', this)
  }

  #lose({ stanza, custody }: Unacknowledged): void {
    if (custody) custody.lost(this)
    else this.kit.router.undelivered(stanza)
  }

  #take(delivery: Unacknowledged): void {
    if (this.#isOver) return this.#lose(delivery)
    this.received.push(delivery.stanza.el)
    if (this.acknowledges) delivery.custody?.settled(this)
    else this.#unacknowledged.push(delivery)
  }
}

function xmlns(stanza: Element): Element {
  return stanza.attrs.xmlns === undefined ? parseElement(`${stanza}`.replace(/^<\w+/, `$& xmlns='${CLIENT}'`)) : stanza
}

export function conditionOf(stanza: Element): string {
  assert.equal(stanza.attrs.type, 'error', `${stanza} is an error`)
  const error = child(stanza, 'error')
  return error?.getChildElements()[0]?.name ?? ''
}
