/** A whole server in this process, with a configuration file, a data folder and ports of its own, and clients on sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { openSocketDoor } from '../src/admin/socket-door.js'
import { loadConfig } from '../src/config.js'
import type { Arguments } from '../src/core/module.js'
import { adminSocketIn } from '../src/folder.js'
import { type Server, startServer } from '../src/server.js'
import { SASL } from '../src/xmpp/ns.js'
import { freePorts } from './ports.js'
import { bindRequest, PASSWORD, plain, Wire } from './stream-client.js'

const HOST = '127.0.0.1'

/** A client's certificate, if it has one. */
type Shown = Pick<tls.ConnectionOptions, 'cert' | 'key'>

export class LiveServer {
  readonly #server: Server
  readonly #sockets: net.Socket[] = []
  readonly told: string[]

  private constructor(
    server: Server,
    readonly folder: string,
    readonly ports: { readonly c2s: number; readonly c2sTls: number },
    told: string[],
  ) {
    this.#server = server
    this.told = told
  }

  /** Of verona.example, unless the configuration says something else; nothing is in its log. */
  static async start(configuration: string, prepare: (folder: string) => unknown = () => {}): Promise<LiveServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'parlance-live-'))
    await prepare(folder)
    const [c2s = 0, c2sTls = 0] = await freePorts(2)
    const told: string[] = []
    const file = path.join(folder, 'parlance.yaml')
    writeFileSync(file, complete(configuration, { c2s, c2sTls }))
    const notify = {
      ready: () => void told.push('ready'),
      reloading: () => void told.push('reloading'),
      stopping: () => void told.push('stopping'),
    }
    try {
      const end = (how: string) => void told.push(how)
      const server = await startServer(loadConfig(file), { load: () => loadConfig(file), notify, end })
      return new LiveServer(server, folder, { c2s, c2sTls }, told)
    } catch (fault) {
      rmSync(folder, { recursive: true })
      throw fault
    }
  }

  file(name: string): string {
    return path.join(this.folder, name)
  }

  /** Writes another configuration; nobody has read it yet. */
  configures(configuration: string): void {
    writeFileSync(this.file('parlance.yaml'), complete(configuration, this.ports))
  }

  /** What an operator is told. */
  async runs(command: string, args: Arguments = {}): Promise<string> {
    const door = await openSocketDoor(adminSocketIn(loadConfigless(this.folder)))
    assert.ok(door, 'nobody answers')
    try {
      return await door.run(command, args)
    } finally {
      await door.close()
    }
  }

  /** Writes another configuration and has it read; what the operator is told. */
  async reloads(configuration?: string): Promise<string> {
    if (configuration !== undefined) this.configures(configuration)
    return this.runs('reload')
  }

  async adds(...users: readonly string[]): Promise<void> {
    for (const user of users) await this.runs('user add', { jid: addressOf(user), password: PASSWORD })
  }

  /** A socket to it, with TLS. */
  async secured(servername = 'verona.example', port = this.ports.c2sTls, shown: Shown = {}): Promise<tls.TLSSocket> {
    const socket = tls.connect({ host: HOST, port, servername, rejectUnauthorized: false, ...shown })
    this.#sockets.push(socket)
    await once(socket, 'secureConnect')
    return socket
  }

  /** Which certificate a new client sees, by its SHA-256 fingerprint. */
  async shows(servername?: string): Promise<string> {
    const socket = await this.secured(servername)
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }

  /** A stream that nothing was said on. */
  async connects(how: 'tls' | 'starttls' = 'tls', domain = 'verona.example', shown: Shown = {}): Promise<Wire> {
    if (how === 'tls') return new Wire(await this.secured(domain, undefined, shown))
    const socket = net.connect(this.ports.c2s, HOST)
    this.#sockets.push(socket)
    await once(socket, 'connect')
    const wire = new Wire(socket)
    await wire.opens(to(domain))
    await wire.secures({ servername: domain, ...shown })
    return wire
  }

  /** A client with a resource: `romeo/balcony`, `laura@mantua.example/home`. */
  async binds(name: string, how: 'tls' | 'starttls' = 'tls'): Promise<Wire> {
    const [bare = '', resource] = name.split('/')
    const [user = '', domain = ''] = addressOf(bare).split('@')
    const wire = await this.connects(how, domain)
    await wire.opens(to(domain))
    wire.send(plain(user, PASSWORD))
    await wire.takes('success', SASL)
    await wire.opens(to(domain))
    wire.send(bindRequest(resource))
    const answer = await wire.takes('iq')
    assert.equal(answer.attrs.type, 'result', `${answer}`)
    return wire
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    for (const socket of this.#sockets) socket.destroy()
    rmSync(this.folder, { recursive: true })
  }
}

/** The attributes of a stream to this domain. */
export const to = (domain: string): string => `to='${domain}' version='1.0'`

const addressOf = (user: string): string => (user.includes('@') ? user : `${user}@verona.example`)

const loadConfigless = (folder: string) => ({ data: path.join(folder, 'data') })

/** With what every configuration here has. */
function complete(configuration: string, { c2s, c2sTls }: { readonly c2s: number; readonly c2sTls: number }): string {
  const defaults: readonly (readonly [key: string, line: string])[] = [
    ['domains', 'domains: [ verona.example ]'],
    ['listen', `listen: { c2s: "${HOST}:${c2s}", c2s-tls: "${HOST}:${c2sTls}" }`],
    ['log', 'log: { level: silent }'],
    ['auth', 'auth: { iterations: 4096 }'],
  ]
  const missing = defaults.filter(([key]) => !new RegExp(`^${key}:`, 'm').test(configuration))
  return `${[...missing.map(([, line]) => line), configuration].join('\n')}\n`
}
