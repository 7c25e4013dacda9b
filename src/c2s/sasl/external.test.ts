import assert from 'node:assert/strict'
import { encodeText } from './encoding.js'
import { external } from './external.js'
import { verona } from './fixture.test.js'
import { mechanisms } from './mechanisms.js'

const until = Date.UTC(2030, 0)

describe('EXTERNAL', () => {
  const juliet = { success: { user: 'juliet', until } }
  const failure = (condition: string) => ({ failure: condition })

  /** Juliet and Romeo have accounts. XEP-0178 §2 */
  const rules: readonly (readonly [users: readonly string[], authzid: string, comesTo: object])[] = [
    [['juliet'], '', juliet],
    [['juliet'], 'juliet@verona.example', juliet],
    [['juliet'], 'JULIET@Verona.Example', juliet],
    [['juliet'], 'romeo@verona.example', failure('invalid-authzid')],
    [['juliet'], 'juliet@mantua.example', failure('invalid-authzid')],
    [['juliet'], 'juliet@verona.example/tomb', failure('invalid-authzid')],
    [['juliet'], 'juliet', failure('invalid-authzid')],
    [['juliet'], '@verona.example', failure('invalid-authzid')],
    [['juliet'], ' ', failure('invalid-authzid')],
    [['juliet', 'romeo'], 'juliet@verona.example', juliet],
    [['romeo', 'juliet'], 'juliet@verona.example', juliet],
    [['juliet', 'romeo'], '', failure('invalid-authzid')],
    [['juliet', 'romeo'], 'tybalt@verona.example', failure('invalid-authzid')],
    // only those that have accounts count
    [['tybalt', 'juliet'], '', juliet],
    [['tybalt'], '', failure('not-authorized')],
    [['tybalt', 'mercutio'], '', failure('not-authorized')],
    [['tybalt', 'juliet'], 'tybalt@verona.example', failure('not-authorized')],
  ]
  for (const [users, authzid, comesTo] of rules) {
    const [[what, condition] = []] = Object.entries(comesTo)
    const outcome = what === 'success' ? 'lets Juliet in' : `is ${condition}`
    it(`with a certificate of ${users.join(' and ')} ${outcome} as '${authzid}'`, async () => {
      const ctx = await verona({ certified: { users, until } })

      assert.deepEqual(await external.start(ctx, encodeText(authzid)), comesTo)
    })
  }

  it('asks a client that has said nothing', async () => {
    const step = await external.start(await verona({ certified: { users: ['juliet'], until } }), undefined)

    assert.ok('challenge' in step)
    assert.equal(step.challenge.length, 0)
    assert.deepEqual(await step.next(encodeText('')), juliet)
  })

  for (const [what, words] of [
    ['no UTF-8', Buffer.from('ff', 'hex')],
    ['a null character (RFC 4422 §A.1)', encodeText('juliet@verona.example\0')],
    ['words of PLAIN', encodeText('\0juliet\0R0m30=,forever')],
  ] as const)
    it(`refuses ${what}`, async () => {
      const ctx = await verona({ certified: { users: ['juliet'], until } })

      assert.deepEqual(await external.start(ctx, words), failure('malformed-request'))
    })

  it('lets nobody in without a certificate', async () => {
    for (const authzid of ['', 'juliet@verona.example'])
      assert.deepEqual(await external.start(await verona(), encodeText(authzid)), failure('invalid-authzid'))
  })

  it('is only for those who have shown one', () => {
    const needy = mechanisms.filter(({ needs }) => needs === 'certificate')

    assert.deepEqual(needy, [external])
  })
})
