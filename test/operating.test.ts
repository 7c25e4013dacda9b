/** A running server and its operator: commands, signals, the system's supervisor. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { issue, issueChain, writePair } from './authority.js'
import { ProgramFolder } from './program.js'
import { usesProsody } from './server-process.js'

describe('an operator', function () {
  this.timeout(30_000)

  let program: ProgramFolder

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(() => {
    program = new ProgramFolder()
  })

  afterEach(() => program.dispose())

  /** What comes of a line that can be done. */
  const told = async (...line: readonly string[]) => {
    const { code, out, err } = await program.run(line)
    assert.deepEqual([code, err], [0, ''], out)
    return out.trimEnd()
  }

  const configures = (more: string) => {
    const [ports = ''] = readFileSync(program.file('parlance.yaml'), 'utf8').split('\n')
    writeFileSync(program.file('parlance.yaml'), `${ports}\n${more}\n`)
  }

  it('learns how the server is, who is there, and what is switched on', async () => {
    const { c2s } = await program.configure('modules: { ping: false }')
    await program.start()

    const status = await told('status')
    assert.match(status, /^Version +\d+\.\d+\.\d+ /m)
    assert.match(status, /^Domains +localhost$/m)
    assert.match(status, new RegExp(`^Listening +c2s 127\\.0\\.0\\.1:${c2s}, c2s-tls 127`, 'm'))
    assert.match(status, /^Database +sqlite3, works$/m)
    assert.match(status, /^Commits +\d+, [\d.]+ ms each, 99 of 100 within [\d.]+ ms$/m)
    assert.match(status, /^Sessions +0 of 0 accounts$/m)
    assert.equal(await told('session', 'list'), 'Nobody is connected.')
    assert.match(await told('module', 'list'), /^ping +off +XEP-0199 \S+$/m)
    assert.match(await told('--help'), /^ {2}session kick JID \[REASON\] /m)

    await program.run('user add romeo@localhost --password-stdin', 'rosaline')
    assert.match(await told('user', 'show', 'romeo@localhost'), /^Sessions +0$/m)
    assert.equal(await told('announce', 'The gates close at eight.'), '0 users were told.')
    const refused = await program.run('session kick romeo@localhost')
    assert.deepEqual([refused.code, refused.err], [1, 'romeo@localhost is not connected.\n'])
  })

  it('is told which commands need a server when none runs', async () => {
    await program.configure()

    const { code, err } = await program.run('status')

    assert.equal(code, 2)
    assert.match(err, /^There is no command "status" among those that work while no server is running\.$/m)
  })

  it('changes the configuration by a command, and learns why not when it is wrong', async () => {
    await program.configure()
    const server = await program.start()

    configures('limits: { resources: 3 }\ndata: ./data')
    assert.equal(await told('reload'), 'In force.\n\nChanged  limits.resources')
    configures('limits: { resources: none }')
    const { code, out, err } = await program.run('reload')

    assert.deepEqual([code, out], [1, ''])
    assert.equal(
      err,
      'parlance.yaml, line 2: limits.resources: "none" was found, a whole number from 1 to 1000 was expected; nothing was changed.\n',
    )
    assert.match(server.err, /"reason":"parlance\.yaml, line 2: limits\.resources: .*nothing has changed"\}/)
  })

  it('changes it by a signal', async () => {
    await program.configure()
    const server = await program.start()

    configures('limits: { resources: 3 }')
    server.child.kill('SIGHUP')
    await program.says(server, 'err', /"changed":\["limits\.resources"\].*the configuration was read anew/)
    const from = server.err.length
    configures('limit: {}')
    server.child.kill('SIGHUP')

    await program.says(server, 'err', /limit: unknown setting.*the configuration was not taken/, from)
    assert.equal((await program.run('status')).code, 0)
  })

  it('has the log say more for a while', async () => {
    await program.configure('log: { level: warn }')
    const server = await program.start()
    const before = server.err.length

    assert.equal(await told('log', 'level', 'info'), 'The log is at the level info.')
    await told('status')
    await program.says(server, 'err', /"command":"status".*a command was run/, before)
    await told('reload')

    assert.equal(await told('log', 'level'), 'The log is at the level warn.')
  })

  describe('checks certificates', () => {
    const domain = 'verona.example'
    const configured = async () => {
      await program.configure(`domains: { ${domain}: { certificate: verona.pem, key: verona.key } }`)
      return { certificate: program.file('verona.pem'), key: program.file('verona.key') }
    }
    /** What is said, without what a resolver that cannot be asked brings. */
    const check = async () => {
      const { code, out, err } = await program.run('check')
      const lines = out.trimEnd().split('\n')
      return { code, err, out: lines.filter(line => !/DNS|^ {2}_xmpp/.test(line)) }
    }

    it('that are good', async () => {
      const { chain, root, leaf } = await issueChain([domain])
      writePair(await configured(), `${chain}${root.cert}`, leaf.key)

      assert.deepEqual(await check(), { code: 0, out: ['The configuration is good.'], err: '' })
    })

    it('and learns all that is wrong with them', async () => {
      const wrong = await issue('mantua.example', {
        names: ['mantua.example'],
        from: Date.parse('2020-01-01'),
        until: Date.parse('2020-03-01'),
        keyType: 'rsa',
        bits: 1024,
      })
      writePair(await configured(), wrong.cert, wrong.key)

      const { code, out, err } = await check()

      assert.deepEqual([code, out], [1, ['']])
      for (const what of [/expired on 2020-03-01/, /is for mantua\.example and not for verona\.example/, /1024 bits/])
        assert.match(err, what)
      for (const line of err.trimEnd().split('\n'))
        assert.match(line, /^verona\.example: the certificate \S+verona\.pem /)
    })
  })

  describe('has systemd told', () => {
    /** A systemd-notify that writes down what it is told. */
    const listen = () => {
      const script = program.file('systemd-notify')
      writeFileSync(script, `#!/bin/sh\necho "$@" >> "${program.file('told')}"\n`)
      chmodSync(script, 0o755)
      Object.assign(program.env, { NOTIFY_SOCKET: '/run/none', PATH: `${program.folder}:${process.env.PATH}` })
    }
    const heard = () => readFileSync(program.file('told'), 'utf8').trimEnd().split('\n')

    it('when the server is ready, reads its configuration anew, and stops', async () => {
      listen()
      await program.configure()
      const server = await program.start()
      await told('reload')
      server.child.kill('SIGTERM')
      assert.equal(await server.ended, 0)

      const [ready, reloading, again, stopping] = heard()
      assert.deepEqual([ready, again, stopping], ['READY=1', 'READY=1', 'STOPPING=1'])
      assert.match(reloading ?? '', /^RELOADING=1 MONOTONIC_USEC=\d+$/)
    })

    it('nothing when its program is missing, and runs all the same', async () => {
      await program.configure()
      Object.assign(program.env, { NOTIFY_SOCKET: '/run/none', PATH: program.folder })

      const server = await program.start()

      await program.says(server, 'err', /no such file.*systemd cannot be told/)
      assert.equal((await program.run('status')).code, 0)
    })
  })
})
