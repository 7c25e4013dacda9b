/** What sessions leave in a server's memory: a server, a crowd, and readings in between. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blaming, type Candidate, makeAccounts, makeCandidate, makeFolder } from './candidate.js'
import type { Outcome, Task } from './crowd.js'
import type { Security } from './member.js'
import type { Question } from './probe.js'
import { usage } from './proc.js'
import { selfTimes } from './profile.js'
import { startLoad, startServer } from './server.js'

export const MEMORY_OPTIONS = {
  against: { type: 'string', default: 'parlance' },
  security: { type: 'string', default: 'plain,tls' },
  managed: { type: 'boolean', default: false },
  'expose-gc': { type: 'boolean', default: true },
  snapshot: { type: 'string' },
  profile: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const

export interface MemoryValues {
  readonly against: string
  readonly security: string
  readonly managed: boolean
  readonly 'expose-gc': boolean
  readonly profile: boolean
}

/** In KiB. */
export interface Reading {
  /** As it was found. */
  readonly found: number
  /** After a full collection, where the server can be told to make one; so is what follows. */
  readonly rss: number
  /** The JavaScript heap in use; NaN for servers that have none. */
  readonly heap: number
  /** What JavaScript objects hold outside of it. */
  readonly external: number
}

/** What came of a task, and the CPU time in microseconds that it cost the server. */
export type Done = Outcome & { readonly cpu: number }

/** A server with a crowd before its doors. */
export interface Scene {
  read(): Promise<Reading>
  do(task: Task): Promise<Done>
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
  const nodeFlags = [
    ...['--import', PROBE],
    ...(values['expose-gc'] ? ['--expose-gc'] : []),
    ...(values.profile ? ['--cpu-prof', '--cpu-prof-dir=PROFILES'] : []),
  ]
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
      if (values.profile) console.log(`\n${name}: ${await newestProfile(candidate)}`)
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
    const before = usage(server.pid)
    const outcome = (await crowd.ask(task)) as Outcome // our own program's answer
    if (outcome.closed > 0) throw new Error(`${outcome.closed} sessions were closed`)
    return { ...outcome, cpu: usage(server.pid).cpu - before.cpu }
  }
  const ask = async (question: Question) =>
    (answers ? await server.ask(question) : { heapUsed: Number.NaN, external: Number.NaN }) as NodeJS.MemoryUsage
  try {
    await act(prepare)
    return await scene({
      do: act,
      snapshot: file => ask({ snapshot: file }),
      async read() {
        const found = usage(server.pid).rssKiB
        const { heapUsed, external } = await ask({})
        return { found, rss: usage(server.pid).rssKiB, heap: heapUsed / 1024, external: external / 1024 }
      },
    })
  } finally {
    await crowd.stop()
    await server.stop()
  }
}

const newestProfile = async ({ profiles }: Candidate): Promise<string> => {
  const newest = (await readdir(profiles)).sort().at(-1) // the names begin with date and time
  return newest ? selfTimes(join(profiles, newest)) : 'no profile'
}

const asSecurity = (word: string): Security => {
  if (word !== 'plain' && word !== 'starttls' && word !== 'tls') throw new Error(`${word} is no security`)
  return word
}

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url))
const CROWD = fileURLToPath(new URL('./crowd.js', import.meta.url))
