import type { Accounts } from '../core/accounts.js'
import { type Jid, parseJid, prepareLocal, preparePassword } from '../xmpp/jid.js'
import {
  decodeBase64,
  encodeBase64,
  type Mechanism,
  mechanisms,
  type SaslContext,
  type SaslStep,
} from './sasl/mechanisms.js'
import type { StreamInput } from './stream.js'

/** What logins need to know of the server. */
export interface LoginWorld {
  readonly accounts: Accounts
  /** The same for as long as the server has its data: what accounts that do not exist are made of. */
  readonly serverSecret: Uint8Array
  /** Of the password hash of a new account. */
  readonly iterations: number
  readonly randomId: () => string
}

/** What a stream has to say for a mechanism to be offered on it. */
export interface Channel {
  /** Whether nobody but the client can read it. */
  readonly isPrivate: boolean
}

/** The mechanisms that are offered on a stream, strongest first. */
export const offered = (channel: Channel): readonly Mechanism[] =>
  mechanisms.filter(({ needsTls }) => channel.isPrivate || !needsTls)

/** What a login came to, as the stream takes it. */
export type LoginAnswer = Extract<StreamInput, { readonly on: 'challenge' | 'authenticated' | 'rejected' }>

/** One exchange of SASL messages between a client and a mechanism. RFC 6120 §6.4 */
export class Login {
  #next: ((response: Uint8Array) => SaslStep | Promise<SaslStep>) | undefined
  readonly #context: SaslContext

  constructor(
    readonly domain: string,
    world: LoginWorld,
  ) {
    this.#context = saslContext(domain, world)
  }

  /** Rejects for faults of ours only. */
  async start(channel: Channel, name: string, text: string): Promise<LoginAnswer> {
    const mechanism = offered(channel).find(mechanism => mechanism.name === name)
    if (!mechanism) return rejected('invalid-mechanism')
    const data = text === '' ? undefined : decodeBase64(text)
    if (text !== '' && data === undefined) return rejected('incorrect-encoding')
    return this.#take(await mechanism.start(this.#context, data))
  }

  async respond(text: string): Promise<LoginAnswer> {
    const data = text === '' ? new Uint8Array() : decodeBase64(text)
    const next = this.#next
    this.#next = undefined
    if (!next) return rejected('malformed-request')
    if (!data) return rejected('incorrect-encoding')
    return this.#take(await next(data))
  }

  #take(step: SaslStep): LoginAnswer {
    if ('challenge' in step) {
      this.#next = step.next
      return { on: 'challenge', data: encodeBase64(step.challenge) }
    }
    if ('failure' in step) return { on: 'rejected', condition: step.failure, text: step.text }
    const { user, data } = step.success
    return { on: 'authenticated', user: accountOf(user, this.domain), data: data && encodeBase64(data) }
  }
}

const rejected = (condition: Extract<LoginAnswer, { on: 'rejected' }>['condition']): LoginAnswer => ({
  on: 'rejected',
  condition,
  text: undefined,
})

const accountOf = (user: string, domain: string): Jid => parseJid(`${user}@${domain}`)

function saslContext(domain: string, { accounts, serverSecret, iterations, randomId }: LoginWorld): SaslContext {
  return {
    domain,
    prepareUser: prepareLocal,
    preparePassword,
    keys: (user, hash) => accounts.keys(accountOf(user, domain), hash),
    nonce: randomId,
    serverSecret,
    iterations,
  }
}
