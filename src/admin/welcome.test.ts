import assert from 'node:assert/strict'
import { type Facts, welcome } from './welcome.js'

const facts: Facts = {
  how: 'parlance',
  options: '',
  version: '1.2.3',
  domains: [{ domain: 'verona.example', file: '/etc/verona.pem', selfSigned: false }],
  doors: [
    { how: 'STARTTLS', port: 5222 },
    { how: 'TLS', host: '192.0.2.1', port: 5223 },
  ],
  data: '/var/lib/parlance',
}

describe('welcome', () => {
  it('tells what runs and what to do next', () => {
    assert.equal(
      welcome(facts),
      [
        'Parlance 1.2.3 is running.',
        '',
        '  Domains   verona.example',
        '  Clients   port 5222 (STARTTLS), port 5223 of 192.0.2.1 (TLS)',
        '  Data      /var/lib/parlance',
        '',
        'Make an account:',
        '  parlance user add NAME@verona.example',
        '',
        'Then log in with any XMPP client as NAME@verona.example.',
        'If it does not find verona.example: its server is this machine, its port 5222.',
        '',
      ].join('\n'),
    )
  })

  it('prepares for the question about a certificate that nobody has signed', () => {
    const selfSigned = { domain: 'mantua.example', file: '/var/mantua.crt', selfSigned: true }

    const text = welcome({ ...facts, domains: [...facts.domains, selfSigned] })

    assert.ok(text.endsWith('whether to trust the certificate, which is self-signed:\n  /var/mantua.crt\n'), text)
    assert.ok(!text.includes('verona.pem'))
  })

  it('names the configuration where it has to be named', () => {
    const text = welcome({ ...facts, how: 'node dist/main.js', options: '--config /etc/parlance.yaml' })

    assert.match(text, /^ {2}node dist\/main\.js user add NAME@verona\.example --config \/etc\/parlance\.yaml$/m)
  })

  it('says so when clients cannot get in', () => {
    const text = welcome({ ...facts, doors: [] })

    assert.match(text, /Clients +nowhere/)
    assert.ok(!text.includes('its port'))
  })
})
