/** Time as the server sees it; tests turn the hands themselves. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs the task once, after so many milliseconds, unless it is cancelled before. */
  after(ms: number, task: () => void): Timer
}

export interface Timer {
  cancel(): void
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, task) {
    const timer = setTimeout(task, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
