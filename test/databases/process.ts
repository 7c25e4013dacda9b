import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generate } from 'selfsigned'
import { run } from '../server-process.js'

const HOST = '127.0.0.1'
const START_MS = 60_000
const STOP_MS = 30_000

/** A program of a database, with a folder and a port of its own. */
export interface Program {
  readonly name: string
  /** The user of the system that Debian's package made for it. */
  readonly user: string
  /** What ends it in order, though somebody is connected; and what ends it as a crash would. */
  readonly signals: { readonly stop: NodeJS.Signals; readonly crash: NodeJS.Signals }
  /** Makes the database's files in a folder that is there and its own. */
  install(place: Place): Promise<void>
  command(place: Place): { readonly command: string; readonly args: readonly string[] }
  /** Rejects as long as it does not answer. */
  ask(place: Place): Promise<void>
}

export interface Place {
  /** A folder that belongs to it. */
  readonly folder: string
  readonly host: string
  readonly port: number
  /** For `localhost`, signed by itself, and its key: PEM files. */
  readonly certificate: string
  readonly key: string
  /** Runs something to its end as the user that the database runs as. */
  run(command: string, args: readonly string[]): Promise<void>
}

/** A database that the tests may stop, kill and start again. It ends with this process at the latest. */
export class DatabaseProcess {
  readonly place: Place
  readonly #program: Program
  readonly #identity: Identity
  #child: ChildProcess | undefined
  readonly #endWithUs = () => void this.#child?.kill(this.#program.signals.crash)

  private constructor(program: Program, identity: Identity, place: Place) {
    this.#program = program
    this.#identity = identity
    this.place = place
    process.on('exit', this.#endWithUs)
  }

  static async start(program: Program): Promise<DatabaseProcess> {
    const identity = await identityOf(program.user)
    const folder = await mkdtemp(path.join(tmpdir(), 'parlance-db-'))
    const pair = { certificate: path.join(folder, 'certificate.pem'), key: path.join(folder, 'key.pem') }
    await makeCertificate(pair)
    const { uid, gid } = identity
    if (uid !== undefined && gid !== undefined)
      for (const file of [folder, ...Object.values(pair)]) chownSync(file, uid, gid)
    const place: Place = {
      folder,
      ...pair,
      host: HOST,
      port: await freePort(),
      run: (command, args) => runToEnd(command, args, { ...identity, cwd: folder }),
    }
    const database = new DatabaseProcess(program, identity, place)
    try {
      await program.install(place)
      await database.start()
      return database
    } catch (fault) {
      await database.dispose()
      throw fault
    }
  }

  /** Of what was started; it may have started others. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<void> {
    const { command, args } = this.#program.command(this.place)
    const log = openSync(this.#log, 'a')
    const child = spawn(command, args, { ...this.#identity, cwd: this.place.folder, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    await once(child, 'spawn')
    for (const deadline = Date.now() + START_MS; ; await pause(20)) {
      const fault = await this.#program.ask(this.place).then(
        () => undefined,
        (fault: unknown) => fault,
      )
      if (fault === undefined) return
      if (!isRunning(child)) throw new Error(`${this.#program.name} ended at its start:\n${this.#logTail()}`)
      if (Date.now() > deadline)
        throw new Error(`${this.#program.name} does not answer (${fault}):\n${this.#logTail()}`)
    }
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.#end(this.#program.signals.stop)
  }

  /** Ends it as a crash would. */
  async crash(): Promise<void> {
    await this.#end(this.#program.signals.crash)
  }

  /** Ends it and removes its files. */
  async dispose(): Promise<void> {
    await this.stop()
    process.off('exit', this.#endWithUs)
    await rm(this.place.folder, { recursive: true, force: true })
  }

  get #log(): string {
    return path.join(this.place.folder, 'log')
  }

  #logTail(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-30).join('\n') : ''
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || !isRunning(child)) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await gone
    clearTimeout(timer)
  }
}

const isRunning = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null

/** Who runs it: these databases refuse the system administrator, who becomes another user for them. */
interface Identity {
  readonly uid?: number
  readonly gid?: number
}

async function identityOf(user: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = await Promise.all(['-u', '-g'].map(option => run('id', [option, user])))
  return { uid: Number(uid), gid: Number(gid) }
}

async function makeCertificate(files: { readonly certificate: string; readonly key: string }): Promise<void> {
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  writeFileSync(files.certificate, pair.cert)
  writeFileSync(files.key, pair.private, { mode: 0o600 })
}

async function runToEnd(command: string, args: readonly string[], options: object): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`)
}

async function freePort(): Promise<number> {
  const holder = net.createServer().listen(0, HOST)
  await once(holder, 'listening')
  const address = holder.address()
  await new Promise(resolve => holder.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('not a TCP address')
  return address.port
}
