import { rm } from 'node:fs/promises'
import net from 'node:net'
import { findCommand, withoutSecrets } from '../core/commands.js'
import { ConfigError } from '../core/config.js'
import type { Log } from '../core/log.js'
import { type Command, CommandError } from '../core/module.js'
import { hasCode, reasonOf } from '../core/system-error.js'
import { runCommand, summaryOf } from './door.js'
import { BadLine, readLines } from './lines.js'
import { MAX_REQUEST_BYTES, parseRequest, type Reply, type RunRequest } from './protocol.js'

export interface Offered {
  /** The path of the socket. */
  readonly file: string
  readonly log: Log
}

/** Offers commands to whoever may open the socket's file, which is the user that the server runs as. */
export class AdminSocket {
  readonly #server: net.Server
  readonly #log: Log
  readonly #connections = new Set<net.Socket>()
  /** The replies to requests that were taken. */
  readonly #unsaid = new Set<Promise<void>>()
  #commands: (() => readonly Command[]) | undefined

  /**
   * No commands yet: the socket comes before all else that is made with the folder it lies in, for it keeps two servers
   * from the same folder. Throws a ConfigError when one answers there already.
   */
  static async open({ file, log }: Offered): Promise<AdminSocket> {
    const server = net.createServer({ allowHalfOpen: true })
    server.maxConnections = MAX_CONNECTIONS
    await claim(server, file)
    return new AdminSocket(server, log)
  }

  private constructor(server: net.Server, log: Log) {
    this.#server = server
    this.#log = log
    server.on('connection', socket => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
      void this.#converse(socket)
    })
  }

  /** What there is by now is asked for with every request. */
  offer(commands: () => readonly Command[]): void {
    this.#commands = commands
  }

  /** Takes the commands away; resolves when those that were begun are done and answered. */
  async withdraw(): Promise<void> {
    this.#commands = undefined
    await Promise.all(this.#unsaid)
  }

  /** After this another server may have the folder. */
  async close(): Promise<void> {
    await this.withdraw()
    const closed = new Promise(resolve => this.#server.close(resolve)) // and the file is gone
    for (const socket of this.#connections) socket.destroySoon()
    await closed
  }

  /** Answers the requests of one connection, in order, until it ends. */
  async #converse(socket: net.Socket): Promise<void> {
    const waiting: Promise<void>[] = []
    let last: Promise<void> = Promise.resolve()
    const say = (reply: Reply) => void socket.write(`${JSON.stringify(reply)}\n`)
    try {
      for await (const line of readLines(socket, MAX_REQUEST_BYTES)) {
        last = this.#track(Promise.all([this.#answer(line), last]).then(([reply]) => say(reply)))
        if (waiting.push(last) >= AT_ONCE) await waiting.shift()
      }
      await last
    } catch (fault) {
      await last
      if (fault instanceof BadLine) say({ error: fault.message })
      else this.#log.debug({ err: fault }, 'an admin connection broke')
    }
    socket.destroySoon()
  }

  #track(reply: Promise<void>): Promise<void> {
    this.#unsaid.add(reply)
    return reply.finally(() => this.#unsaid.delete(reply))
  }

  async #answer(line: string): Promise<Reply> {
    const request = parseRequest(line)
    if (!request) return { error: 'This is no request.' }
    if (!this.#commands) return { error: 'The server is just starting or stopping; try again in a moment.' }
    if ('list' in request) return { commands: this.#commands().map(summaryOf) }
    return this.#run(request, this.#commands())
  }

  async #run({ command: name, args }: RunRequest, commands: readonly Command[]): Promise<Reply> {
    const command = commands.find(command => command.name === name)
    const facts = { command: name, args: command && withoutSecrets(command, args) }
    try {
      const output = await runCommand(command ?? findCommand(commands, name), args)
      this.#log.info(facts, 'a command was run')
      return { output }
    } catch (fault) {
      if (fault instanceof CommandError) return { error: fault.message }
      this.#log.error({ ...facts, err: fault }, 'a command failed')
      return { error: `The server failed at "${name}"; its log says why.` }
    }
  }
}

const MAX_CONNECTIONS = 16
/** Requests of one connection that are worked on at the same time. */
const AT_ONCE = 32
const LONGEST_PATH = 103 // that macOS takes; Linux takes 107

async function claim(server: net.Server, file: string): Promise<void> {
  if (Buffer.byteLength(file) > LONGEST_PATH)
    throw new ConfigError('data', `${file} is too long for a socket, whose path may have ${LONGEST_PATH} bytes`)
  try {
    await listen(server, file)
  } catch (fault) {
    if (!hasCode(fault, 'EADDRINUSE')) throw new ConfigError('data', `${file} cannot be made: ${reasonOf(fault)}`)
    if (await isAnswered(file)) throw new ConfigError('data', `a server is running with this folder already: ${file}`)
    await rm(file) // left behind by a server that was killed
    await listen(server, file)
  }
}

function listen(server: net.Server, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    // the file is made within the call: so it never lies there with more rights than it shall have
    const before = process.umask(0o177)
    server.listen(file)
    process.umask(before)
  })
}

/** Whether somebody listens. In doubt, somebody does. */
export function isAnswered(file: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(file)
    socket.once('error', fault => resolve(!hasCode(fault, 'ECONNREFUSED', 'ENOENT', 'ENOTDIR')))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
