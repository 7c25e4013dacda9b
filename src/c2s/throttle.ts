import type { Clock } from '../core/clock.js'
import { networkOf } from './addresses.js'
import type { Limits } from './limits.js'
import { Busy } from './sasl/limiter.js'

/** Who wants to log in, as far as it says so itself, and from where. */
export interface Applicant {
  /** A bare JID, whether or not there is such an account. */
  readonly account: string
  readonly address: string
}

/** A login that waits for its turn. */
export interface Wait {
  /** Resolves when it may go on. */
  readonly over: Promise<void>
  /** Gives it up: it is never over. */
  cancel(): void
}

/**
 * Slows down who tries passwords. After so many failed logins of an account, or from an address, each further one waits
 * before it is looked at: a second, then two, four, and so on up to a limit of seconds. Nothing is refused for what
 * others did to an account, and so nobody can lock anybody out: with the right password one is in after the longest
 * wait. Of one address only so many may wait at a time. Who has logged in to an account from an address before does not
 * wait for what others did there. Accounts that do not exist are treated like all others.
 */
export class Throttle {
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #accounts = new Recent<Failures>()
  readonly #networks = new Recent<Failures>()
  /** Accounts with the networks that they were logged in to from. */
  readonly #known = new Recent<true>()
  readonly #waiting = new Map<string, number>()

  constructor({ limits, clock }: { readonly limits: Limits; readonly clock: Clock }) {
    this.#limits = limits
    this.#clock = clock
  }

  /** When a login may be looked at; undefined is at once. Throws Busy when too many from its address wait already. */
  wait({ account, address }: Applicant): Wait | undefined {
    const network = networkOf(address)
    const isKnown = network === undefined || this.#known.get(pairOf(account, network)) !== undefined
    const ofNetwork = isKnown ? 0 : this.#delay(this.#networks.get(network))
    const ms = Math.max(ofNetwork, this.#delay(this.#accounts.get(account)))
    if (ms === 0) return undefined
    const place = isKnown ? pairOf(account, network ?? '') : network
    const waiting = this.#waiting.get(place) ?? 0
    if (waiting >= this.#limits.loginsWaiting) throw new Busy('too many logins wait')
    this.#waiting.set(place, waiting + 1)
    return this.#start(ms, place)
  }

  failed({ account, address }: Applicant): void {
    const network = networkOf(address)
    this.#count(this.#accounts, account)
    if (network !== undefined) this.#count(this.#networks, network)
  }

  /** What failed for the account is forgotten; what failed from the address may have been for others. */
  succeeded({ account, address }: Applicant): void {
    const network = networkOf(address)
    this.#accounts.delete(account)
    if (network !== undefined) this.#known.set(pairOf(account, network), true)
  }

  #start(ms: number, place: string): Wait {
    let isWaiting = true
    const end = () => {
      if (isWaiting) this.#leave(place)
      isWaiting = false
    }
    let cancel = end
    const over = new Promise<void>(resolve => {
      const timer = this.#clock.after(ms, () => {
        end()
        resolve()
      })
      cancel = () => {
        timer.cancel()
        end()
      }
    })
    return { over, cancel }
  }

  #leave(place: string): void {
    const waiting = (this.#waiting.get(place) ?? 0) - 1
    if (waiting > 0) this.#waiting.set(place, waiting)
    else this.#waiting.delete(place)
  }

  #count(table: Recent<Failures>, key: string): void {
    const now = this.#clock.now()
    const before = table.get(key)
    table.set(key, { count: (this.#isFresh(before) ? before.count : 0) + 1, at: now })
  }

  /** In milliseconds: it doubles with each failure beyond those that are free. */
  #delay(failures: Failures | undefined): number {
    const { failedLogins, loginDelay } = this.#limits
    if (!this.#isFresh(failures) || failures.count < failedLogins) return 0
    return Math.min(loginDelay, FIRST_MS * 2 ** (failures.count - failedLogins))
  }

  #isFresh(failures: Failures | undefined): failures is Failures {
    return failures !== undefined && this.#clock.now() - failures.at < this.#limits.loginMemory
  }
}

const FIRST_MS = 1000

interface Failures {
  readonly count: number
  /** When the last was, in milliseconds since 1970. */
  readonly at: number
}

// no account or network has a space in it
const pairOf = (account: string, network: string): string => `${account} ${network}`

/** How many of each are remembered: 10,000 take about 2 MB. */
const REMEMBERED = 10_000

/** What was written last, so many; what was written longest ago goes first. */
class Recent<T> {
  readonly #entries = new Map<string, T>()

  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= REMEMBERED) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
