import assert from 'node:assert/strict'
import { mechanisms } from './mechanisms.js'

describe('SASL mechanisms', () => {
  it('are announced strongest first', () => {
    assert.deepEqual(
      mechanisms.map(mechanism => mechanism.name),
      [
        'EXTERNAL',
        ...['SCRAM-SHA-512-PLUS', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'],
        ...['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'ANONYMOUS'],
      ],
    )
  })

  it('send a password over TLS only', () => {
    assert.deepEqual(
      mechanisms.filter(mechanism => mechanism.needs === 'privacy').map(mechanism => mechanism.name),
      ['PLAIN'],
    )
  })
})
