import type { Accounts, ScramHash, ScramKeys } from '../core/accounts.js'
import type { Awaitable } from '../core/awaitable.js'
import { type Jid, parseJid, prepareLocal, preparePassword } from '../xmpp/jid.js'
import { isLoopback } from './addresses.js'
import type { Guests } from './guests.js'
import { Busy } from './sasl/limiter.js'
import {
  type Certified,
  decodeBase64,
  encodeBase64,
  type Mechanism,
  mechanisms,
  type Need,
  type SaslContext,
  type SaslStep,
} from './sasl/mechanisms.js'
import type { StreamInput } from './stream.js'
import type { Applicant, Throttle, Wait } from './throttle.js'

/** What logins need to know of the server. */
export interface LoginWorld {
  readonly accounts: Accounts
  /** The same for as long as the server has its data: what accounts that do not exist are made of. */
  readonly serverSecret: Uint8Array
  /** Of the password hash of a new account. */
  readonly iterations: number
  readonly randomId: () => string
  readonly throttle: Throttle
  readonly guests: Guests
  /** Whether nobody can log in to the account for now, even with its password. */
  readonly isDisabled: (account: Jid) => Awaitable<boolean>
}

/** What a stream has to say for a mechanism to be offered on it. */
export interface Channel {
  /** Whether nobody but the client can read it. */
  readonly isPrivate: boolean
  /** Channel binding data by type, strongest first (RFC 5056). */
  readonly bindings: ReadonlyMap<string, Uint8Array>
  /** For clients that know no other type; not announced. */
  readonly tlsUnique?: Uint8Array | undefined
  /** Whom of the domain's users the client has shown to be by a certificate. */
  readonly certified?: Certified | undefined
}

/** What a client was offered to log in with. It holds until the client is logged in or is offered something else. */
export interface Offer {
  /** Strongest first. */
  readonly mechanisms: readonly Mechanism[]
  readonly channel: Channel
}

export const NO_OFFER: Offer = { mechanisms: [], channel: { isPrivate: false, bindings: new Map() } }

export function offerOn(channel: Channel, { takesGuests }: { readonly takesGuests: boolean }): Offer {
  const has: Readonly<Record<Need, boolean>> = {
    privacy: channel.isPrivate,
    'channel binding': channel.bindings.size > 0,
    guests: takesGuests,
    certificate: channel.certified !== undefined,
  }
  return { mechanisms: mechanisms.filter(({ needs }) => needs === undefined || has[needs]), channel }
}

/** What a login came to, as the stream takes it. */
export type LoginAnswer = Extract<StreamInput, { readonly on: 'challenge' | 'authenticated' | 'rejected' }>

/** One exchange of SASL messages between a client and a mechanism. RFC 6120 §6.4 */
export class Login {
  /** The name of what it is done with, when it is one that is offered. */
  mechanism: string | undefined
  /** Whether it has let in somebody who has no account. */
  isGuest = false
  /** When what it has shown is no longer good, in milliseconds since 1970. */
  until = Number.POSITIVE_INFINITY
  #next: ((response: Uint8Array) => SaslStep | Promise<SaslStep>) | undefined
  readonly #offer: Offer
  readonly #world: LoginWorld
  readonly #address: string
  readonly #context: SaslContext
  /** Whom the client wants to be let in as. */
  #claimed: string | undefined
  #wait: Wait | undefined

  constructor(
    readonly domain: string,
    offer: Offer,
    address: string,
    world: LoginWorld,
  ) {
    this.#offer = offer
    this.#address = address
    this.#world = world
    this.#context = {
      ...saslContext(domain, offer, world),
      keys: (user, hash) => this.#keys(accountOf(user, domain), hash),
    }
  }

  /** Rejects for faults of ours only. */
  async start(name: string, text: string): Promise<LoginAnswer> {
    const mechanism = this.#offer.mechanisms.find(mechanism => mechanism.name === name)
    if (!mechanism) return rejected('invalid-mechanism')
    this.mechanism = mechanism.name
    const data = text === '' ? undefined : decodeBase64(text)
    if (text !== '' && data === undefined) return rejected('incorrect-encoding')
    return this.#take(() => mechanism.start(this.#context, data))
  }

  async respond(text: string): Promise<LoginAnswer> {
    const data = text === '' ? new Uint8Array() : decodeBase64(text)
    const next = this.#next
    this.#next = undefined
    if (!next) return rejected('malformed-request')
    if (!data) return rejected('incorrect-encoding')
    return this.#take(() => next(data))
  }

  /** The client is gone. */
  abandon(): void {
    this.#wait?.cancel()
  }

  /** What a mechanism looks at comes when it is this login's turn, whether or not there is such an account. */
  async #keys(account: Jid, hash: ScramHash): Promise<ScramKeys | undefined> {
    if (this.#claimed === undefined) {
      this.#claimed = account.toString()
      if (!isLoopback(this.#address)) this.#wait = this.#world.throttle.wait(this.#applicant(this.#claimed))
    }
    await this.#wait?.over
    return this.#world.accounts.keys(account, hash)
  }

  async #take(next: () => SaslStep | Promise<SaslStep>): Promise<LoginAnswer> {
    try {
      const step = await next()
      this.#remember(step)
      const isShut = 'success' in step && (await this.#world.isDisabled(accountOf(step.success.user, this.domain)))
      return isShut ? rejected('account-disabled') : this.#answer(step)
    } catch (fault) {
      if (fault instanceof Busy) return rejected('temporary-auth-failure')
      throw fault
    }
  }

  #remember(step: SaslStep): void {
    if (this.#claimed === undefined || isLoopback(this.#address)) return
    const applicant = this.#applicant(this.#claimed)
    if ('success' in step) this.#world.throttle.succeeded(applicant)
    else if ('failure' in step && step.failure === 'not-authorized') this.#world.throttle.failed(applicant)
  }

  #applicant = (account: string): Applicant => ({ account, address: this.#address })

  #answer(step: SaslStep): LoginAnswer {
    if ('challenge' in step) {
      this.#next = step.next
      return { on: 'challenge', data: encodeBase64(step.challenge) }
    }
    if ('failure' in step) return { on: 'rejected', condition: step.failure, text: step.text }
    const { user, data, isGuest = false, until = Number.POSITIVE_INFINITY } = step.success
    this.isGuest = isGuest
    this.until = until
    return { on: 'authenticated', user: accountOf(user, this.domain), data: data && encodeBase64(data) }
  }
}

const rejected = (condition: Extract<LoginAnswer, { on: 'rejected' }>['condition']): LoginAnswer => ({
  on: 'rejected',
  condition,
  text: undefined,
})

const accountOf = (user: string, domain: string): Jid => parseJid(`${user}@${domain}`)

function saslContext(domain: string, { mechanisms, channel }: Offer, world: LoginWorld): Omit<SaslContext, 'keys'> {
  const { accounts, serverSecret, iterations, randomId, guests } = world
  return {
    domain,
    exists: user => accounts.exists(accountOf(user, domain)),
    prepareUser: prepareLocal,
    preparePassword,
    nonce: randomId,
    newGuest: () => guests.newName(),
    serverSecret,
    iterations,
    channelBindings: channel.bindings,
    tlsUnique: channel.tlsUnique,
    certified: channel.certified,
    announced: mechanisms.map(({ name }) => name),
  }
}
