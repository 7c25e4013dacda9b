/** A server that takes other settings and certificates while people are talking. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { ADMIN, COMMANDS, DISCO_INFO, PING, SASL } from '../src/xmpp/ns.js'
import { type Issued, issue, issueForClient, writePair } from './authority.js'
import { LiveServer, to } from './live-server.js'
import { freePorts } from './ports.js'
import { usesProsody } from './server-process.js'
import { chat, conditionOf, isElement, PASSWORD, plain, type Wire } from './stream-client.js'

const SESSIONS = 50

describe('a server that runs', function () {
  this.timeout(60_000)

  let server: LiveServer | undefined

  before(function () {
    if (usesProsody()) this.skip()
  })

  afterEach(async () => {
    await server?.stop()
    server = undefined
  })

  /** The answer to a request to the domain. */
  async function asks(wire: Wire, payload: string, domain = 'verona.example') {
    wire.send(`<iq type='get' id='question' to='${domain}'>${payload}</iq>`)
    const answer = await wire.finds(event => isElement(event) && event.attrs.id === 'question')
    assert.ok(isElement(answer))
    return answer
  }

  const pongs = async (wire: Wire) => (await asks(wire, `<ping xmlns='${PING}'/>`)).attrs.type

  describe('is given another certificate', () => {
    let old: Issued
    let next: Issued
    const fingerprint = ({ cert }: Issued) => new X509Certificate(cert).fingerprint256
    const certificate = 'domains: { verona.example: { certificate: verona.pem, key: verona.key } }'
    const filesIn = (folder: string) => ({ certificate: `${folder}/verona.pem`, key: `${folder}/verona.key` })

    before(async () => {
      old = await issue('verona.example', { names: ['verona.example'] })
      next = await issue('verona.example', { names: ['verona.example'], keyType: 'rsa' })
    })

    /** Fifty clients, half of them by STARTTLS and half by direct TLS, some of which can resume. */
    async function fifty(live: LiveServer): Promise<readonly Wire[]> {
      await live.adds('romeo', 'juliet', 'nurse')
      const names = Array.from({ length: SESSIONS }, (_, i) => `${['romeo', 'juliet', 'nurse'][i % 3]}/${i}`)
      const wires: Wire[] = []
      for (const [i, name] of names.entries()) {
        const wire = await live.binds(name, i % 2 === 0 ? 'tls' : 'starttls')
        if (i % 5 === 0) await wire.enables()
        wires.push(wire)
      }
      return wires
    }

    /** Each of them can still speak, and nothing came that would tell that anything had happened. */
    async function allAreThere(wires: readonly Wire[]): Promise<void> {
      for (const wire of wires) {
        const management = wire.unread.filter(event => !/^<[ra] xmlns=/.test(event))
        assert.deepEqual(management, [])
        assert.equal(await pongs(wire), 'result')
      }
    }

    it('at a reload, under fifty sessions: new connections see it, and nobody drops', async () => {
      server = await LiveServer.start(`${certificate}\ntls: { reread: 1 hour }`, folder =>
        writePair(filesIn(folder), old.cert, old.key),
      )
      const wires = await fifty(server)
      assert.equal(await server.shows(), fingerprint(old))

      writePair(filesIn(server.folder), next.cert, next.key)
      assert.equal(await server.shows(), fingerprint(old))
      assert.equal(await server.reloads(), 'In force.\n\nCertificates  verona.example')

      assert.equal(await server.shows(), fingerprint(next))
      assert.equal((await server.runs('session list')).split('\n').length, SESSIONS + 1)
      await allAreThere(wires)
      const late = await server.binds('romeo/late', 'starttls')
      assert.equal(await pongs(late), 'result')
    })

    it('by itself when its files have changed, and nobody drops', async () => {
      server = await LiveServer.start(`${certificate}\ntls: { reread: 50 milliseconds }`, folder =>
        writePair(filesIn(folder), old.cert, old.key),
      )
      const wires = await fifty(server)

      // the key first: for a moment nothing fits
      writeFileSync(server.file('verona.key'), next.key)
      assert.equal(await server.shows(), fingerprint(old))
      writeFileSync(server.file('new.pem'), next.cert)
      symlinkSync('new.pem', server.file('link.pem'))
      renameSync(server.file('link.pem'), server.file('verona.pem'))
      while ((await server.shows()) === fingerprint(old));

      assert.equal(await server.shows(), fingerprint(next))
      await allAreThere(wires)
    })

    it('that cannot be used: it goes on with the old one and says why', async () => {
      server = await LiveServer.start(`${certificate}\ntls: { reread: 1 hour }`, folder =>
        writePair(filesIn(folder), old.cert, old.key),
      )
      writeFileSync(server.file('verona.pem'), next.cert)

      await assert.rejects(server.reloads(`limits: { resources: 1 }\n${certificate}`), {
        message: /verona\.key: this key does not fit the certificate \S+verona\.pem; nothing was changed\.$/,
      })
      assert.equal(await server.shows(), fingerprint(old))
      await server.adds('romeo')
      await server.binds('romeo/1')
      await server.binds('romeo/2')
    })
  })

  describe('is given others who vouch for certificates of clients', () => {
    const domains = 'domains: { verona.example: { clientAuthorities: clients.pem } }'
    let prince: Issued
    let friar: Issued

    before(async () => {
      prince = await issue('The Prince', { isAuthority: true })
      friar = await issue('A friar', { isAuthority: true })
    })

    /** What comes of a login as Juliet by a certificate, under either kind of TLS. */
    async function login(live: LiveServer, by: Issued, how: 'tls' | 'starttls' = 'tls'): Promise<string> {
      const shown = issueForClient({ by, addresses: ['juliet@verona.example'], use: 'clientAuth' })
      const wire = await live.connects(how, 'verona.example', shown)
      await wire.opens()
      wire.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`)
      const answer = await wire.anyOf('success', 'failure')
      if (answer.name === 'success') await wire.opens()
      wire.leavesAtOnce()
      return answer.name === 'success' ? 'success' : conditionOf(answer)
    }

    it('at a reload: those of the old ones are worth nothing from then on', async () => {
      server = await LiveServer.start('tls: { reread: 1 hour }')
      await server.adds('juliet')
      writeFileSync(server.file('clients.pem'), prince.cert)
      assert.equal(await login(server, prince), 'invalid-mechanism')
      const early = await server.binds('juliet/tomb')

      assert.equal(
        await server.reloads(`${domains}\ntls: { reread: 1 hour }`),
        'In force.\n\nChanged       domains\nCertificates  verona.example',
      )
      assert.deepEqual([await login(server, prince), await login(server, prince, 'starttls')], ['success', 'success'])
      assert.equal(await login(server, friar), 'invalid-mechanism')

      writeFileSync(server.file('clients.pem'), friar.cert)
      assert.equal(await login(server, prince), 'success')
      assert.equal(await server.reloads(), 'In force.\n\nCertificates  verona.example')
      assert.deepEqual([await login(server, prince), await login(server, friar)], ['invalid-mechanism', 'success'])
      assert.equal(await pongs(early), 'result')
    })

    it('by itself when their file has changed', async () => {
      server = await LiveServer.start(`${domains}\ntls: { reread: 50 milliseconds }`, folder =>
        writeFileSync(`${folder}/clients.pem`, prince.cert),
      )
      await server.adds('juliet')
      assert.equal(await login(server, prince), 'success')

      writeFileSync(server.file('new.pem'), friar.cert)
      renameSync(server.file('new.pem'), server.file('clients.pem'))

      while ((await login(server, friar)) !== 'success');
      assert.equal(await login(server, prince), 'invalid-mechanism')
    })

    it('that cannot be used: it goes on with the old ones and says why', async () => {
      server = await LiveServer.start(`${domains}\ntls: { reread: 1 hour }`, folder =>
        writeFileSync(`${folder}/clients.pem`, prince.cert),
      )
      await server.adds('juliet')
      writeFileSync(server.file('clients.pem'), friar.cert.slice(0, 200))

      await assert.rejects(server.reloads(), {
        message: /clients\.pem: the last certificate ends in the middle; nothing was changed\.$/,
      })
      assert.equal(await login(server, prince), 'success')
    })
  })

  describe('changes nothing at a reload, and says why in a sentence, when', () => {
    const good = 'limits: { resources: 5 }\nmodules: { offline: { maxMessages: 10 } }'
    const wrong: readonly (readonly [what: string, configuration: string, why: RegExp])[] = [
      ['it is no YAML', 'limits: {', /^parlance\.yaml|parlance\.yaml, line \d+: this is no YAML/],
      ['a key is unknown', 'limit: {}', /parlance\.yaml, line \d+: limit: unknown setting/],
      [
        'a value is wrong',
        'limits: { resources: 1 }\nmodules: { offline: { maxMessages: many } }',
        /modules\.offline\.maxMessages: "many" was found, a whole number from 0 was expected; nothing was changed\.$/,
      ],
      ['a module is unknown', 'modules: { offlin: {} }', /modules\.offlin: there is no such module/],
      [
        'a certificate is not there',
        'limits: { resources: 1 }\ndomains: { verona.example: , mantua.example: { certificate: none, key: none } }',
        /none: a (certificate|private key) was expected here, but it cannot be read: no such file or directory; nothing/,
      ],
    ]
    for (const [what, configuration, why] of wrong)
      it(what, async () => {
        server = await LiveServer.start(good)
        await server.adds('romeo')
        const romeo = await server.binds('romeo/1')

        await assert.rejects(server.reloads(configuration), { name: 'CommandError', message: why })

        assert.equal(await pongs(romeo), 'result')
        await server.binds('romeo/2')
        assert.match(await server.runs('module list'), /offline .*maxMessages: 10,/)
        assert.match(await server.runs('status'), /^Domains +verona\.example$/m)
        assert.equal(await server.reloads(good), 'Nothing has changed.')
      })

    it('a port is taken', async () => {
      server = await LiveServer.start('')
      const [port = 0] = await freePorts(1)
      const other = net.createServer().listen(port, '127.0.0.1')
      const { c2s } = server.ports
      try {
        await assert.rejects(
          server.reloads(
            `listen: { c2s: ["127.0.0.1:${c2s}", "127.0.0.1:${port}"], c2s-tls: false }\nlimits: { resources: 1 }`,
          ),
          {
            message: `listen.c2s: port ${port} on 127.0.0.1 is in use: another program listens there; nothing was changed.`,
          },
        )
      } finally {
        other.close()
      }
      await server.adds('romeo')
      await server.binds('romeo/1', 'starttls')
      await server.binds('romeo/2', 'tls')
    })
  })

  it('serves another domain from then on, with a certificate of its own', async () => {
    server = await LiveServer.start('')
    const before = await server.shows('mantua.example')
    const romeo = await server.connects()
    romeo.begins(to('mantua.example'))
    await romeo.header()
    assert.equal(await romeo.fails(), 'host-unknown')
    await assert.rejects(server.adds('laura@mantua.example'), { message: /mantua\.example is none of the domains/ })

    assert.equal(
      await server.reloads('domains: [ verona.example, mantua.example ]'),
      'In force.\n\nChanged       domains\nCertificates  mantua.example',
    )

    await server.adds('laura@mantua.example')
    const laura = await server.binds('laura@mantua.example/home')
    assert.equal((await asks(laura, `<ping xmlns='${PING}'/>`, 'mantua.example')).attrs.type, 'result')
    assert.notEqual(await server.shows('mantua.example'), before)
    assert.equal(await server.shows('verona.example'), before)
  })

  it('serves a domain no more: its sessions and logins end, and the others stay', async () => {
    server = await LiveServer.start('domains: [ verona.example, mantua.example ]')
    await server.adds('romeo', 'laura@mantua.example')
    const romeo = await server.binds('romeo/orchard')
    const laura = await server.binds('laura@mantua.example/home')
    const away = await server.binds('laura@mantua.example/away')
    await away.enables()
    await away.cuts()
    const early = await server.connects('tls', 'mantua.example')
    await early.opens(to('mantua.example'))
    early.send(plain('laura', PASSWORD))
    await early.takes('success', SASL)
    const binding = await early.opens(to('mantua.example'))
    assert.equal(binding.name, 'features')

    await server.reloads('domains: [ verona.example ]')

    assert.equal(await laura.fails(), 'host-gone')
    assert.equal(await early.fails(), 'host-gone')
    assert.equal(await pongs(romeo), 'result')
    assert.equal((await server.runs('session list')).split('\n').length, 2)
    const again = await server.connects('tls', 'mantua.example')
    again.begins(to('mantua.example'))
    await again.header()
    assert.equal(await again.fails(), 'host-unknown')
    romeo.send(`<message type='chat' id='m' to='laura@mantua.example'><body>hello</body></message>`)
    const bounced = await romeo.finds(event => isElement(event) && event.attrs.id === 'm')
    assert.match(`${bounced}`, /remote-server-not-found/)
  })

  it('switches modules off and on again, and what sessions know stays when one is only set anew', async () => {
    server = await LiveServer.start('')
    await server.adds('romeo', 'juliet')
    const romeo = await server.binds('romeo/orchard')
    const features = async () => `${await asks(romeo, `<query xmlns='${DISCO_INFO}'/>`)}`
    assert.match(await features(), /urn:xmpp:ping/)

    assert.equal(
      await server.reloads('modules: { ping: false, disco: { name: Verona } }'),
      'In force.\n\nChanged          modules\nModules off      ping\nModules changed  disco',
    )
    assert.equal(await pongs(romeo), 'error')
    const disco = await features()
    assert.ok(!disco.includes('urn:xmpp:ping'))
    assert.match(disco, /name="Verona"/)
    assert.match(await server.runs('module list'), /^ping +off /m)

    assert.match(await server.reloads(''), /^Modules on +ping$/m)
    assert.equal(await pongs(romeo), 'result')
  })

  it('keeps messages for Juliet through it all', async () => {
    server = await LiveServer.start('')
    await server.adds('romeo', 'juliet')
    const romeo = await server.binds('romeo/orchard')
    await romeo.enables()
    romeo.send(chat('juliet', 1))
    await romeo.handled()

    await server.reloads('modules: { offline: { maxMessages: 2 } }')
    romeo.send(chat('juliet', 2), chat('juliet', 3))
    await romeo.handled()
    assert.match(await server.runs('user show', { jid: 'juliet@verona.example' }), /^Offline messages +2$/m)

    const juliet = await server.binds('juliet/balcony')
    juliet.send('<presence/>')
    for (const words of ['1', '2']) {
      const message = await juliet.finds(event => isElement(event) && event.name === 'message')
      assert.match(`${message}`, new RegExp(`<body>${words}</body>`))
    }
    const refused = await romeo.finds(event => isElement(event) && event.attrs.type === 'error')
    assert.match(`${refused}`, /service-unavailable/)
  })

  it('has other limits from then on', async () => {
    server = await LiveServer.start('limits: { resources: 2, loginAttempts: 3 }')
    await server.adds('romeo')
    await server.binds('romeo/1')
    await server.binds('romeo/2')

    assert.equal(
      await server.reloads('limits: { resources: 3, loginAttempts: 1 }'),
      'In force.\n\nChanged  limits.loginAttempts, limits.resources',
    )

    await server.binds('romeo/3')
    await assert.rejects(server.binds('romeo/4'), /resource-constraint/)
    const thief = await server.connects()
    await thief.opens()
    thief.send(plain('romeo', 'a guess'))
    await thief.takes('failure', SASL)
    assert.equal(conditionOf(await thief.failure()), 'policy-violation')
  })

  it('has other admins from then on', async () => {
    server = await LiveServer.start('')
    await server.adds('juliet')
    const juliet = await server.binds('juliet/balcony')
    const announces = async () => {
      juliet.send(
        `<iq type='set' id='admin' to='verona.example'><command xmlns='${COMMANDS}' node='${ADMIN}#announce'/></iq>`,
      )
      const answer = await juliet.finds(event => isElement(event) && event.attrs.id === 'admin')
      return `${answer}`
    }
    assert.match(await announces(), /<forbidden/)

    assert.equal(await server.reloads('admins: [ juliet@verona.example ]'), 'In force.\n\nChanged  admins')
    assert.match(await announces(), /status="executing"/)

    await server.reloads('')
    assert.match(await announces(), /<forbidden/)
  })

  it('lets components in from then on, and no more', async () => {
    server = await LiveServer.start('')
    const [port = 0] = await freePorts(1)
    const { c2s, c2sTls } = server.ports
    const listen = `listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}", component: "127.0.0.1:${port}" }`
    const components = 'components: { gateway.verona.example: { secret: "something long" } }'
    await assert.rejects(reaches(port), /ECONNREFUSED/)

    assert.match(await server.reloads(`${listen}\n${components}`), /^Changed +listen\.component, components$/m)
    await reaches(port)
    assert.match(await server.runs('component list'), /^gateway\.verona\.example/m)

    await server.reloads(listen)
    await assert.rejects(reaches(port), /ECONNREFUSED/)
    assert.ok(!(await server.runs('component list')).includes('gateway'))
  })

  it('listens elsewhere, and those who came the old way stay', async () => {
    server = await LiveServer.start('')
    await server.adds('romeo')
    const romeo = await server.binds('romeo/orchard', 'starttls')
    const [port = 0] = await freePorts(1)
    const { c2s, c2sTls } = server.ports

    assert.equal(
      await server.reloads(`listen: { c2s: "127.0.0.1:${port}", c2s-tls: "127.0.0.2:${c2sTls}" }`),
      'In force.\n\nChanged  listen.c2s, listen.c2s-tls',
    )

    assert.equal(await pongs(romeo), 'result')
    await assert.rejects(reaches(c2s), /ECONNREFUSED/)
    await assert.rejects(reaches(c2sTls), /ECONNREFUSED/)
    await reaches(port)
    await reaches(c2sTls, '127.0.0.2')
    assert.match(await server.runs('status'), new RegExp(`^Listening +c2s 127.0.0.1:${port}, c2s-tls 127.0.0.2:`, 'm'))
  })

  it('says what will change at the next start only, each time, and does all else', async () => {
    server = await LiveServer.start('')
    const other = 'data: ./elsewhere\nstorage: { pool: { max: 2 } }\nlimits: { resources: 3 }'

    const first = await server.reloads(other)
    const second = await server.reloads(other)

    assert.match(first, /^Changed +limits\.resources$/m)
    for (const answer of [first, second]) assert.match(answer, /^Needs a restart +data, .*storage\.pool$/m)
    assert.ok(!second.includes('limits'))
  })

  it('takes one reload after the other, and tells its supervisor', async () => {
    server = await LiveServer.start('')

    server.configures('limits: { resources: 3 }')
    const answers = await Promise.all([server.runs('reload'), server.runs('reload')])

    assert.deepEqual(answers.sort(), ['In force.\n\nChanged  limits.resources', 'Nothing has changed.'])
    assert.deepEqual(server.told, ['reloading', 'ready', 'reloading', 'ready'])
  })
})

function reaches(port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}
