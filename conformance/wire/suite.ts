/** Plays many scripts, several at a time. */
import { learn, SOLITUDE } from './needs.js'
import { type Played, play, type Stage } from './player.js'
import type { Script } from './script.js'

export type Outcome = 'passed' | 'failed' | 'excluded'

export interface Result {
  readonly script: Script
  readonly outcome: Outcome
  /** Why it failed, or was left out. */
  readonly reason?: string
  readonly transcript: readonly string[]
  /** Milliseconds. */
  readonly took: number
}

export async function playAll(
  scripts: readonly Script[],
  stage: Stage,
  { jobs = 8, report = (_: Result) => {} } = {},
): Promise<readonly Result[]> {
  const abilities = await learn(stage)
  const results = new Map<Script, Result>()
  const worker = async (waiting: Script[]) => {
    for (let script = waiting.shift(); script; script = waiting.shift()) {
      const result = await playOne(script)
      results.set(script, result)
      report(result)
    }
  }
  const playOne = async (script: Script): Promise<Result> => {
    const lacking = script.needs.map(need => abilities.missing(need)).find(reason => reason !== undefined)
    if (lacking !== undefined) return { script, outcome: 'excluded', reason: lacking, transcript: [], took: 0 }
    const start = performance.now()
    const { failure, transcript }: Played = await play(script, stage)
    const took = performance.now() - start
    if (failure === undefined) return { script, outcome: 'passed', transcript, took }
    return { script, outcome: 'failed', reason: failure, transcript, took }
  }
  const isFelt = ({ needs }: Script) => needs.includes(SOLITUDE)
  const isGateway = ({ needs }: Script) => needs.includes('component')
  const shared = scripts.filter(script => !isFelt(script) && !isGateway(script))
  // there is one component: the second to connect would end the stream of the first
  const gateways = scripts.filter(script => !isFelt(script) && isGateway(script))
  await Promise.all([...Array.from({ length: jobs }, () => worker(shared)), worker(gateways)])
  await worker(scripts.filter(isFelt))
  return scripts.flatMap(script => results.get(script) ?? [])
}
