// A domain with two accounts, for the tests beside this file. It ends in .test.ts so that it stays out of the build.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ScramHash, ScramKeys } from '../../core/accounts.js'
import { decodeText, encodeText } from './encoding.js'
import { newKeys } from './keys.js'
import type { SaslContext, SaslStep } from './mechanism.js'

export const iterations = 32
export const passwords = { juliet: 'R0m30=,forever', romeo: 'wherefore art thou' } as const

export async function verona(changes: Partial<SaslContext> = {}): Promise<SaslContext> {
  const kept = new Map<string, ReadonlyMap<ScramHash, ScramKeys>>()
  const prepare = (text: string) => text
  for (const [user, password] of Object.entries(passwords)) {
    kept.set(user, await newKeys(password, { prepare, random: randomBytes, iterations }))
  }
  return {
    domain: 'verona.example',
    prepareUser(text) {
      if (text === '' || /["&'/:<>@\s]/.test(text)) throw new Error('no local part')
      return text.toLowerCase()
    },
    preparePassword(text) {
      if (text === '' || text.includes('\u0007')) throw new Error('no password')
      return text.replaceAll('\u00a0', ' ')
    },
    keys: (user, hash) => kept.get(user)?.get(hash),
    exists: user => kept.has(user),
    nonce: () => 'friar',
    serverSecret: encodeText('a plague on both your houses'),
    iterations,
    ...changes,
  }
}

/** The text of a challenge, and the way to go on from it. */
export function challengeOf(step: SaslStep) {
  assert.ok('challenge' in step, `no challenge but ${JSON.stringify(step)}`)
  const { challenge, next } = step
  return { text: textOf(challenge), answer: async (text: string) => next(encodeText(text)) }
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decodeText(bytes)
}
