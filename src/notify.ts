import { execFile } from 'node:child_process'
import type { Clock } from './core/clock.js'

/** Tells whoever supervises the server how it is. Nothing of it fails, and nobody waits for it. */
export interface Notify {
  ready(): void
  reloading(): void
  stopping(): void
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Runs a program to its end; for whoever cannot have it run. */
  readonly run?: (program: string, args: readonly string[]) => Promise<void>
  /** Nobody can be told: why. Called once. */
  readonly complain: (reason: unknown) => void
}

const PROGRAM = 'systemd-notify'

/**
 * Speaks to systemd (sd_notify(3)), when it has started us and wants to know. It listens at a datagram socket, which
 * Node has none of: so its own program says it for us, one thing after the other. The unit has to have
 * `NotifyAccess=all`, for it is not the server's main process that speaks.
 */
export function openNotify({ env, clock, complain, run = runProgram }: Surroundings): Notify {
  if (!env.NOTIFY_SOCKET) return { ready() {}, reloading() {}, stopping() {} }
  let last = Promise.resolve()
  let hasComplained = false
  const say = (...facts: readonly string[]) => {
    last = last
      .then(() => run(PROGRAM, facts))
      .catch(reason => {
        if (!hasComplained) complain(reason)
        hasComplained = true
      })
  }
  const watchdog = watchdogMs(env)
  const live = (ms: number) =>
    void clock.after(ms, () => {
      say('WATCHDOG=1')
      live(ms)
    })
  if (watchdog !== undefined) live(watchdog / 2)
  return {
    ready: () => say('READY=1'),
    reloading: () => say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => say('STOPPING=1'),
  }
}

/** After how many milliseconds without a word we are taken for dead (sd_watchdog_enabled(3)). */
function watchdogMs({ WATCHDOG_USEC = '', WATCHDOG_PID }: Surroundings['env']): number | undefined {
  const isForUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(process.pid)
  return isForUs && /^[1-9]\d*$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) / 1000 : undefined
}

/** It may wait for systemd to have heard it, which takes no time, or for ever. */
const LONGEST_MS = 5000

const runProgram = (program: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: LONGEST_MS }, fault => (fault ? reject(fault) : resolve()))
  })
