/** Runs a task, at once or when it is its turn. Rejects with Busy when too many wait already. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

export class Busy extends Error {
  override readonly name = 'Busy'
}

/** Lets so many tasks run at once and so many more wait, in the order they came. */
export function limiter({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }): Limiter {
  let running = 0
  const queue: (() => void)[] = []

  return async task => {
    if (running < atOnce) running++
    else if (queue.length < waiting) await new Promise<void>(start => queue.push(start))
    else throw new Busy('too many tasks wait')

    try {
      return await task()
    } finally {
      const next = queue.shift()
      if (next)
        next() // takes over the place, so that nobody slips in before it
      else running--
    }
  }
}
