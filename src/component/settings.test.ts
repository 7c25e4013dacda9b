import assert from 'node:assert/strict'
import { parseConfig } from '../config.js'
import { ConfigError } from '../core/config.js'
import { type ComponentSettings, readComponents } from './settings.js'

const served = new Set(['verona.example', 'mantua.example', 'old.verona.example'])
const read = (raw: unknown) => readComponents(raw, 'components', served)

const one = (domain: string, more: object = {}): ComponentSettings | undefined =>
  read({ [domain]: { secret: 'the lark', ...more } }).get(domain)

describe('the components of a configuration', () => {
  it('have a secret, and nothing else that they must have', () => {
    assert.deepEqual(one('gateway.verona.example'), {
      ...{ secret: 'the lark', name: '', domains: ['verona.example'], subdomains: false, replace: false },
      rights: {
        privileges: { roster: 'none', push: false, message: 'none', presence: 'none', iq: new Map() },
        delegations: new Map(),
      },
    })
  })

  it('are none by default', () => {
    for (const raw of [undefined, null, {}]) assert.equal(read(raw).size, 0)
  })

  const hosts: readonly (readonly [domain: string, more: object, hosts: string[]])[] = [
    ['gateway.verona.example', {}, ['verona.example']],
    ['a.b.verona.example', {}, ['verona.example']],
    ['gateway.old.verona.example', {}, ['old.verona.example']],
    ['gateway.rome.example', {}, [...served]],
    ['gateway.verona.example', { domains: ['Mantua.Example', 'mantua.example'] }, ['mantua.example']],
  ]
  for (const [domain, more, expected] of hosts)
    it(`are for ${expected}: ${domain} ${JSON.stringify(more)}`, () => {
      assert.deepEqual(one(domain, more)?.domains, expected)
    })

  const wrong: readonly (readonly [what: string, raw: unknown, message: RegExp])[] = [
    [
      'a domain of users',
      { 'verona.example': { secret: 'x' } },
      /^components.verona.example: one of the domains of users/,
    ],
    ['the same twice', { 'a.example': { secret: 'x' }, 'A.example': { secret: 'x' } }, /a second time/],
    ['no domain', { 'a b': { secret: 'x' } }, /a domain such as gateway.example.org/],
    ['no secret', { 'a.example': {} }, /^components.a.example.secret: nothing was found, a secret in quotes/],
    ['an empty secret', { 'a.example': { secret: '' } }, /^components.a.example.secret: nothing was found/],
    ['nothing about it', { 'a.example': null }, /^components.a.example.secret: nothing was found/],
    [
      'a domain that is not served',
      { 'a.example': { secret: 'x', domains: ['rome.example'] } },
      /one of verona.example/,
    ],
    ['what there is not', { 'a.example': { secret: 'x', port: 1 } }, /^components.a.example.port: unknown setting/],
    ['a list', [{ secret: 'x' }], /^components: components by their domains/],
  ]
  for (const [what, raw, message] of wrong)
    it(`cannot be ${what}`, () => {
      assert.throws(() => read(raw), ConfigError)
      assert.throws(() => read(raw), { message })
    })

  it('never have their secrets told, whatever is wrong', () => {
    const secret = 'nightingale'
    const raws: readonly unknown[] = [
      ...[secret, [secret], [{ secret }], { 'a.example': secret }, { 'a.example': [secret] }],
      ...[{ 'a.example': { secret: [secret] } }, { 'a.example': { secret: { secret } } }],
      ...[{ 'a.example': { secret, port: 1 } }, { 'a.example': { secret, name: 7 } }, { 'a b': { secret } }],
      ...[{ 'verona.example': { secret } }, { 'a.example': { secret, privileges: 7 } }],
    ]
    for (const raw of raws) {
      assert.throws(
        () => read(raw),
        (fault: Error) => fault instanceof ConfigError && !fault.message.includes(secret),
        JSON.stringify(raw),
      )
    }
  })
})

describe('a configuration file', () => {
  it('has nobody listen for components when there are none', () => {
    assert.deepEqual(parseConfig('').listen.component, [])
    assert.deepEqual(parseConfig('listen: { component: 5555 }').listen.component, [])
  })

  it('has them met on the machine itself unless it says something else', () => {
    const components = 'components: { gateway.localhost: { secret: the lark } }'
    assert.deepEqual(parseConfig(components).listen.component, [{ host: '127.0.0.1', port: 5347 }])
    const elsewhere = parseConfig(`listen: { component: "10.0.0.1:5555" }\n${components}`)
    assert.deepEqual(elsewhere.listen.component, [{ host: '10.0.0.1', port: 5555 }])
    assert.equal(elsewhere.components.get('gateway.localhost')?.secret, 'the lark')
  })

  it('is complained about with the line', () => {
    const text = 'components:\n  gateway.localhost:\n    secret: the lark\n    privileges:\n      roster: all\n'
    assert.throws(() => parseConfig(text), {
      message: /^configuration, line 5: components.gateway.localhost.privileges.roster: "all" was found/,
    })
  })
})
