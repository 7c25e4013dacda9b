import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { Log } from './core/log.js'

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type Level = (typeof LEVELS)[number]

/** A log that can be told to say more, or less. */
export interface LeveledLog extends Log {
  /** What is below is left out, by all that came from this log, too. */
  level: Level
}

/** The log: a JSON object a line on standard error. */
export function openLog(level: Level): LeveledLog {
  const lines = pino(
    {
      level: 'debug',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    // not in step with us: whoever reads it may be slow, and nobody's messages shall wait for that
    pino.destination({ dest: process.stderr.fd, sync: false, maxLength: MAX_WAITING_BYTES }),
  )
  return new LevelLog(lines, { at: LEVELS.indexOf(level) })
}

/** Beyond this lines are dropped. */
const MAX_WAITING_BYTES = 8 * 1024 ** 2

/** A logger of pino's has its own level, which its parent's does not change: this one asks what they share. */
class LevelLog implements LeveledLog {
  readonly #lines: Logger
  readonly #threshold: { at: number }

  constructor(lines: Logger, threshold: { at: number }) {
    this.#lines = lines
    this.#threshold = threshold
  }

  get level(): Level {
    return LEVELS[this.#threshold.at] ?? 'debug'
  }

  set level(level: Level) {
    this.#threshold.at = LEVELS.indexOf(level)
  }

  debug(facts: object, text: string): void {
    if (this.#threshold.at <= 0) this.#lines.debug(facts, text)
  }

  info(facts: object, text: string): void {
    if (this.#threshold.at <= 1) this.#lines.info(facts, text)
  }

  warn(facts: object, text: string): void {
    if (this.#threshold.at <= 2) this.#lines.warn(facts, text)
  }

  error(facts: object, text: string): void {
    if (this.#threshold.at <= 3) this.#lines.error(facts, text)
  }

  child(facts: object): Log {
    return new LevelLog(this.#lines.child(facts), this.#threshold)
  }
}
