/**
 * Clients' streams in memory: the server of kit.ts with the clients' way in, connected by pairs of streams instead of
 * sockets, and on the other end a small strict client that speaks in text.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import tls from 'node:tls'
import { type C2s, type Certificates, createC2s, type Limits, limits } from '../src/c2s/index.js'
import { newKeys } from '../src/c2s/sasl/keys.js'
import type { Timer } from '../src/core/clock.js'
import { readFields } from '../src/core/config.js'
import type { Log } from '../src/core/log.js'
import { MemoryStorage } from '../src/core/memory-storage.js'
import { type AnyModule, defineModule, TAKEN } from '../src/core/module.js'
import { log } from '../src/core/stores.js'
import { child, type Element } from '../src/xml/index.js'
import { parseJid, preparePassword } from '../src/xmpp/jid.js'
import type { Stanza } from '../src/xmpp/stanza.js'
import { type FakeClock, Kit, type KitOptions, settled } from './kit.js'
import { bodyOf, PASSWORD, Wire } from './stream-client.js'

const ITERATIONS = 16

const credentials = newKeys(PASSWORD, { prepare: preparePassword, random: randomBytes, iterations: ITERATIONS })

/** Made once: it takes a while. */
const certificate = (async () => {
  const { generate } = await import('selfsigned')
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'verona.example' }], { keyType: 'ec' })
  return tls.createSecureContext({ cert, key })
})()

export interface StreamKitOptions {
  readonly modules?: readonly AnyModule[]
  readonly limits?: Partial<Limits>
  readonly tlsRequired?: boolean
  /** The domains that let anybody in. */
  readonly anonymous?: readonly string[]
  /** Whether messages are kept, and nothing acknowledged, before they are delivered: see `storage.hold()`. */
  readonly keepsMessages?: boolean
  /** What else the server is given. */
  readonly kit?: Pick<KitOptions, 'settings' | 'commands' | 'admins'>
  readonly log?: Log
  /** What is there when the clients' way in is made. */
  readonly before?: (kit: Kit) => Promise<void>
  /** Whose certificate a client sees that asks for a name. */
  readonly certificates?: Certificates
}

export class StreamKit {
  readonly kit: Kit
  readonly c2s: C2s
  readonly clock: FakeClock
  readonly #timers = new Set<object>()
  readonly #open = new Set<Duplex>()
  readonly storage: MemoryStorage
  /** What modules heard of sessions: `bound romeo@verona.example/balcony`, `closed` and who. */
  readonly moments: readonly string[]
  /** The messages that no session took. */
  readonly offline: readonly Element[]

  static async start(options: StreamKitOptions = {}): Promise<StreamKit> {
    const moments: string[] = []
    const offline: Element[] = []
    const keeping = options.keepsMessages ? [diary] : []
    const storage = new MemoryStorage()
    const own = options.modules ?? []
    // the roster knows more of presence
    const simple = own.some(({ name }) => name === 'roster') ? [] : [presence]
    const modules = [...simple, ...keeping, cupboard(offline), registry(moments), ...own]
    const kit = await Kit.start({ modules, storage, ...options.kit, ...(options.log && { log: options.log }) })
    for (const name of ['romeo', 'juliet', 'nurse'])
      await kit.accounts.setCredentials(parseJid(`${name}@verona.example`), await credentials)
    await options.before?.(kit)
    const context = await certificate
    return new StreamKit(kit, { moments, offline, storage, context, ...options })
  }

  private constructor(
    kit: Kit,
    options: StreamKitOptions & Pick<StreamKit, 'moments' | 'offline' | 'storage'> & { context: tls.SecureContext },
  ) {
    this.kit = kit
    this.clock = kit.clock
    this.moments = options.moments
    this.offline = options.offline
    this.storage = options.storage
    this.c2s = createC2s({
      // the clock stands still: a rate would stop for good
      limits: { ...readFields(limits, {}, 'limits'), stanzaRate: 0, byteRate: 0, ...options.limits },
      tlsRequired: options.tlsRequired ?? false,
      domains: kit.domains,
      anonymous: options.anonymous ?? [],
      certificates: options.certificates ?? { find: () => options.context },
      accounts: kit.accounts,
      serverSecret: Buffer.from('a plague on both your houses'),
      iterations: ITERATIONS,
      host: kit.host,
      router: kit.router,
      directory: kit.directory,
      bus: kit.bus,
      clock: { now: () => kit.clock.now(), after: (ms, task) => this.#after(ms, task) },
      log: options.log ?? silent,
      randomId: () => randomBytes(16).toString('hex'),
    })
  }

  /** The sessions that are over, as modules heard of it. */
  get closed(): string[] {
    return this.moments.filter(moment => moment.startsWith('closed ')).map(moment => moment.slice('closed '.length))
  }

  /** How many connections the server has. */
  get connections(): number {
    return this.#open.size
  }

  /** How many timers of the connections and sessions run. */
  get timers(): number {
    return this.#timers.size
  }

  #after(ms: number, task: () => void): Timer {
    const timer = this.clock.after(ms, () => {
      this.#timers.delete(timer)
      task()
    })
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
        timer.cancel()
      },
    }
  }

  /** A connection on which nothing has been said. */
  connects({ isLocal = true, from = 'a street in Verona' } = {}): Wire {
    const [ours, theirs] = duplexPair()
    // what a kernel does for a pair of sockets
    ours.once('close', () => theirs.destroy())
    theirs.once('close', () => {
      this.#open.delete(theirs)
      ours.push(null)
    })
    this.#open.add(theirs)
    this.c2s.accept(theirs, { isLocal, from })
    return new Wire(ours)
  }

  /** Logged in, and asked to bind a resource or to resume a session. */
  async logsIn(user: string): Promise<Wire> {
    const wire = this.connects()
    await wire.opens()
    await wire.logsIn(user)
    return wire
  }

  /** With a resource: `romeo/balcony`. */
  async binds(name: string): Promise<Wire> {
    const [user = '', resource] = name.split('/')
    const wire = await this.logsIn(user)
    await wire.binds(resource)
    return wire
  }

  /** The same, and it wants messages for the account. */
  async comesOnline(name: string): Promise<Wire> {
    const wire = await this.binds(name)
    wire.send('<presence/>')
    await settled()
    return wire
  }

  /** What nobody took, in words. */
  heardOffline(): string[] {
    return this.offline.map(bodyOf)
  }
}

/** With a real listener, on a loopback port. */
export async function listening(how: 'starttls' | 'tls', options?: StreamKitOptions) {
  const verona = await StreamKit.start(options)
  const port = await freePort()
  await verona.c2s.listen({ host: '127.0.0.1', port }, how)
  return { verona, port }
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  server.close()
  await once(server, 'close')
  return port
}

/** Juliet at her tomb, and Romeo on her balcony with stream management; both want messages, and may be silent. */
export async function together({ limits, ...rest }: StreamKitOptions = {}, attrs = `resume='true'`) {
  const verona = await StreamKit.start({ ...rest, limits: { idle: Number.MAX_SAFE_INTEGER, ...limits } })
  const juliet = await verona.comesOnline('juliet/tomb')
  const romeo = await verona.comesOnline('romeo/balcony')
  const { id = '' } = (await romeo.enables(attrs)).attrs
  return { verona, romeo, juliet, id }
}

/** For the log of a test that looks at it. */
export class Lines implements Log {
  readonly lines: {
    readonly level: string
    readonly facts: Readonly<Record<string, unknown>>
    readonly text: string
  }[] = []
  debug = this.#at('debug')
  info = this.#at('info')
  warn = this.#at('warn')
  error = this.#at('error')
  child = (): Log => this

  #at(level: string) {
    return (facts: object, text: string) => void this.lines.push({ level, facts: { ...facts }, text })
  }
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** As much of presence as it takes for a session to want messages. */
const presence = defineModule({
  name: 'presence',
  doc: '',
  implements: [],
  setup: () => ({
    hooks: {
      fromClient: {
        rewrite: ({ stanza, session }) => {
          if (stanza.kind !== 'presence' || stanza.to) return
          session.presence = stanza.type === 'available' ? { stanza, priority: priorityOf(stanza) } : undefined
          return TAKEN
        },
      },
    },
  }),
})

const priorityOf = ({ el }: Stanza): number => Number(child(el, 'priority')?.getText() ?? 0)

/** Keeps messages before they are delivered. */
const diary = defineModule({
  name: 'diary',
  doc: '',
  implements: [],
  stores: { pages: log<string>() },
  setup: ({ stores: { pages } }) => ({
    hooks: {
      toAccount: {
        record: async ({ stanza, account }) => {
          if (stanza.kind === 'message') await pages.append(account, `${stanza.el}`)
        },
      },
    },
  }),
})

/** Puts messages that nobody takes where a test finds them. */
const cupboard = (found: Element[]) =>
  defineModule({
    name: 'cupboard',
    doc: '',
    implements: [],
    setup: () => ({
      hooks: {
        toAccount: {
          fallback: ({ stanza }) => {
            found.push(stanza.el)
            return TAKEN
          },
        },
      },
    }),
  })

const registry = (moments: string[]) =>
  defineModule({
    name: 'registry',
    doc: '',
    implements: [],
    setup: () => ({
      on: {
        bound: ({ jid }) => void moments.push(`bound ${jid}`),
        closed: ({ jid }) => void moments.push(`closed ${jid}`),
      },
    }),
  })
