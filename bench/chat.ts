/** What a chat message costs: every server under the same load in the same run. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { blaming, type Candidate, machine, makeAccounts, makeCandidate, makeFolder } from './candidate.js'
import type { Order, Report } from './generator.js'
import { selfTimes } from './profile.js'
import { runGenerator, startServer } from './server.js'
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

export const chat = async (args: string[]): Promise<void> => {
  const { values } = parseArgs({ args, options: OPTIONS })
  const folder = await makeFolder()
  const nodeFlags = values.profile ? ['--cpu-prof', '--cpu-prof-dir=PROFILES'] : []
  const accounts = makeAccounts(2 * Number(values.pairs))
  const candidates = await Promise.all(
    values.against.split(',').map(spec => makeCandidate({ spec, folder, nodeFlags })),
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
      const report = await blaming(candidate, () => runAgainst(candidate, load))
      results.get(candidate.name)?.push(report)
      const others = report.otherCpu / report.seconds / 1e6
      const figure = (report.serverCpu / report.messages).toFixed(2)
      console.error(`round ${round + 1}: ${candidate.name} ${figure} CPU-µs/msg, others ${others.toFixed(2)} cores`)
    }
  }
  return results
}

const runAgainst = async ({ peer, port, log }: Candidate, load: Load): Promise<Report> => {
  const server = await startServer(peer.command, { port, log })
  try {
    const order: Order = { ...load, port, serverPid: server.pid, framing: peer.framing }
    // our own program's answer
    return (await runGenerator([process.execPath, GENERATOR], order)) as Report
  } finally {
    await server.stop()
  }
}

const printProfile = async ({ name, profiles }: Candidate, reports: readonly Report[] = []): Promise<void> => {
  const files = (await readdir(profiles)).sort() // the names begin with date and time
  const [file, window] = [files.at(-1), reports.at(-1)]
  if (!file || !window) return
  console.log(`\n${name}, last round, measured window: ${await selfTimes(join(profiles, file), 30, window)}`)
}

const GENERATOR = fileURLToPath(new URL('./generator.js', import.meta.url))
