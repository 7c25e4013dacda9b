/** What a process and everything it started have used, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

export interface Usage {
  /** CPU time of the process tree, user and system, in microseconds; the kernel tells it in steps of 10 ms. */
  readonly cpu: number
  /** The same of the whole machine. */
  readonly machineCpu: number
  readonly rssKiB: number
}

export const usage = (pid: number): Usage => {
  const tree = processTree(pid)
  return { cpu: sum(tree.map(cpuOf)), machineCpu: machineCpu(), rssKiB: sum(tree.map(rssOf)) }
}

const processTree = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(processTree)]

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    contentOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )

/** Empty when a thread has ended in the meantime. */
const contentOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the name may contain spaces and parentheses; state is the first field after it
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime, stime and the same of children that have ended
  return sum(fields.slice(11, 15).map(Number)) * TICK
}

const rssOf = (pid: number): number => {
  const rss = /^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(rss?.[1] ?? Number.NaN)
}

const machineCpu = (): number => sum(cpus().map(({ times }) => times.user + times.nice + times.sys)) * 1000

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

// USER_HZ is 100 on every Linux that Node runs on
const TICK = 10_000
