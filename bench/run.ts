/**
 * Compares servers under the same load in the same run: see README.md.
 *
 *     npm run bench -- chat --against parlance,prosody,prosody-gen,relay --rounds 3
 */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Order, Report } from './generator.js'
import { peers } from './peers/index.js'
import type { Peer } from './peers/peer.js'
import { selfTimes } from './profile.js'
import { freePort, runGenerator, startServer } from './server.js'
import type { Account } from './session.js'
import { resultTable, warnings } from './table.js'

const OPTIONS = {
  against: { type: 'string', default: 'parlance,prosody,prosody-gen,relay' },
  rounds: { type: 'string', default: '3' },
  pairs: { type: 'string', default: '50' },
  window: { type: 'string', default: '1' },
  seconds: { type: 'string', default: '8' },
  'warm-up': { type: 'string', default: '3' },
  json: { type: 'string' },
  profile: { type: 'boolean', default: false },
} as const

interface Candidate {
  readonly name: string
  readonly port: number
  readonly log: string
  readonly profiles: string
  readonly peer: Peer
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  if (positionals.join() !== 'chat')
    throw new Error('usage: bench chat [--against LIST] [options], see bench/README.md')
  if (availableParallelism() < 2) throw new Error('needs two CPUs: one for the server, one for the load')
  const folder = await mkdtemp(join(tmpdir(), 'parlance-bench-'))
  // also when it is interrupted
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const accounts = makeAccounts(2 * Number(values.pairs))
  const candidates = await Promise.all(
    values.against.split(',').map(spec => makeCandidate({ spec, folder, profile: values.profile })),
  )
  for (const { peer } of candidates) await peer.prepare(accounts)
  const load = {
    accounts,
    window: Number(values.window),
    warmUpSeconds: Number(values['warm-up']),
    seconds: Number(values.seconds),
  }
  const results = await allRounds(candidates, Number(values.rounds), load)

  console.log(`\n${resultTable(results)}\n`)
  // speed bought with loss is worth nothing
  if ([...results.values()].flat().some(isFaulty)) process.exitCode = 1
  for (const warning of warnings(results)) console.log(warning)
  if (values.profile) for (const candidate of candidates) await printProfile(candidate, results.get(candidate.name))
  if (values.json)
    await writeFile(
      values.json,
      JSON.stringify({ machine: machine(), values, results: Object.fromEntries(results) }, null, 2),
    )
}

const isFaulty = ({ lost, doubled, reordered, misrouted }: Report): boolean =>
  lost + doubled + reordered + misrouted > 0

type Load = Pick<Order, 'accounts' | 'window' | 'warmUpSeconds' | 'seconds'>

/** Every server once a round, another one first each time, so that a change on the machine meets them all. */
const allRounds = async (
  candidates: readonly Candidate[],
  rounds: number,
  load: Load,
): Promise<Map<string, Report[]>> => {
  const results = new Map<string, Report[]>(candidates.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % candidates.length
    for (const candidate of [...candidates.slice(first), ...candidates.slice(0, first)]) {
      const report = await measure(candidate, load)
      results.get(candidate.name)?.push(report)
      const others = report.otherCpu / report.seconds / 1e6
      const figure = (report.serverCpu / report.messages).toFixed(2)
      console.error(`round ${round + 1}: ${candidate.name} ${figure} CPU-µs/msg, others ${others.toFixed(2)} cores`)
    }
  }
  return results
}

const measure = async (candidate: Candidate, load: Load): Promise<Report> => {
  try {
    return await runAgainst(candidate, load)
  } catch (error) {
    const output = await readFile(candidate.log, 'utf8').catch(() => '')
    throw new Error(`${candidate.name} failed; what it printed:\n${output}`, { cause: error })
  }
}

const runAgainst = async ({ peer, port, log }: Candidate, load: Load): Promise<Report> => {
  const server = await startServer(peer.command, port, log)
  try {
    const order: Order = { ...load, port, serverPid: server.pid, framing: peer.framing }
    // our own program's answer
    return (await runGenerator([process.execPath, GENERATOR], order)) as Report
  } finally {
    await server.stop()
  }
}

interface CandidateOrder {
  readonly spec: string
  readonly folder: string
  readonly profile: boolean
}

const makeCandidate = async ({ spec, folder, profile }: CandidateOrder): Promise<Candidate> => {
  const [kind = '', argument] = spec.split(':', 2)
  const makePeer = peers[kind]
  if (!makePeer) throw new Error(`no server ${kind}; there are ${Object.keys(peers).join(', ')}`)
  const own = await mkdtemp(join(folder, `${kind}-`))
  const profiles = join(own, 'profiles')
  await mkdir(profiles)
  const port = await freePort()
  const nodeFlags = profile ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []
  return {
    name: spec,
    port,
    log: join(own, 'output.log'),
    profiles,
    peer: makePeer({ folder: own, port, argument, nodeFlags }),
  }
}

const printProfile = async ({ name, profiles }: Candidate, reports: readonly Report[] = []): Promise<void> => {
  const files = (await readdir(profiles)).sort() // the names begin with date and time
  const [file, window] = [files.at(-1), reports.at(-1)]
  if (!file || !window) return
  console.log(`\n${name}, last round, measured window: ${await selfTimes(join(profiles, file), 30, window)}`)
}

// all names of one length, so that all messages are of one size
const makeAccounts = (count: number): Account[] =>
  Array.from({ length: count }, (_, index) => ({
    user: `bench${String(index).padStart(5, '0')}`,
    domain: 'localhost',
    password: 'wherefore-art-thou',
  }))

const machine = () => ({
  date: new Date().toISOString(),
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  kernel: release(),
  node: process.version,
})

const GENERATOR = fileURLToPath(new URL('./generator.js', import.meta.url))

await main()
