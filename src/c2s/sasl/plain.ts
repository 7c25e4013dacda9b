import type { ScramHash, ScramKeys } from '../../core/accounts.js'
import { decodeText } from './encoding.js'
import { deriveKeys, fakeKeys, sameBytes } from './keys.js'
import { Busy } from './limiter.js'
import { clientFirst, type Mechanism, mayActAs, type SaslContext, type SaslStep, userOf } from './mechanism.js'

/** Login with the password itself, checked against the same keys as a SCRAM login. RFC 4616 */
export const plain: Mechanism = {
  name: 'PLAIN',
  needs: 'privacy',
  start: clientFirst(async (ctx, message): Promise<SaslStep> => {
    const login = parse(message)
    if (!login) return { failure: 'malformed-request' }
    const user = userOf(ctx, login.authcid)
    const password = passwordOf(ctx, login.password)
    if (user === undefined || password === undefined) return { failure: 'not-authorized' }
    if (!mayActAs(ctx, user, login.authzid)) return { failure: 'invalid-authzid' }

    const { hash, keys } = await keysOf(ctx, user)
    try {
      const derived = await deriveKeys(password, hash, keys)
      return sameBytes(derived.storedKey, keys.storedKey) ? { success: { user } } : { failure: 'not-authorized' }
    } catch (error) {
      if (error instanceof Busy) return { failure: 'temporary-auth-failure' }
      throw error
    }
  }),
}

function parse(message: Uint8Array) {
  const [authzid, authcid, password, ...rest] = decodeText(message)?.split('\0') ?? []
  if (!authcid || !password || rest.length > 0) return undefined
  return { authzid: authzid || undefined, authcid, password }
}

function passwordOf(ctx: SaslContext, text: string): string | undefined {
  try {
    return ctx.preparePassword(text)
  } catch {
    return undefined
  }
}

/**
 * Keys to check a password against: those of the account, or ones that nothing fits. All are asked for, and fakes made,
 * whoever it is: the same work. Only an account without the first choice, brought from another server, can be told by
 * the time that a check takes.
 */
async function keysOf(ctx: SaslContext, user: string): Promise<{ readonly hash: ScramHash; readonly keys: ScramKeys }> {
  const fake = { hash: firstChoice, keys: fakeKeys(user, firstChoice, ctx) }
  const kept = await Promise.all(
    choices.map(async hash => {
      const keys = await ctx.keys(user, hash)
      return keys && { hash, keys }
    }),
  )
  return kept.find(found => found !== undefined) ?? fake
}

// one is as good as another to check a password that we are shown; SHA-512 takes twice the time
const firstChoice: ScramHash = 'SHA-256'
const choices: readonly ScramHash[] = [firstChoice, 'SHA-1', 'SHA-512']
