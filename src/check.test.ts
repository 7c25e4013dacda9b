import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { issue, issueChain, writePair } from '../test/authority.js'
import { freePorts } from '../test/ports.js'
import { check } from './check.js'
import { loadConfig } from './config.js'
import type { Resolver } from './dns.js'

describe('the check of a configuration', () => {
  let folder: string
  let listen: string

  const file = (name: string) => path.join(folder, name)
  /** DNS in which all of Verona leads to these ports. */
  const leadingTo = (c2s: number, c2sTls: number): Resolver => ({
    srv: async name => [{ name: 'verona.example', port: name.startsWith('_xmpps') ? c2sTls : c2s }],
    addresses: async () => ['192.0.2.1'],
  })
  const empty: Resolver = { srv: async () => [], addresses: async () => [] }
  const checked = async (configuration: string, resolver = empty) => {
    writeFileSync(file('parlance.yaml'), `${listen}\n${configuration}\n`)
    const { problems, advice } = await check(loadConfig(file('parlance.yaml')), resolver)
    return { problems: problems.map(problem => (problem instanceof Error ? problem.message : String(problem))), advice }
  }
  let ports: readonly [c2s: number, c2sTls: number]

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-check-'))
    const [c2s = 0, c2sTls = 0] = await freePorts(2)
    ports = [c2s, c2sTls]
    listen = `listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}" }`
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('has nothing to say when all is well, and makes nothing', async () => {
    const { chain, root, leaf } = await issueChain(['verona.example'])
    writePair({ certificate: file('v.pem'), key: file('v.key') }, `${chain}${root.cert}`, leaf.key)

    const result = await checked('domains: { verona.example: { certificate: v.pem, key: v.key } }', leadingTo(...ports))

    assert.deepEqual(result, { problems: [], advice: [] })
    assert.ok(!existsSync(file('data')))
  })

  it('looks at every domain, and at the names of components in the certificates', async () => {
    const { chain, root, leaf } = await issueChain(['verona.example'])
    writePair({ certificate: file('v.pem'), key: file('v.key') }, `${chain}${root.cert}`, leaf.key)
    writePair({ certificate: file('m.pem'), key: file('m.key') }, 'nothing', leaf.key)

    const { problems, advice } = await checked(
      [
        'domains:',
        '  verona.example: { certificate: v.pem, key: v.key }',
        '  mantua.example: { certificate: m.pem, key: m.key }',
        'components: { gateway.verona.example: { secret: "something long" }, other.example: { secret: "something long" } }',
      ].join('\n'),
    )

    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', /m\.pem: something else was found, a certificate in PEM form was expected/)
    assert.equal(advice.length, 5)
    assert.match(advice[0] ?? '', /^verona\.example: .* is for verona\.example and not for gateway\.verona\.example; /)
    assert.deepEqual(
      advice.slice(1).map(sentence => sentence.split('\n')[0]),
      ['verona.example', 'mantua.example'].flatMap(domain =>
        ['that begin with TLS', 'that begin with STARTTLS'].map(
          how => `${domain}: there is no DNS record for clients ${how}; make`,
        ),
      ),
    )
  })

  it('names a file of authorities for clients that cannot be used, or whose time is over', async () => {
    const { chain, root, leaf } = await issueChain(['verona.example'])
    writePair({ certificate: file('v.pem'), key: file('v.key') }, `${chain}${root.cert}`, leaf.key)
    const found = (more: string) =>
      checked(`domains: { verona.example: { certificate: v.pem, key: v.key${more} } }`, leadingTo(...ports))

    writeFileSync(file('clients.pem'), 'nobody')
    const { problems: unusable } = await found(', clientAuthorities: clients.pem')
    const { problems: missing } = await found(', clientAuthorities: none.pem')
    writeFileSync(file('clients.pem'), root.cert)
    const good = await found(', clientAuthorities: clients.pem')
    const late = await issue('The late Prince', { isAuthority: true, from: 0, until: Date.UTC(2020, 0, 2) })
    writeFileSync(file('clients.pem'), late.cert)
    const { problems: over } = await found(', clientAuthorities: clients.pem')

    assert.match(unusable.join(), /clients\.pem: something else was found, a certificate in PEM form was expected$/)
    assert.match(missing.join(), /none\.pem: a certificate was expected here, but it cannot be read: no such file/)
    assert.deepEqual(good, { problems: [], advice: [] })
    assert.match(over.join(), /^verona\.example: CN=The late Prince in \S+clients\.pem expired on 2020-01-02: /)
  })
})
