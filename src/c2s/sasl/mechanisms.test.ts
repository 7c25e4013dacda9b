import assert from 'node:assert/strict'
import { mechanisms } from './mechanisms.js'

describe('SASL mechanisms', () => {
  it('are announced strongest first', () => {
    assert.deepEqual(
      mechanisms.map(mechanism => mechanism.name),
      ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'],
    )
  })

  it('send a password over TLS only', () => {
    assert.deepEqual(
      mechanisms.filter(mechanism => mechanism.needsTls).map(mechanism => mechanism.name),
      ['PLAIN'],
    )
  })
})
