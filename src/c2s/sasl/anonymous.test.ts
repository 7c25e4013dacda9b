import assert from 'node:assert/strict'
import { anonymous } from './anonymous.js'
import { encodeText } from './encoding.js'
import { verona } from './fixture.test.js'

describe('ANONYMOUS', () => {
  const admitted = { success: { user: 'capulet', isGuest: true } }

  for (const trace of [undefined, '', 'tybalt@mantua.example', 'a mask', 'ü'.repeat(255)])
    it(`lets in who says ${trace === undefined ? 'nothing' : `'${trace.slice(0, 30)}'`}`, async () => {
      const ctx = await verona({ newGuest: () => 'capulet' })

      assert.deepEqual(await anonymous.start(ctx, trace === undefined ? undefined : encodeText(trace)), admitted)
    })

  for (const [what, trace] of [
    ['more than 255 characters', encodeText('o'.repeat(256))],
    ['a control character', encodeText('a\u0007')],
    ['no UTF-8', Buffer.from('ff', 'hex')],
  ] as const)
    it(`refuses ${what}`, async () => {
      const ctx = await verona({ newGuest: () => 'capulet' })

      assert.deepEqual(await anonymous.start(ctx, trace), { failure: 'malformed-request' })
    })
})
