/** The client's side of SCRAM-SHA-1 (RFC 5802), which remembers what the password costs: many accounts have the same. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** What to say first, and what to answer to the challenge. Base64 is the caller's. */
export const scramClient = (user: string, password: string, own = randomBytes(12).toString('base64url')) => {
  const bare = `n=${user},r=${own}`
  return {
    first: `n,,${bare}`,
    final: (challenge: string): string => {
      const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge) ?? []
      const { clientKey, storedKey } = keysFor(password, salt, Number(iterations))
      const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`
      const signature = hmac(storedKey, `${bare},${challenge},${withoutProof}`)
      const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0))
      return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
    },
  }
}

interface Keys {
  readonly clientKey: Buffer
  readonly storedKey: Buffer
}

const keysFor = (password: string, salt: string, iterations: number): Keys => {
  const id = `${iterations} ${salt} ${password}`
  const known = remembered.get(id)
  if (known) return known
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 20, 'sha1')
  const clientKey = hmac(salted, 'Client Key')
  const keys = { clientKey, storedKey: createHash('sha1').update(clientKey).digest() }
  remembered.set(id, keys)
  return keys
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha1', key).update(text).digest()

const remembered = new Map<string, Keys>()
