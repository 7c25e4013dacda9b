import { isIPv4, isIPv6 } from 'node:net'

interface Limits {
  /** How often one address may try before it has to wait. */
  readonly tries: number
  /** How long it has to wait then, in milliseconds; twice as long after each further try. */
  readonly wait: number
  /** At most. When so much has passed since the last try, all is forgotten. */
  readonly maxWait: number
  /** How many addresses are remembered. */
  readonly maxAddresses: number
}

interface Tries {
  readonly count: number
  readonly last: number
  /** When it may try again. */
  readonly next: number
}

/** Lets each address in the network try something now and then: the more often it does, the longer it has to wait. */
export class Throttle {
  readonly #limits: Limits
  readonly #tries = new Map<string, Tries>()

  /** Asks for its limits each time. */
  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** 0 when it may try now, which counts; else how many milliseconds are missing. The machine itself always may. */
  try(address: string, now: number): number {
    const key = networkOf(address)
    if (key === undefined) return 0
    const { tries, wait, maxWait, maxAddresses } = this.#limits
    const before = this.#tries.get(key)
    if (before && now < before.next) return before.next - now
    const count = before && now - before.last < maxWait ? before.count + 1 : 1
    const pause = count < tries ? 0 : Math.min(maxWait, wait * 2 ** (count - tries))
    // at the end, so that the first is the one that has not tried for longest
    this.#tries.delete(key)
    this.#tries.set(key, { count, last: now, next: now + pause })
    const [oldest] = this.#tries.keys()
    if (this.#tries.size > maxAddresses && oldest !== undefined) this.#tries.delete(oldest)
    return 0
  }
}

/** Those who are counted together: who has one address of IPv6 has 2^64. Undefined for this very machine. */
export function networkOf(address: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  if (plain === '' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))) return undefined
  return isIPv6(plain) ? prefixOf(plain) : plain
}

/** The first half of an address of IPv6. */
function prefixOf(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(group => group !== '').length
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')]
  return all
    .slice(0, 4)
    .map(group => Number.parseInt(group || '0', 16).toString(16))
    .join(':')
}
