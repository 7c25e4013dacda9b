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
    let timer = begin(ms)
    return { cancel: () => clearTimeout(timer) }

    function begin(left: number): NodeJS.Timeout {
      const more = left - LONGEST
      return more > 0 ? setTimeout(() => (timer = begin(more)), LONGEST).unref() : setTimeout(task, left).unref()
    }
  },
}

/** What Node can wait for at a time, in milliseconds: 24 days. It does not wait at all when it is asked for more. */
const LONGEST = 2 ** 31 - 1
