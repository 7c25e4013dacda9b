/** What sessions leave in a server's memory: a server, a crowd, and readings in between. */
import { fileURLToPath } from 'node:url'
import { blaming, type Candidate, makeAccounts, makeCandidate, makeFolder } from './candidate.js'
import type { Outcome, Task } from './crowd.js'
import type { Security } from './member.js'
import type { Question } from './probe.js'
import { usage } from './proc.js'
import { startLoad, startServer } from './server.js'

export const MEMORY_OPTIONS = {
  against: { type: 'string', default: 'parlance' },
  security: { type: 'string', default: 'plain,tls' },
  managed: { type: 'boolean', default: false },
  'expose-gc': { type: 'boolean', default: true },
  snapshot: { type: 'string' },
  json: { type: 'string' },
} as const

export interface MemoryValues {
  readonly against: string
  readonly security: string
  readonly managed: boolean
  readonly 'expose-gc': boolean
}

/** In KiB. */
export interface Reading {
  readonly rss: number
  /** The JavaScript heap in use; NaN for servers that have none. */
  readonly heap: number
  /** What JavaScript objects hold outside of it. */
  readonly external: number
  /** CPU time so far, in microseconds. */
  readonly cpu: number
}

/** A server with a crowd before its doors. */
export interface Scene {
  /** After a full collection, where the server can be told to make one. */
  read(): Promise<Reading>
  do(task: Task): Promise<Outcome>
  snapshot(file: string): Promise<unknown>
}

export interface Run<T> {
  readonly name: string
  readonly result: T
}

/** Plays a scene on each server that takes part, fresh each time, for each kind of security. */
export const play = async <T>(
  values: MemoryValues,
  count: number,
  scene: (scene: Scene) => Promise<T>,
): Promise<readonly Run<T>[]> => {
  const folder = await makeFolder()
  const accounts = makeAccounts(count)
  const nodeFlags = ['--import', PROBE, ...(values['expose-gc'] ? ['--expose-gc'] : [])]
  const runs: Run<T>[] = []
  for (const spec of values.against.split(',')) {
    const candidate = await makeCandidate({ spec, folder, nodeFlags })
    if (candidate.peer.framing !== 'xmpp') throw new Error(`${spec} has no sessions`)
    await candidate.peer.prepare(accounts)
    for (const security of values.security.split(',').map(asSecurity)) {
      const name = [spec, security, ...(values.managed ? ['managed'] : [])].join(', ')
      console.error(name)
      const prepare: Task = {
        do: 'prepare',
        venue: { port: candidate.port, tlsPort: candidate.tlsPort, security, managed: values.managed },
        accounts,
      }
      runs.push({ name, result: await blaming(candidate, () => stage(candidate, prepare, scene)) })
    }
  }
  return runs
}

const stage = async <T>(
  { peer, port, log }: Candidate,
  prepare: Task,
  scene: (scene: Scene) => Promise<T>,
): Promise<T> => {
  const answers = peer.command[0] === process.execPath
  const server = await startServer(peer.command, { port, log, answers })
  const crowd = startLoad([process.execPath, CROWD])
  const act = async (task: Task) => {
    const outcome = (await crowd.ask(task)) as Outcome // our own program's answer
    if (outcome.closed > 0) throw new Error(`${outcome.closed} sessions were closed`)
    return outcome
  }
  const ask = async (question: Question) =>
    (answers ? await server.ask(question) : { heapUsed: Number.NaN, external: Number.NaN }) as NodeJS.MemoryUsage
  try {
    await act(prepare)
    return await scene({
      do: act,
      snapshot: file => ask({ snapshot: file }),
      async read() {
        const { heapUsed, external } = await ask({})
        const { rssKiB, cpu } = usage(server.pid)
        return { rss: rssKiB, heap: heapUsed / 1024, external: external / 1024, cpu }
      },
    })
  } finally {
    await crowd.stop()
    await server.stop()
  }
}

const asSecurity = (word: string): Security => {
  if (word !== 'plain' && word !== 'starttls' && word !== 'tls') throw new Error(`${word} is no security`)
  return word
}

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url))
const CROWD = fileURLToPath(new URL('./crowd.js', import.meta.url))
