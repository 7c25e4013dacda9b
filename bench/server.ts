/** Runs one server of the bench as a process of its own on its own CPU. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Server {
  readonly pid: number
  stop(): Promise<void>
}

/** `log` gets all that the server prints. */
export const startServer = async (command: readonly string[], port: number, log: string): Promise<Server> => {
  const output = openSync(log, 'a')
  const child = spawnOn(SERVER_CPU, command, ['ignore', output, output])
  closeSync(output)
  const stop = () => stopChild(child)
  try {
    await listening(child, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid ?? 0, stop }
}

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
