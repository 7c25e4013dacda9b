import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadConfig, parseConfig } from './config.js'
import { ConfigError } from './core/config.js'

const FILE = '/etc/parlance/parlance.yaml'

const refusal = (text: string): string => {
  try {
    parseConfig(text, FILE)
  } catch (fault) {
    assert.ok(fault instanceof ConfigError, String(fault))
    assert.ok(!fault.message.includes('\n'), 'one sentence')
    return fault.message.replace(`${FILE}, `, '')
  }
  return assert.fail('it was accepted')
}

describe('configuration', () => {
  it('has a value for everything when the file is empty', () => {
    const config = parseConfig('', FILE)

    assert.deepEqual([...config.domains], [['localhost', undefined]])
    assert.equal(config.data, '/etc/parlance/data')
    assert.deepEqual(config.listen, {
      c2s: [{ port: 5222 }],
      'c2s-tls': [{ port: 5223 }],
      component: [],
      metrics: [],
      s2s: [],
      http: [],
      https: [],
    })
    assert.deepEqual(config.tls, { required: true, reread: 30_000 })
    assert.deepEqual(config.storage, {
      client: 'sqlite3',
      connection: { filename: '/etc/parlance/data/parlance.sqlite' },
      pool: { min: 0, max: 4, acquireTimeoutMillis: 10_000 },
      wait: 5000,
      statementTimeout: 30_000,
    })
    assert.deepEqual(
      [config.admins, config.auth, config.log],
      [[], { iterations: 10_000, anonymous: [] }, { level: 'info' }],
    )
    assert.equal(config.limits.stanza, 256 * 1024)
    assert.equal(config.file, FILE)
  })

  it('takes a file of comments, and sections without anything in them, for an empty one', () => {
    assert.deepEqual(parseConfig('# nothing yet\nlimits:\nlog:\n', FILE), parseConfig('', FILE))
  })

  it('finds everything beside the file, wherever the server is started', () => {
    const config = parseConfig(
      'data: ../var\ndomains: { verona.example: { certificate: a.pem, key: /k.pem } }\nstorage: { connection: { filename: x.sqlite } }',
      FILE,
    )

    assert.equal(config.data, '/etc/var')
    assert.deepEqual(config.domains.get('verona.example'), { certificate: '/etc/parlance/a.pem', key: '/k.pem' })
    assert.deepEqual(config.storage.connection, { filename: '/etc/parlance/x.sqlite' })
  })

  it('keeps the database in the data folder unless told otherwise', () => {
    assert.deepEqual(parseConfig('data: /srv/x', FILE).storage.connection, { filename: '/srv/x/parlance.sqlite' })
  })

  describe('domains', () => {
    it('can be a list, or a map when there is more to say, and are prepared', () => {
      assert.deepEqual(
        [...parseConfig('domains: [ Verona.Example, mantua.example ]').domains.keys()],
        ['verona.example', 'mantua.example'],
      )
      assert.deepEqual([...parseConfig('domains:\n  VERONA.example:\n').domains], [['verona.example', undefined]])
      assert.deepEqual([...parseConfig('domains: [ xn--bcher-kva.example ]').domains.keys()], ['bücher.example'])
    })

    it('are refused when one is no domain, or is there twice in whatever spelling', () => {
      assert.equal(
        refusal('domains:\n  - verona.example\n  - ve rona'),
        'line 3: domains.1: "ve rona" was found, a domain such as example.org was expected',
      )
      assert.equal(
        refusal('domains:\n  - verona.example\n  - VERONA.example'),
        'line 3: domains.1: verona.example was found a second time, once was expected',
      )
      assert.equal(refusal('domains: []'), 'line 1: domains: [] was found, at least one domain was expected')
      assert.equal(
        refusal('domains: verona.example'),
        'line 1: domains: "verona.example" was found, a list of domains was expected',
      )
    })

    it('may have somebody who vouches for their clients, with a certificate of their own or without', () => {
      const domains = (written: string) => parseConfig(`domains: { verona.example: ${written} }`, FILE).domains
      assert.deepEqual(domains('{ clientAuthorities: ca.pem }').get('verona.example'), {
        clientAuthorities: '/etc/parlance/ca.pem',
      })
      assert.deepEqual(
        domains('{ certificate: a.pem, key: a.key, clientAuthorities: /ca.pem }').get('verona.example'),
        {
          certificate: '/etc/parlance/a.pem',
          key: '/etc/parlance/a.key',
          clientAuthorities: '/ca.pem',
        },
      )
    })

    it('have a certificate and its key, or neither', () => {
      assert.equal(
        refusal('domains:\n  verona.example:\n    key: a.pem'),
        'line 2: domains.verona.example: a key was found, a certificate and a key were expected',
      )
      assert.equal(
        refusal('domains:\n  verona.example:\n    cert: a.pem'),
        'line 3: domains.verona.example.cert: unknown setting; known here: certificate, key, clientAuthorities',
      )
    })
  })

  describe('listeners', () => {
    const c2s = (written: string) => parseConfig(`listen: { c2s: ${written} }`).listen.c2s

    it('are ports, addresses with ports, lists of these, or off', () => {
      assert.deepEqual(c2s('15222'), [{ port: 15222 }])
      assert.deepEqual(c2s('"127.0.0.1:5222"'), [{ host: '127.0.0.1', port: 5222 }])
      assert.deepEqual(c2s('"[::1]:5222"'), [{ host: '::1', port: 5222 }])
      assert.deepEqual(c2s('"chat.verona.example:80"'), [{ host: 'chat.verona.example', port: 80 }])
      assert.deepEqual(c2s('[ 1, "[::]:2" ]'), [{ port: 1 }, { host: '::', port: 2 }])
      assert.deepEqual(c2s('false'), [])
    })

    it('are refused when they are anything else', () => {
      for (const written of [
        '0',
        '65536',
        '5222.5',
        'true',
        '[]',
        '"::1:5222"',
        '"[verona]:1"',
        '"127.0.0.1"',
        '"a b:1"',
        '{}',
        '[[1]]',
        '"h:99999"',
        '',
      ])
        assert.match(
          refusal(`listen:\n  c2s: ${written}`),
          /^line 2: listen\.c2s: .* was found, a port, "address:port", a list of these, or false was expected$/,
        )
    })

    it('for metrics are on loopback when nothing else is said', () => {
      const metrics = (written: string) => parseConfig(`listen: { metrics: ${written} }`).listen.metrics

      assert.deepEqual(metrics('5280'), [{ host: '127.0.0.1', port: 5280 }])
      assert.deepEqual(metrics('[ "10.0.0.1:5280", 5281 ]'), [
        { host: '10.0.0.1', port: 5280 },
        { host: '127.0.0.1', port: 5281 },
      ])
      assert.deepEqual(parseConfig('').listen.metrics, [])
    })

    it('can be switched off by name even where there is nothing to listen for yet', () => {
      assert.deepEqual(parseConfig('listen: { s2s: false, http: false, https: false }').listen, parseConfig('').listen)
    })

    it('are refused when two want the same place', () => {
      assert.equal(
        refusal('listen:\n  c2s: 5223'),
        'line 1: listen.c2s-tls: port 5223 was found, which c2s has already',
      )
    })
  })

  it('takes accounts for administrators, and nothing else', () => {
    assert.deepEqual(parseConfig('admins: [ Juliet@Verona.example ]').admins.map(String), ['juliet@verona.example'])
    for (const written of ['juliet', 'verona.example', 'juliet@verona.example/balcony', '7', '"@"'])
      assert.match(
        refusal(`admins: [ ${written} ]`),
        /^line 1: admins\.0: .* was found, an address such as juliet@example\.org was expected$/,
      )
  })

  it('names the line, what was found and what was expected', () => {
    assert.equal(
      refusal('log:\n  level: info\nlimits:\n  depth: deep\n'),
      'line 4: limits.depth: "deep" was found, a whole number from 8 to 500 was expected',
    )
    assert.equal(refusal('tls: { required: yes }'), 'line 1: tls.required: "yes" was found, true or false was expected')
    assert.equal(
      refusal('\nauth: { iterations: 1 }'),
      'line 2: auth.iterations: 1 was found, a whole number from 4096 to 10000000 was expected',
    )
    assert.equal(
      refusal('domains: [ verona.example ]\nauth:\n  anonymous: [ mantua.example ]'),
      'line 3: auth.anonymous.0: "mantua.example" was found, one of the domains that are served was expected',
    )
    assert.equal(refusal('tls: true'), 'line 1: tls: true was found, a section of settings was expected')
    assert.equal(refusal('data:'), 'line 1: data: nothing was found, a text was expected')
    assert.match(
      refusal('storage:\n  client: pg\n  connection:\n    database: x\n    port: x'),
      /^line 5: storage\.connection\.port: "x" was found, a whole number /,
    )
  })

  it('knows no other keys', () => {
    assert.match(refusal('colour: red'), /^line 1: colour: unknown setting; known here: domains, data, listen, /)
    assert.match(refusal('log: { colour: red }'), /^line 1: log\.colour: unknown setting; known here: level$/)
    assert.match(refusal('__proto__: { a: 1 }'), /unknown setting/)
    assert.match(refusal('modules:\n  balcony: {}'), /^line 2: modules\.balcony: there is no such module; known: /)
    assert.match(refusal('modules: []'), /modules by their names was expected/)
    assert.match(refusal('- domains'), /settings, such as "log: \{ level: info \}", was expected/)
  })

  it('refuses YAML that is broken or ambiguous', () => {
    assert.equal(
      refusal('log:\n  level: info\nlog:\n  level: warn'),
      'line 3: log was found a second time, once was expected',
    )
    assert.match(refusal('log: [\n'), /^line \d: this is no YAML: /)
    assert.match(refusal('log: !colour red'), /^line 1: this is no YAML: Unresolved tag/)
    assert.match(refusal('log: {}\n---\ntls: {}'), /^line 2: a second document begins/)
    assert.match(refusal('log: *nothing'), /Unresolved alias/)
    assert.match(refusal('\tlog: {}'), /^line 1: this is no YAML: Tabs/)
  })

  describe('its file', () => {
    let folder: string
    const before = process.cwd()

    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'parlance-config-'))
      process.chdir(folder)
      folder = process.cwd()
    })

    afterEach(() => {
      process.chdir(before)
      rmSync(folder, { recursive: true })
    })

    it('is parlance.yaml in the working directory when nothing else is said, and need not be there', () => {
      assert.equal(loadConfig().file, undefined)
      assert.equal(loadConfig().data, path.join(folder, 'data'))

      writeFileSync('parlance.yaml', 'domains: [ verona.example ]')

      assert.deepEqual([...loadConfig().domains.keys()], ['verona.example'])
      assert.equal(loadConfig().file, path.join(folder, 'parlance.yaml'))
    })

    it('has to be there when it is asked for, and be text', () => {
      writeFileSync('latin.yaml', Buffer.from([0x61, 0xe9]))

      assert.throws(() => loadConfig('other.yaml'), {
        name: 'ConfigError',
        message: 'other.yaml: the configuration cannot be read: no such file or directory',
      })
      assert.throws(() => loadConfig('.'), {
        name: 'ConfigError',
        message: '.: the configuration cannot be read: illegal operation on a directory',
      })
      assert.throws(() => loadConfig('latin.yaml'), { name: 'ConfigError', message: /no UTF-8/ })
    })

    it('is named as one would type it', () => {
      writeFileSync('parlance.yaml', 'colour: red')

      assert.throws(() => loadConfig(), { message: /^parlance\.yaml, line 1: colour: / })
    })
  })
})
