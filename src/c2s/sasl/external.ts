import { decodeText } from './encoding.js'
import { clientFirst, type Mechanism, mayActAs, type SaslContext, type SaslStep } from './mechanism.js'

/**
 * Login with the certificate that the client has shown under TLS. RFC 4422 appendix A, XEP-0178 §2. It may leave out who
 * it wants to be only if the certificate leaves no choice.
 */
export const external: Mechanism = {
  name: 'EXTERNAL',
  needs: 'certificate',
  start: clientFirst(async (ctx, message): Promise<SaslStep> => {
    const authzid = decodeText(message)
    if (authzid === undefined || authzid.includes('\0')) return { failure: 'malformed-request' }
    const { users, until } = ctx.certified ?? { users: [], until: 0 }
    const named = authzid === '' ? users : users.filter(user => mayActAs(ctx, user, authzid))
    if (named.length === 0) return { failure: 'invalid-authzid' }
    const [user, ...others] = await withAccounts(ctx, named)
    if (user === undefined) return { failure: 'not-authorized' }
    return others.length > 0 ? { failure: 'invalid-authzid' } : { success: { user, until } }
  }),
}

/** XEP-0178 §2 counts the addresses that correspond to registered accounts. */
async function withAccounts(ctx: SaslContext, users: readonly string[]): Promise<readonly string[]> {
  const exist = await Promise.all(users.map(user => ctx.exists(user)))
  return users.filter((_, i) => exist[i])
}
