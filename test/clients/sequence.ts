/** What arrived of a count from 0 to below `said`. */
export interface Faults {
  readonly lost: readonly number[]
  readonly doubled: readonly number[]
  /** Those that came after a higher one. */
  readonly reordered: readonly number[]
}

export function faults(heard: readonly number[], said: number): Faults {
  const times = new Map<number, number>()
  const reordered: number[] = []
  let highest = -1
  for (const n of heard) {
    const before = times.get(n) ?? 0
    times.set(n, before + 1)
    if (n < highest && before === 0) reordered.push(n)
    highest = Math.max(highest, n)
  }
  const lost = Array.from({ length: said }, (_, n) => n).filter(n => !times.has(n))
  const doubled = [...times].filter(([, count]) => count > 1).map(([n]) => n)
  return { lost, doubled, reordered }
}

/** `0 lost, 2 doubled (7, 8), 0 reordered` */
export const inWords = ({ lost, doubled, reordered }: Faults) =>
  [some(lost, 'lost'), some(doubled, 'doubled'), some(reordered, 'reordered')].join(', ')

const some = (numbers: readonly number[], what: string) =>
  `${numbers.length} ${what}${numbers.length > 0 ? ` (${few(numbers)})` : ''}`

const few = (numbers: readonly number[]) =>
  numbers.length > 5 ? `${numbers.slice(0, 5).join(', ')} and ${numbers.length - 5} more` : numbers.join(', ')

/** Whole numbers from a range, the same ones again for the same seed (mulberry32). */
export function seededRandom(seed: number): (from: number, to: number) => number {
  let state = seed
  return (from, to) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return from + (((t ^ (t >>> 14)) >>> 0) % (to - from + 1))
  }
}

export interface Round {
  /** How many were sent in all, before the server was killed. */
  readonly sent: number
  /** How many of these, from the first on, the server had acknowledged. */
  readonly acknowledged: number
  /** What the receiver found. The sender had said the unacknowledged ones again. */
  readonly found: readonly number[]
}

/**
 * What a server did wrong in a round with a kill in it, or undefined. Right is: everything that it had kept, which is no
 * less than it had acknowledged and has no gap, and then the unacknowledged messages that were said again; those that it
 * had kept nevertheless may come twice, or be recognised.
 */
export function verdict({ sent, acknowledged, found }: Round): string | undefined {
  const lost = faults(found, sent).lost
  if (lost.length > 0) return `lost ${few(lost)} (acknowledged: ${acknowledged} of ${sent})`
  const again = found.findIndex((n, index) => n !== index)
  const [kept, repeated] = again < 0 ? [found.length, []] : [again, found.slice(again)]
  if (kept < acknowledged) return `out of order at ${kept}, which was acknowledged, found: ${few(found.slice(kept))}`
  const from = repeated[0] ?? sent
  const inOrder = repeated.every((n, index) => n === from + index) && from + repeated.length === sent
  if (inOrder && (from === acknowledged || from === sent)) return undefined
  return `after the ${kept} kept (${acknowledged} acknowledged) came ${few(repeated)}`
}
