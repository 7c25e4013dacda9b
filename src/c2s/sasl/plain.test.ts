import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { ScramHash } from '../../core/accounts.js'
import { encodeText } from './encoding.js'
import { challengeOf, passwords, verona } from './fixture.test.js'
import { newKeys } from './keys.js'
import { plain } from './plain.js'

describe('PLAIN', () => {
  it('lets Juliet in with her password', async () => {
    assert.deepEqual(await login(`\0juliet\0${passwords.juliet}`), { success: { user: 'juliet' } })
  })

  it('lets her in under the prepared name', async () => {
    assert.deepEqual(await login(`\0JULIET\0${passwords.juliet}`), { success: { user: 'juliet' } })
  })

  it('takes the password as it was prepared when it was set', async () => {
    assert.deepEqual(await login('\0romeo\0wherefore\u00a0art\u00a0thou'), { success: { user: 'romeo' } })
  })

  it('asks for the message when it did not come with the request', async () => {
    const { text, answer } = challengeOf(await plain.start(await verona(), undefined))

    assert.equal(text, '')
    assert.deepEqual(await answer(`\0juliet\0${passwords.juliet}`), { success: { user: 'juliet' } })
  })

  it('checks with whatever hash an account has keys for', async () => {
    for (const only of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
      const { keys, ...rest } = await verona()
      const ctx = {
        ...rest,
        keys: async (user: string, hash: ScramHash) => (hash === only ? keys(user, hash) : undefined),
      }

      const message = encodeText(`\0juliet\0${passwords.juliet}`)

      assert.deepEqual(await plain.start(ctx, message), { success: { user: 'juliet' } })
    }
  })

  const refused = {
    'a wrong password': '\0juliet\0wherefore art thou',
    'another case of the password': `\0juliet\0${passwords.juliet.toUpperCase()}`,
    'a password with something after it': `\0juliet\0${passwords.juliet} `,
    'a password that can be none': '\0juliet\0\u0007',
    'a user that does not exist': `\0nobody\0${passwords.juliet}`,
    'a name that can be none': `\0juliet@verona.example\0${passwords.juliet}`,
  }
  for (const [what, message] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => assert.deepEqual(await login(message), { failure: 'not-authorized' }))
  }

  const malformed = {
    'nothing at all': '',
    'no NUL': 'juliet',
    'a single NUL': `juliet\0${passwords.juliet}`,
    'a third NUL': `\0juliet\0${passwords.juliet}\0`,
    'an empty name': `\0\0${passwords.juliet}`,
    'an empty password': '\0juliet\0',
    'nothing but NULs': '\0\0',
  }
  for (const [what, message] of Object.entries(malformed)) {
    it(`finds malformed a message with ${what}`, async () => {
      assert.deepEqual(await login(message), { failure: 'malformed-request' })
    })
  }

  it('finds malformed a message that is not UTF-8', async () => {
    const message = Buffer.from('\0juliet\0passw\xf6rd', 'latin1')

    assert.deepEqual(await plain.start(await verona(), message), { failure: 'malformed-request' })
  })

  it('answers whatever comes, without a fault of its own', async () => {
    const ctx = await verona()
    const message = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: fc.constantFrom(...'\0ab@ü') }).map(text => encodeText(text)),
    )

    await fc.assert(fc.asyncProperty(message, async bytes => 'failure' in (await plain.start(ctx, bytes))))
  })

  for (const authzid of ['juliet@verona.example', 'Juliet@VERONA.example']) {
    it(`takes the user's own authorization identity, ${authzid}`, async () => {
      const end = await login(`${authzid}\0juliet\0${passwords.juliet}`)

      assert.deepEqual(end, { success: { user: 'juliet' } })
    })
  }

  for (const authzid of ['romeo@verona.example', 'juliet@mantua.example', 'juliet@verona.example/balcony', 'juliet']) {
    it(`refuses the authorization identity ${authzid}`, async () => {
      const end = await login(`${authzid}\0juliet\0${passwords.juliet}`)

      assert.deepEqual(end, { failure: 'invalid-authzid' })
    })
  }

  it('puts as much work into an unknown account', async () => {
    const asked: string[] = []
    const { keys, ...rest } = await verona()
    const ctx = {
      ...rest,
      keys: (user: string, hash: ScramHash) => {
        asked.push(`${user} ${hash}`)
        return keys(user, hash)
      },
    }

    await plain.start(ctx, encodeText('\0juliet\0wrong'))
    await plain.start(ctx, encodeText('\0nobody\0wrong'))

    const hashes = ['SHA-256', 'SHA-1', 'SHA-512']
    assert.deepEqual(
      asked,
      ['juliet', 'nobody'].flatMap(user => hashes.map(hash => `${user} ${hash}`)),
    )
  })

  it('takes as long for an unknown account', async function () {
    this.retries(3) // what else the machine does can fall upon one of the two
    const iterations = 20_000
    const kept = await newKeys('pencil', { prepare: text => text, random: randomBytes, iterations })
    const ctx = await verona({ iterations, keys: (user, hash) => (user === 'juliet' ? kept.get(hash) : undefined) })
    const times = { juliet: [] as number[], nobody: [] as number[] }

    for (let round = 0; round < 15; round++) {
      for (const user of ['juliet', 'nobody'] as const) {
        const begun = performance.now()
        await plain.start(ctx, encodeText(`\0${user}\0wrong`))
        times[user].push(performance.now() - begun)
      }
    }

    const ratio = median(times.juliet) / median(times.nobody)
    assert.ok(ratio < 1.5 && ratio > 1 / 1.5, `ratio ${ratio}`)
  })

  it('asks to come back when too many passwords wait to be checked', async () => {
    const ctx = await verona()
    const message = encodeText(`\0juliet\0${passwords.juliet}`)

    const ends = await Promise.all(Array.from({ length: 1003 }, () => plain.start(ctx, message)))

    const refusals = ends.filter(end => 'failure' in end)
    assert.deepEqual(refusals, [{ failure: 'temporary-auth-failure' }])
    assert.deepEqual(await plain.start(ctx, message), { success: { user: 'juliet' } })
  })

  it('passes on a fault of the store', async () => {
    const ctx = await verona({ keys: () => Promise.reject(new Error('database gone')) })

    await assert.rejects(async () => plain.start(ctx, encodeText('\0juliet\0x')), /database gone/)
  })
})

async function login(message: string) {
  return plain.start(await verona(), encodeText(message))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
