/**
 * Where a server's time goes: the functions of a .cpuprofile by their own time, callees not included.
 *
 *     node build/bench/profile.js FILE.cpuprofile [COUNT]
 */
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** Microseconds on the monotonic clock; the whole profile when left out. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const selfTimes = async (file: string, count = 30, span: Span = { from: 0, to: Infinity }): Promise<string> => {
  // V8's own format
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile
  const times = timePerFrame(profile, span)
  const idle = times.get(IDLE) ?? 0
  times.delete(IDLE)
  const busy = [...times.values()].reduce((total, time) => total + time, 0)
  const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, count)
  const head = `self time of ${seconds(busy)} s busy, ${seconds(idle)} s idle`
  return [head, ...rows.map(([frame, time]) => row(frame, time, busy))].join('\n')
}

const timePerFrame = (
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  { from, to }: Span,
): Map<string, number> => {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, frameName(callFrame)]))
  const times = new Map<string, number>()
  let now = startTime
  for (const [index, node] of samples.entries()) {
    now += timeDeltas[index] ?? 0
    if (now < from || now > to) continue
    // a sample holds until the next one
    const lasted = timeDeltas[index + 1] ?? 0
    const name = names.get(node) ?? '?'
    times.set(name, (times.get(name) ?? 0) + lasted)
  }
  return times
}

const frameName = ({ functionName, url, lineNumber }: CallFrame): string => {
  const place = url.replace(/^file:\/\//, '').replace(`${process.cwd()}/`, '')
  return `${functionName || '(anonymous)'}${place ? `  ${place}:${lineNumber + 1}` : ''}`
}

const row = (frame: string, time: number, busy: number): string =>
  `${((100 * time) / busy).toFixed(1).padStart(5)} % ${(time / 1000).toFixed(0).padStart(7)} ms  ${frame}`

const seconds = (microseconds: number): string => (microseconds / 1e6).toFixed(1)

const IDLE = '(idle)'

const [, program = '', file, count] = process.argv
if (import.meta.url === pathToFileURL(program).href) console.log(await selfTimes(file ?? '', Number(count ?? 30)))
