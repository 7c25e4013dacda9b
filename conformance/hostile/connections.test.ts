import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Account, inBand, newAccount } from '../wire/accounts.js'
import { Client } from '../wire/client.js'
import { type Address, header } from '../wire/link.js'
import { authenticate, bind, connectSecurely, SASL } from '../wire/login.js'
import { Intruder, times } from './intruder.js'
import { Target } from './target.js'

/** What a connection may make the server hold before login, in KiB, whatever it sends. */
const HELD = 64

const many = (text: string, bytes = 9500) => text.repeat(Math.floor(bytes / text.length))
const attributes = (letter: string) => Array.from({ length: 60 }, (_, i) => ` ${letter}${i}=''`).join('')

describe('by hundreds of connections', function () {
  this.timeout(60_000)
  let target: Target
  let address: Address
  let account: Account

  before(async () => {
    target = await Target.start()
    address = target.stage.address
    account = await newAccount('romeo', address.domain, inBand(address))
  })
  after(() => target?.dispose())

  const shapes = new Map([
    ['elements', `<message>${many('<a/>')}`],
    ['elements and texts', `<message>${many('<a/>b')}`],
    ['attributes', `<message>${many(`<a${attributes('a')}/>`)}`],
    ['attributes of other names', `<message>${[...'abcdefghijklmnopqrst'].map(c => `<a${attributes(c)}/>`).join('')}`],
    ['sections', `<message>${many('a<![CDATA[b]]>')}`],
    ['elements inside of each other', many('<a>', 180)],
    ['a tag without an end', `<message ${' '.repeat(9500)}`],
    ['a text without an end', `<message><body>${'a'.repeat(9500)}`],
    ['prefixes', `<message>${many("<a xmlns:b='urn:c'>", 1100)}`],
  ])
  for (const [what, shape] of shapes)
    it(`of ${what} it holds less than ${HELD} kB each`, async () => {
      const crowd: Intruder[] = []
      await target.withstands(async () => {
        await times(150, async () => {
          const intruder = await Intruder.connect(address.port)
          crowd.push(intruder)
          intruder.say(header(address.domain))
          await intruder.hears('</stream:features>')
        })
        const before = target.memory
        for (const intruder of crowd) intruder.say(shape)
        // several turns of the server, in each of which it reads what has come
        await newAccount('witness', address.domain, inBand(address))
        assert.ok(target.memory - before < (crowd.length * HELD) / 1024 + 8, `${target.memory - before} MiB in all`)
        for (const intruder of crowd) intruder.leave()
      })
    })

  const login = async (client: Client) => {
    await connectSecurely(client)
    await client.open()
  }
  const stages = new Map<string, { count: number; reach: (client: Client) => Promise<void> }>([
    ['has connected', { count: 1000, reach: client => client.connect() }],
    [
      'has opened a stream',
      {
        count: 800,
        reach: async client => {
          await client.connect()
          await client.open()
        },
      },
    ],
    [
      'is in the middle of a stanza',
      {
        count: 800,
        reach: async client => {
          await client.connect()
          await client.open()
          client.send(`<message><body>${'a'.repeat(5000)}`)
        },
      },
    ],
    [
      'was promised TLS',
      {
        count: 800,
        reach: async client => {
          await client.connect()
          await client.open()
          client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
          await client.expect('proceed', ({ kind }) => kind === 'element')
          client.link.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01))
        },
      },
    ],
    ['has TLS', { count: 150, reach: connectSecurely }],
    [
      'is in the middle of a login',
      {
        count: 150,
        reach: async client => {
          await login(client)
          const first = Buffer.from(`n,,n=${account.user},r=abc`).toString('base64')
          client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${first}</auth>`)
          await client.expect('a challenge', ({ kind }) => kind === 'element')
        },
      },
    ],
    [
      'has logged in',
      {
        count: 150,
        reach: async client => {
          await login(client)
          await authenticate(client)
        },
      },
    ],
    [
      'has a session that can be resumed',
      {
        count: 150,
        reach: async client => {
          await login(client)
          await authenticate(client)
          await client.open()
          await bind(client)
          client.send(`<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>`)
          await client.sync()
        },
      },
    ],
  ])
  for (const [stage, { count, reach }] of stages)
    it(`that break off when one ${stage} it holds nothing`, async () => {
      const breakOff = async () => {
        const client = new Client('romeo', account, address, () => {})
        await reach(client)
        client.leave()
      }
      await target.withstands(async () => {
        await times(count / 5, breakOff)
        const before = target.memory
        await times(count, breakOff)
        assert.ok(target.memory - before < 30, `${count} connections left ${Math.round(target.memory - before)} MiB`)
      })
    })

  it('says nothing of a bug of its own', () => {
    assert.deepEqual(target.bugs, [])
  })
})

describe('by connections that speak something else', function () {
  this.timeout(60_000)
  let target: Target
  let port: number
  let tlsPort: number

  before(async () => {
    target = await Target.start({ config: { limits: { loginTime: '1 second' } } })
    port = target.server.ports.c2s
    tlsPort = target.server.ports.c2sTls
  })
  after(() => target?.dispose())

  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  const greetings: readonly (readonly [string, string | Uint8Array])[] = [
    ['HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['TLS', hello],
    ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['SMTP', 'EHLO localhost\r\n'],
    ['SOCKS', Uint8Array.of(5, 1, 0)],
    ['the WebSocket protocol', 'GET /xmpp HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ['bytes of no kind', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)],
    ['lines of NUL', new Uint8Array(5000)],
    ['nothing at all', ''],
  ]
  for (const [protocol, greeting] of greetings) {
    it(`at the port for XMPP, here ${protocol}, is short`, async () => {
      await target.withstands(async () => {
        const intruder = await Intruder.connect(port)
        intruder.say(greeting)

        assert.ok(await intruder.isClosedWithin(8000), 'it is still open')
        assert.ok(intruder.heard.length < 1000, intruder.heard)
      })
    })
    it(`at the port for TLS, here ${protocol}, is short`, async () => {
      await target.withstands(async () => {
        const intruder = await Intruder.connect(tlsPort)
        intruder.say(greeting)

        assert.ok(await intruder.isClosedWithin(8000), 'it is still open')
        assert.ok(!intruder.heard.includes('stream'), intruder.heard)
      })
    })
  }

  const slow: readonly (readonly [string, (port: number, tlsPort: number) => Promise<Intruder>])[] = [
    ['before a stream', () => Intruder.connect(port)],
    [
      'before TLS',
      async () => {
        const intruder = await Intruder.connect(port)
        intruder.say(header('localhost'))
        await intruder.hears('</stream:features>')
        return intruder
      },
    ],
    [
      'in the handshake',
      async () => {
        const intruder = await Intruder.connect(port)
        intruder.say(`${header('localhost')}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
        await intruder.hears('<proceed')
        intruder.say(hello)
        return intruder
      },
    ],
    [
      'behind TLS',
      async () => {
        const intruder = await Intruder.secure(tlsPort)
        intruder.say(header('localhost'))
        await intruder.hears('</stream:features>')
        return intruder
      },
    ],
  ]
  for (const [where, reach] of slow)
    it(`a login that takes too long ${where} is broken off, however busy it looks`, async () => {
      await target.withstands(async () => {
        const intruder = await reach(port, tlsPort)
        const trickle = setInterval(() => intruder.say(where === 'in the handshake' ? Uint8Array.of(0) : ' '), 100)
        try {
          assert.ok(await intruder.isClosedWithin(8000), 'it is still open')
        } finally {
          clearInterval(trickle)
        }
      })
    })

  it('TLS is not negotiated anew', async () => {
    await target.withstands(async () => {
      // R: s_client asks for it
      const client = spawn('openssl', ['s_client', '-tls1_2', '-connect', `127.0.0.1:${tlsPort}`])
      let said = ''
      for (const stream of [client.stdout, client.stderr])
        stream.on('data', text => {
          said += text
          if (said.includes('Verify return code')) client.stdin.end('R\n')
        })
      await once(client, 'close')

      assert.match(said, /RENEGOTIATING[\s\S]*no renegotiation/)
    })
  })

  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    it(`${version} is not spoken`, async () => {
      await target.withstands(async () => {
        const intruder = await Intruder.secure(tlsPort, {
          ...{ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
        })

        assert.ok(await intruder.isClosedWithin(8000), 'it is')
      })
    })

  for (const ciphers of ['AES128-SHA', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'NULL-SHA', 'aNULL'])
    it(`${ciphers} is no cipher`, async () => {
      await target.withstands(async () => {
        const intruder = await Intruder.secure(tlsPort, {
          ...{ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` },
        })

        assert.ok(await intruder.isClosedWithin(8000), 'it is')
      })
    })

  it('says nothing of a bug of its own', () => {
    assert.deepEqual(target.bugs, [])
  })
})

describe('by more connections than there are descriptors', function () {
  this.timeout(60_000)
  let target: Target

  before(async () => {
    target = await Target.start({ descriptors: 300 })
  })
  after(() => target?.dispose())

  it('those that are there are served, and new ones as soon as there is room', async () => {
    const { port } = target.stage.address
    const crowd: Intruder[] = []
    const isServed = async () => {
      const intruder = await Intruder.connect(port)
      crowd.push(intruder)
      intruder.say(header('localhost'))
      return intruder.hears('</stream:features>').then(
        () => true,
        () => false,
      )
    }
    let served = 0
    await target.withstands(async () => {
      await times(600, async () => void ((await isServed()) && served++))
    })
    assert.ok(served > 100 && served < 300, `${served} are served`)
    for (const intruder of crowd) intruder.leave()

    await target.withstands(async () => {
      const start = performance.now()
      while (!(await isServed())) assert.ok(performance.now() - start < 1000, 'nobody gets in any more')
      crowd.at(-1)?.leave()
    })
    assert.deepEqual(target.bugs, [])
  })
})
