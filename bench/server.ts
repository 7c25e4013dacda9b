/** Runs one server of the bench as a process of its own on its own CPU. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that can be asked: each message to it is answered with one. */
export interface Child {
  readonly pid: number
  ask(question: unknown): Promise<unknown>
  stop(): Promise<void>
}

export interface ServerOrder {
  readonly port: number
  /** Gets all that the server prints. */
  readonly log: string
  /** Whether it is a Node program with something in it that answers, such as probe.ts. */
  readonly answers?: boolean
}

export const startServer = async (
  command: readonly string[],
  { port, log, answers = false }: ServerOrder,
): Promise<Child> => {
  const output = openSync(log, 'a')
  const child = spawnOn(SERVER_CPU, command, ['ignore', output, output, ...(answers ? ['ipc' as const] : [])])
  closeSync(output)
  try {
    await listening(child, port)
  } catch (error) {
    await stopChild(child)
    throw error
  }
  return asked(child)
}

/** A load that is told what to do, message by message. */
export const startLoad = (command: readonly string[]): Child =>
  asked(spawnOn(GENERATOR_CPU, command, ['ignore', 'inherit', 'inherit', 'ipc']))

const asked = (child: ChildProcess): Child => ({
  pid: child.pid ?? 0,
  ask: question =>
    new Promise((resolve, reject) => {
      const refuse = () => reject(new Error(`no answer to ${JSON.stringify(question)}`))
      child.once('exit', refuse)
      child.once('message', answer => {
        child.off('exit', refuse)
        resolve(answer)
      })
      child.send(question as object)
    }),
  stop: () => stopChild(child),
})

/** JSON in, JSON out. */
export const runGenerator = async (command: readonly string[], order: unknown): Promise<unknown> => {
  const child = spawnOn(GENERATOR_CPU, command, ['pipe', 'pipe', 'inherit'])
  child.stdin?.end(JSON.stringify(order))
  let output = ''
  child.stdout?.on('data', chunk => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the generator ended with ${code}`)
  return JSON.parse(output)
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

// taskset becomes the command, so the child's pid is the server's
const spawnOn = (cpu: number, command: readonly string[], stdio: StdioOptions): ChildProcess => {
  const child = spawn('taskset', ['--cpu-list', String(cpu), ...command], { stdio })
  running.add(child)
  child.on('error', error => console.error(error))
  child.on('exit', () => running.delete(child))
  return child
}

const listening = async (child: ChildProcess, port: number): Promise<void> => {
  for (let waited = 0; waited < PATIENCE; waited += 50) {
    if (ended(child)) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`)
    if (await accepts(port)) return
    await sleep(50)
  }
  throw new Error(`the server does not listen on ${port}`)
}

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const answer = (accepted: boolean) => () => {
      socket.destroy()
      resolve(accepted)
    }
    socket.on('connect', answer(true)).on('error', answer(false))
  })

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (ended(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  await gone
  clearTimeout(impatient)
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const SERVER_CPU = 0
const GENERATOR_CPU = 1
const PATIENCE = 15_000
