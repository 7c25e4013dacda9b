import assert from 'node:assert/strict'
import { scramClient } from './scram.js'

describe('bench SCRAM', () => {
  it('says what RFC 5802 has as its example', () => {
    const { first, final } = scramClient('user', 'pencil', 'fyko+d2lbbFgONRv9qkxdawL')

    const answer = final('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096')

    assert.equal(first, 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')
    assert.equal(answer, 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')
  })
})
