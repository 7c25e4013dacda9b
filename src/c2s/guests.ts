import { randomBytes } from 'node:crypto'
import { type Accounts, isGuest } from '../core/accounts.js'
import type { Log } from '../core/log.js'
import type { Session } from '../core/session.js'
import { child } from '../xml/index.js'
import { errorReply, notAllowed } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { ROSTER } from '../xmpp/ns.js'
import { type Addressed, isAddressed, type Stanza } from '../xmpp/stanza.js'
import { scramHashes } from './sasl/keys.js'

export interface GuestsParts {
  readonly accounts: Accounts
  readonly log: Log
  /** The domains that let anybody in. */
  readonly anonymous: readonly string[]
}

/**
 * Those who logged in as nobody in particular (XEP-0175). Each has an account, which nobody can log in to, for as long
 * as its session lasts: what is kept of a guest goes as that of everybody else does whose account is removed.
 */
export class Guests {
  readonly #parts: GuestsParts
  readonly #swept: Promise<void>

  constructor(parts: GuestsParts) {
    this.#parts = parts
    this.#swept = this.#sweep().catch(fault => parts.log.error({ err: fault }, 'guests of before are still there'))
  }

  isTakenAt(domain: string): boolean {
    return this.#parts.anonymous.includes(domain)
  }

  /** Nobody guesses it, and nobody has it twice: 128 random bits. */
  newName(): string {
    return randomBytes(16).toString('hex')
  }

  /** Resolves when there is an account of this name. */
  async admit(guest: Jid): Promise<void> {
    if (!(await this.#parts.accounts.create(guest, new Map()))) throw new Error(`${guest} is there already`)
  }

  /** Resolves when nothing is left. */
  async forget(guest: Jid): Promise<void> {
    await this.#parts.accounts.remove(guest)
  }

  /** Resolves when there is nothing more to do. */
  stop(): Promise<void> {
    return this.#swept
  }

  /** Guests whose sessions ended with the process that had them. */
  async #sweep(): Promise<void> {
    const { accounts, anonymous, log } = this.#parts
    for (const domain of anonymous) {
      const named = (await accounts.list(domain)).filter(({ local }) => NAME.test(local))
      for (const guest of named) {
        if (!(await this.#hasNoPassword(guest))) continue
        await this.forget(guest)
        log.info({ guest: guest.toString() }, 'a guest of before is forgotten')
      }
    }
  }

  async #hasNoPassword(account: Jid): Promise<boolean> {
    const keys = await Promise.all(scramHashes.map(hash => this.#parts.accounts.keys(account, hash)))
    return keys.every(found => found === undefined)
  }
}

const NAME = /^[0-9a-f]{32}$/

/** Guests are gone in a moment: nobody is to have them among their contacts, nor they others (XEP-0175 §3). */
export function refuseGuest(session: Session, stanza: Stanza): Addressed | undefined {
  if (!session.get(isGuest) || !isAddressed(stanza)) return undefined
  const { kind, type, el } = stanza
  const isRefused = kind === 'presence' ? SUBSCRIPTION.has(type) : type === 'set' && child(el, 'query', ROSTER)
  return isRefused ? errorReply(stanza, notAllowed()) : undefined
}

const SUBSCRIPTION: ReadonlySet<string> = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])
