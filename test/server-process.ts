/**
 * A server as its users meet it: a process of its own with a configuration file, ports and a certificate. Nothing here
 * imports from src/. PARLANCE_TEST_SERVER=prosody tries the suites on Debian's Prosody instead.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import tls from 'node:tls'

const HOST = '127.0.0.1'
const START_MS = 20_000
const STOP_MS = 5_000

export interface StartOptions {
  /** Until it is started again it is the liar that the durability suite has to catch: it acknowledges what is not kept yet. */
  readonly ackBeforeCommit?: boolean
}

export interface TestServer {
  /** For titles and transcripts. */
  readonly name: string
  readonly host: string
  readonly domain: string
  readonly ports: Ports
  /** A PEM file to trust. */
  readonly certificate: string
  addUser(jid: string, password: string): Promise<void>
  /** SIGTERM; fails when the process is not gone in time. */
  stop(): Promise<void>
  /** SIGKILL, sent before this returns. */
  kill(): Promise<void>
  /** Starts again what was stopped or killed, on the same data and ports. */
  restart(options?: StartOptions): Promise<void>
  /** The end of what the server wrote to its log. */
  logTail(lines?: number): string
  /** Ends the process, whatever it does, and removes its files. */
  dispose(): Promise<void>
}

export interface Ports {
  readonly c2s: number
  /** TLS from the first byte. */
  readonly c2sTls: number
}

/** Where a server may live: its own directory and ports. */
export interface Place {
  readonly dir: string
  readonly host: string
  readonly domain: string
  readonly ports: Ports
}

/** A server program, configured and ready to be started. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  addUser(jid: string, password: string): Promise<void>
}

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const configure = usesProsody() ? (await import('./clients/prosody.js')).prosody : parlance
  const place = {
    dir: await mkdtemp(path.join(tmpdir(), 'parlance-test-')),
    host: HOST,
    domain: 'localhost',
    ports: await freePorts(),
  }
  let server: ServerProcess | undefined
  try {
    server = new ServerProcess(place, await configure(place))
    await server.restart(options)
    await writeFile(server.certificate, await peerCertificates(place.ports.c2sTls))
    return server
  } catch (fault) {
    await (server?.dispose() ?? rm(place.dir, { recursive: true }))
    throw fault
  }
}

export const usesProsody = () => process.env.PARLANCE_TEST_SERVER === 'prosody'

/** The folder with package.json, wherever this file was compiled to. */
export const projectRoot = (() => {
  let dir = import.meta.dirname
  while (!existsSync(path.join(dir, 'package.json'))) dir = path.dirname(dir)
  return dir
})()

/** Runs a program to its end; fails with what it printed unless it exits with 0. */
export async function run(command: string, args: readonly string[], input = '', env = process.env): Promise<string> {
  const child = spawn(command, args, { stdio: 'pipe', env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text))
  child.stdin.on('error', () => {}) // it may exit without having read; its exit code says what of
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}

/** Parlance as `npm run build` left it. */
async function parlance({ dir, host, domain, ports }: Place): Promise<Program> {
  // another build can be tried
  const main = process.env.PARLANCE_TEST_MAIN ?? path.join(projectRoot, 'dist/main.js')
  if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`)
  const config = path.join(dir, 'parlance.yaml')
  await writeFile(
    config,
    [
      `domains: [${domain}]`,
      `data: ${path.join(dir, 'data')}`,
      `listen: { c2s: "${host}:${ports.c2s}", c2s-tls: "${host}:${ports.c2sTls}" }`,
      `log: { level: ${process.env.PARLANCE_TEST_LOG ?? 'info'} }`,
      '',
    ].join('\n'),
  )
  return {
    name: 'Parlance',
    command: process.execPath,
    args: [main, 'start', '--config', config],
    async addUser(jid, password) {
      await run(process.execPath, [main, 'user', 'add', jid, '--password-stdin', '--config', config], `${password}\n`)
    },
  }
}

class ServerProcess implements TestServer {
  readonly name
  readonly host
  readonly domain
  readonly ports
  readonly certificate
  readonly #dir
  readonly #program
  readonly #log
  #child: ChildProcess | undefined
  readonly #endWithUs = () => void this.#child?.kill('SIGKILL')

  constructor(place: Place, program: Program) {
    this.name = program.name
    this.host = place.host
    this.domain = place.domain
    this.ports = place.ports
    this.certificate = path.join(place.dir, 'trusted.pem')
    this.#dir = place.dir
    this.#program = program
    this.#log = path.join(place.dir, 'server.log')
    process.on('exit', this.#endWithUs)
  }

  addUser(jid: string, password: string) {
    return this.#program.addUser(jid, password)
  }

  async restart({ ackBeforeCommit }: StartOptions = {}) {
    if (this.#child && isRunning(this.#child)) throw new Error(`${this.name} is still running`)
    const log = openSync(this.#log, 'a')
    const child = spawn(this.#program.command, this.#program.args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...(ackBeforeCommit && { PARLANCE_TEST_ACK_BEFORE_COMMIT: '1' }) },
      cwd: this.#dir,
    })
    closeSync(log)
    this.#child = child
    await once(child, 'spawn')
    await Promise.all(Object.values(this.ports).map(port => this.#answers(port, child)))
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
      if (await accepts(port)) return
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

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host: HOST, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePorts(): Promise<Ports> {
  // both are held before either is let go, so that they differ
  const holders = [net.createServer(), net.createServer()] as const
  const [c2s, c2sTls] = await Promise.all([holders[0], holders[1]].map(listenAnywhere))
  await Promise.all(holders.map(holder => new Promise(resolve => holder.close(resolve))))
  if (c2s === undefined || c2sTls === undefined) throw new Error('no free ports')
  return { c2s, c2sTls }
}

async function listenAnywhere(holder: net.Server): Promise<number> {
  holder.listen(0, HOST)
  await once(holder, 'listening')
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP address')
  return address.port
}

/** What the server shows of itself becomes what the clients trust, as a person would at the first connection. */
async function peerCertificates(port: number): Promise<string> {
  const socket = tls.connect({ host: HOST, port, servername: 'localhost', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const chain: string[] = []
  let certificate = socket.getPeerCertificate(true)
  for (const seen = new Set<string>(); certificate?.raw && !seen.has(certificate.fingerprint256); ) {
    seen.add(certificate.fingerprint256)
    const lines = certificate.raw.toString('base64').match(/.{1,64}/g) ?? []
    chain.push(['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'))
    certificate = certificate.issuerCertificate
  }
  socket.destroy()
  return chain.join('')
}
