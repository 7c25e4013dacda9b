import type { ScramHash, ScramKeys } from '../../core/accounts.js'
import type { Awaitable } from '../../core/awaitable.js'

/** A way to log in (RFC 4422), as steps without IO: the stream carries their bytes and does what the last one says. */
export interface Mechanism {
  readonly name: string
  /** What a stream has to have for it; on others it is neither announced nor accepted. */
  readonly needs?: Need
  /**
   * `initial` is the data of <auth/>, undefined when it had none. Rejects only for a fault of ours, such as a database
   * that fails: the stream logs it and answers temporary-auth-failure. So does a step's `next`.
   */
  start(ctx: SaslContext, initial: Uint8Array | undefined): SaslStep | Promise<SaslStep>
}

/**
 * A stream that nobody else reads; one that both ends can tell from all others; a domain that lets anybody in; a client
 * that has shown who it is under TLS.
 */
export type Need = 'privacy' | 'channel binding' | 'guests' | 'certificate'

/** What comes next: ask the client for more, let it in, or turn it away. */
export type SaslStep =
  | { readonly challenge: Uint8Array; readonly next: (response: Uint8Array) => SaslStep | Promise<SaslStep> }
  | { readonly success: Success }
  | { readonly failure: SaslCondition; readonly text?: string }

/** Who is let in. */
export interface Success {
  readonly user: string
  readonly data?: Uint8Array
  readonly isGuest?: boolean
  /** When what was shown is no longer good, in milliseconds since 1970. */
  readonly until?: number
}

/** Whom a client has shown to be by a certificate that we trust: one or several of a domain's users. */
export interface Certified {
  /** Their local parts, prepared, each once. Not all of them need have accounts. */
  readonly users: readonly string[]
  /** When it or one that it depends on expires, in milliseconds since 1970. */
  readonly until: number
}

/** RFC 6120 §6.5 */
export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure'

/** What a mechanism may ask for. */
export interface SaslContext {
  /** The prepared domain of the stream. */
  readonly domain: string
  /** The local part that a user name stands for; throws when it can be none. */
  prepareUser(text: string): string
  /** The password as it was prepared when its keys were made; throws when it can be none. */
  preparePassword(text: string): string
  /** What is kept for an account, undefined when there is no such account or it has no keys for this hash. */
  keys(user: string, hash: ScramHash): Promise<ScramKeys | undefined> | ScramKeys | undefined
  /** Whether there is an account of this local part. */
  exists(user: string): Awaitable<boolean>
  /** A fresh random text of at least 128 bits, printable ASCII without a comma. */
  nonce(): string
  /** Known to the server only, the same for as long as it runs and after: what accounts that do not exist are made of. */
  readonly serverSecret: Uint8Array
  /** Those of a new account. Accounts with another number can be told from unknown ones. */
  readonly iterations: number
  /** Channel binding data by type (RFC 5056); absent or empty when no -PLUS mechanism was announced. */
  readonly channelBindings?: ReadonlyMap<string, Uint8Array>
  /** That of the type tls-unique, which is taken but not announced. */
  readonly tlsUnique?: Uint8Array | undefined
  /** Absent where no certificate was shown that anybody can log in with. */
  readonly certified?: Certified | undefined
  /** A name that no account had before; absent where there are no guests. */
  newGuest?(): string
  /** The names of the mechanisms that were announced on the stream; absent when it is no matter. */
  readonly announced?: readonly string[]
}

/** The `start` of a mechanism in which the client speaks first: one that left it out of <auth/> is asked for it. */
export function clientFirst(
  start: (ctx: SaslContext, message: Uint8Array) => SaslStep | Promise<SaslStep>,
): Mechanism['start'] {
  return (ctx, initial) =>
    initial ? start(ctx, initial) : { challenge: new Uint8Array(), next: response => start(ctx, response) }
}

/** The local part that a client means, undefined when it can be none. */
export function userOf(ctx: SaslContext, text: string): string | undefined {
  try {
    return ctx.prepareUser(text)
  } catch {
    return undefined
  }
}

/** Whether a user may act under an authorization identity: none given, or the user's own bare JID (RFC 6120 §6.3.8). */
export function mayActAs(ctx: SaslContext, user: string, authzid: string | undefined): boolean {
  if (authzid === undefined) return true
  const at = authzid.indexOf('@')
  return at > 0 && userOf(ctx, authzid.slice(0, at)) === user && authzid.slice(at + 1).toLowerCase() === ctx.domain
}
