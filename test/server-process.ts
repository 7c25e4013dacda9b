/**
 * A server as its users meet it: a process of its own with a configuration file, ports and a certificate. Nothing here
 * imports from src/. PARLANCE_TEST_SERVER=prosody tries the suites on Debian's Prosody instead.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { freePorts } from '../conformance/servers/ports.js'
import { OwnProcess } from '../conformance/servers/process.js'
import { projectRoot, run } from '../conformance/servers/run.js'

export { projectRoot, run }

const HOST = '127.0.0.1'

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
  const dir = await mkdtemp(path.join(tmpdir(), 'parlance-test-'))
  const [c2s = 0, c2sTls = 0] = await freePorts(2)
  const place = { dir, host: HOST, domain: 'localhost', ports: { c2s, c2sTls } }
  let server: LocalServer | undefined
  try {
    server = new LocalServer(place, await configure(place))
    await server.restart(options)
    await writeFile(server.certificate, await peerCertificates(c2sTls))
    return server
  } catch (fault) {
    await (server?.dispose() ?? rm(dir, { recursive: true }))
    throw fault
  }
}

export const usesProsody = () => process.env.PARLANCE_TEST_SERVER === 'prosody'

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

class LocalServer implements TestServer {
  readonly name
  readonly host
  readonly domain
  readonly ports
  readonly certificate
  readonly #program
  readonly #process

  constructor({ dir, host, domain, ports }: Place, program: Program) {
    this.name = program.name
    this.host = host
    this.domain = domain
    this.ports = ports
    this.certificate = path.join(dir, 'trusted.pem')
    this.#program = program
    this.#process = new OwnProcess({ ...program, dir, host, ports: Object.values(ports) })
  }

  addUser(jid: string, password: string) {
    return this.#program.addUser(jid, password)
  }

  restart({ ackBeforeCommit }: StartOptions = {}) {
    return this.#process.restart(ackBeforeCommit ? { PARLANCE_TEST_ACK_BEFORE_COMMIT: '1' } : {})
  }

  stop() {
    return this.#process.stop()
  }

  kill() {
    return this.#process.kill()
  }

  logTail(lines?: number) {
    return this.#process.logTail(lines)
  }

  dispose() {
    return this.#process.dispose()
  }
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
