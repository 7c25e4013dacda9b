import net from 'node:net'
import { type Arguments, CommandError } from '../core/module.js'
import { hasCode, reasonOf } from '../core/system-error.js'
import type { Door } from './door.js'
import { readLines } from './lines.js'
import { MAX_REPLY_BYTES, type Reply, type Request } from './protocol.js'

/** The door of the server that listens at this file; undefined when none does. Throws a CommandError when it is shut. */
export async function openSocketDoor(file: string): Promise<Door | undefined> {
  const socket = await connect(file)
  if (!socket) return undefined
  const conversation = new Conversation(socket)
  const listed = await conversation.ask({ list: true })
  return {
    toServer: true,
    commands: 'commands' in listed ? listed.commands : [],
    run: async (command: string, args: Arguments) => {
      const reply = await conversation.ask({ command, args })
      return 'output' in reply ? reply.output : ''
    },
    close: async () => void socket.destroy(),
  }
}

function connect(file: string): Promise<net.Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file)
    socket.once('connect', () => resolve(socket))
    socket.once('error', fault => {
      if (hasCode(fault, 'ENOENT', 'ECONNREFUSED', 'ENOTDIR')) resolve(undefined)
      else reject(new CommandError(`The server cannot be asked at ${file}: ${reasonOf(fault)}.`))
    })
  })
}

/** Requests and their replies, which come in the same order. */
class Conversation {
  readonly #socket: net.Socket
  readonly #waiting: { resolve(reply: Reply): void; reject(fault: Error): void }[] = []

  constructor(socket: net.Socket) {
    this.#socket = socket
    void this.#read()
  }

  ask(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.#socket.writable) return reject(gone())
      this.#waiting.push({ resolve, reject })
      this.#socket.write(`${JSON.stringify(request)}\n`)
    })
  }

  async #read(): Promise<void> {
    try {
      for await (const line of readLines(this.#socket, MAX_REPLY_BYTES)) {
        const reply = JSON.parse(line) as Reply // our own server has said it
        const asked = this.#waiting.shift()
        if ('error' in reply) asked?.reject(new CommandError(reply.error))
        else asked?.resolve(reply)
      }
    } catch {
      // what is still waited for does not come, whatever it was
    }
    for (const { reject } of this.#waiting) reject(gone())
  }
}

const gone = () => new CommandError('The server has gone away before it answered.')
