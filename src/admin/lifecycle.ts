import { RESTART, SHUTDOWN } from '../core/admin-forms.js'
import type { Clock, Timer } from '../core/clock.js'
import type { Argument, Arguments, Command } from '../core/module.js'

/** For good, or to begin anew. */
export type Ending = 'stop' | 'restart'

export interface LifecycleParts {
  readonly clock: Clock
  /** Tells everybody who is online. */
  readonly announce: (text: string) => Promise<unknown>
  /** Throws a CommandError when the server could not start again. */
  readonly checkStart: () => void
  readonly end: (how: Ending) => void
}

const ARGS: Readonly<Record<string, Argument>> = {
  delay: {
    type: 'integer',
    doc: 'in how many seconds; at once when nothing is said',
    optional: true,
    named: 'SECONDS',
  },
  announcement: { type: 'lines', doc: 'what to tell everybody who is online', optional: true, named: 'TEXT' },
}

/** Has the server end, for operators. What was said last holds. XEP-0133 §4.30, §4.31 */
export function lifecycleCommands({ clock, announce, checkStart, end }: LifecycleParts): readonly Command[] {
  let pending: Timer | undefined
  const plan = async (how: Ending, { delay = '0', announcement }: Arguments): Promise<string> => {
    if (announcement !== undefined) await announce(announcement)
    pending?.cancel() // now: others may have been planned meanwhile
    // never before who asked has been told
    pending = clock.after(Math.max(Number(delay) * 1000, GRACE_MS), () => end(how))
    const when = delay === '0' ? 'now' : `in ${delay} seconds`
    return how === 'stop' ? `The server stops ${when}.` : `The server starts anew ${when}.`
  }
  return [
    {
      name: 'stop',
      doc: 'Stops the server.',
      args: ARGS,
      forms: [SHUTDOWN],
      run: args => plan('stop', args),
    },
    {
      name: 'restart',
      doc: 'Stops the server and starts it anew, with the configuration as it is then.',
      args: ARGS,
      forms: [RESTART],
      run: async args => {
        checkStart()
        return plan('restart', args)
      },
    },
  ]
}

/** For the answer to be written. */
const GRACE_MS = 100
