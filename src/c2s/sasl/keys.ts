import * as crypto from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramHash, ScramKeys } from '../../core/accounts.js'
import { encodeText } from './encoding.js'
import { limiter } from './limiter.js'

/** The hashes an account has keys for, strongest first. */
export const scramHashes: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1']

/** The length of a salt. Accounts with another can be told from unknown ones. */
export const saltBytes = 16

/** How a password is turned into keys: the cost is in the iterations. */
export interface Derivation {
  readonly salt: Uint8Array
  readonly iterations: number
}

/** All that is kept for a new password. `prepare` is the OpaqueString profile and throws as it does; `random` gives bytes. */
export async function newKeys(
  password: string,
  from: {
    readonly prepare: (text: string) => string
    readonly random: (bytes: number) => Uint8Array
    readonly iterations: number
  },
): Promise<ReadonlyMap<ScramHash, ScramKeys>> {
  const prepared = from.prepare(password)
  const keys = scramHashes.map(async hash => {
    // a salt for each hash, for an unknown account's salts differ too
    const derivation = { salt: from.random(saltBytes), iterations: from.iterations }
    return [hash, await deriveKeys(prepared, hash, derivation)] as const
  })
  return new Map(await Promise.all(keys))
}

/** The keys of a prepared password (RFC 5802 §3), off the event loop. Rejects with Busy when too many wait. */
export async function deriveKeys(prepared: string, hash: ScramHash, derivation: Derivation): Promise<ScramKeys> {
  const { salt, iterations } = derivation
  const { digest, bytes } = hashes[hash]
  const salted = await derivations(() => pbkdf2(prepared, salt, iterations, bytes, digest))
  const storedKey = digestOf(hash, hmac(hash, salted, 'Client Key'))
  return { salt, iterations, storedKey, serverKey: hmac(hash, salted, 'Server Key') }
}

/**
 * Keys for an account that does not exist, the same each time it is asked for. No password fits: to find a client key
 * for this stored key is to invert the hash.
 */
export function fakeKeys(
  user: string,
  hash: ScramHash,
  from: { readonly serverSecret: Uint8Array; readonly domain: string; readonly iterations: number },
): ScramKeys {
  const secret = (purpose: string) => hmac(hash, from.serverSecret, [purpose, hash, from.domain, user].join('\0'))
  return {
    salt: secret('salt').subarray(0, saltBytes),
    iterations: from.iterations,
    storedKey: secret('stored key'),
    serverKey: secret('server key'),
  }
}

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && crypto.timingSafeEqual(a, b)
}

export function hmac(hash: ScramHash, key: Uint8Array, text: string): Uint8Array {
  return crypto.createHmac(hashes[hash].digest, key).update(encodeText(text)).digest()
}

export function digestOf(hash: ScramHash, bytes: Uint8Array): Uint8Array {
  return crypto.createHash(hashes[hash].digest).update(bytes).digest()
}

const pbkdf2 = promisify(crypto.pbkdf2)

const hashes = {
  'SHA-1': { digest: 'sha1', bytes: 20 },
  'SHA-256': { digest: 'sha256', bytes: 32 },
  'SHA-512': { digest: 'sha512', bytes: 64 },
} as const

// The thread pool is one for the process, and the database and DNS work in it as well: so is this limit.
// A thousand in the queue take a few seconds, well within the time a client has to log in.
const derivations = limiter({ atOnce: 2, waiting: 1000 })
