import { pino, stdTimeFunctions } from 'pino'
import type { Log } from './core/log.js'

/** The log: a JSON object a line on standard error, what is below the level left out. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    // not in step with us: whoever reads it may be slow, and nobody's messages shall wait for that
    pino.destination({ dest: process.stderr.fd, sync: false, maxLength: MAX_WAITING_BYTES }),
  )
}

/** Beyond this lines are dropped. */
const MAX_WAITING_BYTES = 8 * 1024 ** 2
