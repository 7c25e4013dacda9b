/** A server that takes part, with a folder and ports of its own. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { peers } from './peers/index.js'
import type { Peer } from './peers/peer.js'
import { freePort } from './server.js'
import type { Account } from './session.js'

export interface Candidate {
  readonly name: string
  readonly port: number
  /** For TLS from the first byte. */
  readonly tlsPort: number
  readonly log: string
  readonly profiles: string
  readonly peer: Peer
}

export interface CandidateOrder {
  readonly spec: string
  /** Where its folder is made. */
  readonly folder: string
  /** For servers in Node; `PROFILES` is where profiles may be put. */
  readonly nodeFlags: readonly string[]
}

export const makeCandidate = async ({ spec, folder, nodeFlags }: CandidateOrder): Promise<Candidate> => {
  const [kind = '', argument] = spec.split(':', 2)
  const makePeer = peers[kind]
  if (!makePeer) throw new Error(`no server ${kind}; there are ${Object.keys(peers).join(', ')}`)
  const own = await mkdtemp(join(folder, `${kind}-`))
  const profiles = join(own, 'profiles')
  await mkdir(profiles)
  const [port, tlsPort] = [await freePort(), await freePort()]
  const flags = nodeFlags.map(flag => flag.replace('PROFILES', profiles))
  return {
    name: spec,
    port,
    tlsPort,
    log: join(own, 'output.log'),
    profiles,
    peer: makePeer({ folder: own, port, tlsPort, argument, nodeFlags: flags }),
  }
}

/** For all that the servers write; it goes away at the end, also when the bench is interrupted. */
export const makeFolder = async (): Promise<string> => {
  if (availableParallelism() < 2) throw new Error('needs two CPUs: one for the server, one for the load')
  const folder = await mkdtemp(join(tmpdir(), 'parlance-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What goes wrong is told together with what the server printed. */
export const blaming = async <T>({ name, log }: Candidate, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const output = await readFile(log, 'utf8').catch(() => '')
    throw new Error(`${name} failed; what it printed:\n${output}`, { cause: error })
  }
}

/** All names of one length, so that all stanzas are of one size. */
export const makeAccounts = (count: number): Account[] =>
  Array.from({ length: count }, (_, index) => ({
    user: `bench${String(index).padStart(5, '0')}`,
    domain: 'localhost',
    password: 'wherefore-art-thou',
  }))

export const machine = () => ({
  date: new Date().toISOString(),
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  kernel: release(),
  node: process.version,
})
