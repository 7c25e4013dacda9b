import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import type { ScramHash } from '../../core/accounts.js'
import { encodeText } from './encoding.js'
import { challengeOf, passwords, verona } from './fixture.test.js'
import { deriveKeys } from './keys.js'
import type { SaslContext, SaslStep } from './mechanism.js'
import { scram } from './scram.js'

const published = [
  {
    source: 'RFC 5802 §5',
    hash: 'SHA-1',
    salt: 'QSXCR+Q6sek8bf92',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    client: [
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    ],
    server: [
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    ],
  },
  {
    source: 'RFC 7677 §3',
    hash: 'SHA-256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    client: [
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    ],
    server: [
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    ],
  },
] as const

describe('SCRAM', () => {
  describe('as published', () => {
    for (const { source, hash, salt, serverNonce, client, server } of published) {
      it(`speaks the exchange of ${source}`, async () => {
        const keys = await deriveKeys('pencil', hash, { salt: Buffer.from(salt, 'base64'), iterations: 4096 })
        const ctx = await verona({ keys: () => keys, nonce: () => serverNonce })

        const { text, answer } = challengeOf(await start(ctx, client[0], hash))
        const end = await answer(client[1])

        assert.equal(text, server[0])
        assert.deepEqual(end, { success: { user: 'user', data: encodeText(server[1]) } })
      })
    }
  })

  describe('with a client of its own', () => {
    for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
      it(`lets Juliet in by ${hash} and proves itself to her`, async () => {
        const { end, serverSignature } = await login(await verona(), { hash })

        assert.deepEqual(end, { success: { user: 'juliet', data: encodeText(`v=${serverSignature}`) } })
      })
    }

    it('waits for the keys', async () => {
      const { keys, ...rest } = await verona()
      const ctx = { ...rest, keys: async (user: string, hash: ScramHash) => keys(user, hash) }

      assert.deepEqual(userIn((await login(ctx, {})).end), 'juliet')
    })

    it('lets the user in under the prepared name', async () => {
      assert.equal(userIn((await login(await verona(), { name: 'JULIET' })).end), 'juliet')
    })

    it('resolves the commas and equals signs of a name', async () => {
      let asked = ''
      const ctx = await verona({
        prepareUser(text) {
          asked = text
          return 'juliet'
        },
      })

      await start(ctx, 'n,,n==3D=2C=3D2C,r=abc')

      assert.equal(asked, '=,=2C')
    })

    it('ignores extensions, which both sides sign', async () => {
      const ctx = await verona()

      const { end } = await login(ctx, { firstExtension: ',x=1,y=ü=2', finalExtension: ',z=ok' })

      assert.equal(userIn(end), 'juliet')
    })

    it('asks for the first message when it did not come with the request', async () => {
      const ctx = await verona()
      const { text, answer } = challengeOf(await scram('SHA-256').start(ctx, undefined))

      assert.equal(text, '')
      assert.match(challengeOf(await answer('n,,n=juliet,r=abc')).text ?? '', /^r=abcfriar,s=/)
    })

    it('does not take an exchange that was recorded', async () => {
      const first = await login(await verona({ nonce: () => 'one' }), {})
      const { answer } = challengeOf(await start(await verona({ nonce: () => 'two' }), first.clientFirst))

      assert.deepEqual(await answer(first.clientFinal), { failure: 'not-authorized' })
    })
  })

  describe('refuses', () => {
    it('a wrong password', async () => {
      const { end } = await login(await verona(), { password: passwords.romeo })

      assert.deepEqual(end, { failure: 'not-authorized' })
    })

    it("a stored key sent as if it were a proof's source", async () => {
      const ctx = await verona()
      const { text, answer } = challengeOf(await start(ctx, 'n,,n=juliet,r=abc'))
      const keys = await ctx.keys('juliet', 'SHA-256')
      assert.ok(keys)
      const withoutProof = 'c=biws,r=abcfriar'
      const signature = hmac('sha256', Buffer.from(keys.storedKey), `n=juliet,r=abc,${text},${withoutProof}`)

      const end = await answer(`${withoutProof},p=${xor(Buffer.from(keys.storedKey), signature).toString('base64')}`)

      assert.deepEqual(end, { failure: 'not-authorized' })
    })

    for (const [what, proof] of Object.entries({
      'of zeros': Buffer.alloc(32),
      'too short': Buffer.alloc(31),
      'too long': Buffer.alloc(33),
      'of a single byte': Buffer.alloc(1),
    })) {
      it(`a proof ${what}`, async () => {
        const { answer } = challengeOf(await start(await verona(), 'n,,n=juliet,r=abc'))

        const end = await answer(`c=biws,r=abcfriar,p=${proof.toString('base64')}`)

        assert.deepEqual(end, { failure: 'not-authorized' })
      })
    }

    for (const nonce of ['abc', 'friar', 'abcfria', 'abcfriarx', 'abdfriar', 'ABCFRIAR', 'friarabc']) {
      it(`the nonce ${nonce} for abcfriar, even if signed`, async () => {
        const { end } = await login(await verona(), { finalNonce: nonce })

        assert.deepEqual(end, { failure: 'not-authorized' })
      })
    }

    it('another header in the final message than in the first', async () => {
      const { end } = await login(await verona(), { header: 'y,,', finalHeader: 'n,,' })

      assert.deepEqual(end, { failure: 'not-authorized' })
    })

    for (const name of ['', '@', 'juliet@verona.example', 'ju liet']) {
      const message = `n,,n=${name},r=abc`
      const failure = name === '' ? 'malformed-request' : 'not-authorized'
      it(`the user name '${name}' as ${failure}`, async () => {
        assert.deepEqual(await start(await verona(), message), { failure })
      })
    }
  })

  describe('finds malformed', () => {
    const firstMessages = {
      'nothing at all': '',
      'no header': 'n=juliet,r=abc',
      'half a header': 'n,n=juliet,r=abc',
      'an unknown flag': 'x,,n=juliet,r=abc',
      'a flag in capitals': 'N,,n=juliet,r=abc',
      'a binding without a type': 'p=,,n=juliet,r=abc',
      'a binding type out of the alphabet': 'p=tls_unique,,n=juliet,r=abc',
      'an empty authzid': 'n,a=,n=juliet,r=abc',
      'something else for an authzid': 'n,b=juliet,n=juliet,r=abc',
      'an authzid with a bad escape': 'n,a=ju=2Fliet,n=juliet,r=abc',
      'a mandatory extension before the name': 'n,,m=future,n=juliet,r=abc',
      'a mandatory extension at the end': 'n,,n=juliet,r=abc,m=future',
      'no name': 'n,,r=abc',
      'an empty name': 'n,,n=,r=abc',
      'no nonce': 'n,,n=juliet',
      'an empty nonce': 'n,,n=juliet,r=',
      'a nonce before the name': 'n,,r=abc,n=juliet',
      'a space in the nonce': 'n,,n=juliet,r=a bc',
      'a control character in the nonce': 'n,,n=juliet,r=a\u007fbc',
      'a nonce beyond ASCII': 'n,,n=juliet,r=äbc',
      'a name with a lone equals sign': 'n,,n=jul=iet,r=abc',
      'a name ending in an equals sign': 'n,,n=juliet=,r=abc',
      'a name with a small escape': 'n,,n=jul=2ciet,r=abc',
      'a name with an escape of something else': 'n,,n=jul=41iet,r=abc',
      'a NUL': 'n,,n=jul\0iet,r=abc',
      'a NUL in an extension': 'n,,n=juliet,r=abc,x=\0',
      'an extension without a name': 'n,,n=juliet,r=abc,1=x',
      'an extension without a value': 'n,,n=juliet,r=abc,x=',
      'a comma at the end': 'n,,n=juliet,r=abc,',
    }
    for (const [what, message] of Object.entries(firstMessages)) {
      it(`a first message with ${what}`, async () => {
        assert.deepEqual(await start(await verona(), message), { failure: 'malformed-request' })
      })
    }

    it('a first message that is not UTF-8', async () => {
      const message = Buffer.from('n,,n=juli\xe9t,r=abc', 'latin1')

      assert.deepEqual(await scram('SHA-256').start(await verona(), message), { failure: 'malformed-request' })
    })

    const proof = Buffer.alloc(32).toString('base64')
    const finalMessages = {
      'nothing at all': '',
      'nothing but a proof': `p=${proof}`,
      'no binding': `r=abcfriar,p=${proof}`,
      'an empty binding': `c=,r=abcfriar,p=${proof}`,
      'a binding that is not base64': `c=bi-s,r=abcfriar,p=${proof}`,
      'a binding of a lone equals sign': `c==,r=abcfriar,p=${proof}`,
      'no nonce': `c=biws,p=${proof}`,
      'a nonce before the binding': `r=abcfriar,c=biws,p=${proof}`,
      'a space in the nonce': `c=biws,r=abc friar,p=${proof}`,
      'no proof': 'c=biws,r=abcfriar',
      'an empty proof': 'c=biws,r=abcfriar,p=',
      'a proof that is not base64': 'c=biws,r=abcfriar,p=not base64',
      'a proof without its padding': `c=biws,r=abcfriar,p=${proof.replace('=', '')}`,
      'something after the proof': `c=biws,r=abcfriar,p=${proof},x=1`,
      'a mandatory extension': `c=biws,r=abcfriar,m=future,p=${proof}`,
      'a broken extension': `c=biws,r=abcfriar,xyz,p=${proof}`,
      'a NUL': `c=biws,r=abcfriar,x=\0,p=${proof}`,
      'a comma at the end': `c=biws,r=abcfriar,p=${proof},`,
    }
    for (const [what, message] of Object.entries(finalMessages)) {
      it(`a final message with ${what}`, async () => {
        const { answer } = challengeOf(await start(await verona(), 'n,,n=juliet,r=abc'))

        assert.deepEqual(await answer(message), { failure: 'malformed-request' })
      })
    }

    it('whatever else comes, without a fault of its own', async () => {
      const ctx = await verona()
      const final = fc.string({ unit: fc.constantFrom(...'cnrpmx=,=2C3Dbiws \0ü') })

      await fc.assert(
        fc.asyncProperty(fc.uint8Array(), final, async (bytes, text) => {
          assert.ok('failure' in (await scram('SHA-256').start(ctx, bytes)))
          const { answer } = challengeOf(await start(ctx, 'n,,n=juliet,r=abc'))
          assert.ok('failure' in (await answer(text)))
          await start(ctx, `n,,${text}`)
        }),
      )
    })
  })

  describe('authorization identity', () => {
    for (const authzid of ['juliet@verona.example', 'JULIET@Verona.Example']) {
      it(`may be her own, ${authzid}`, async () => {
        assert.equal(userIn((await login(await verona(), { header: `n,a=${authzid},` })).end), 'juliet')
      })
    }

    const others = [
      'romeo@verona.example',
      'juliet@mantua.example',
      'juliet@verona.example/balcony',
      'juliet@verona.example@mantua.example',
      'juliet',
      'verona.example',
      '@verona.example',
      'juliet=2Cromeo@verona.example',
    ]
    for (const authzid of others) {
      it(`may not be ${authzid}`, async () => {
        const end = await start(await verona(), `n,a=${authzid},n=juliet,r=abc`)

        assert.deepEqual(end, { failure: 'invalid-authzid' })
      })
    }
  })

  describe('unknown account', () => {
    for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
      it(`looks like a known one to ${hash}`, async () => {
        const ctx = await verona()
        const challenge = async (name: string) => challengeOf(await start(ctx, `n,,n=${name},r=abc`, hash)).text
        const shape = /^r=abcfriar,s=[A-Za-z0-9+/]{22}==,i=32$/

        const nobody = await challenge('nobody')

        assert.match((await challenge('juliet')) ?? '', shape)
        assert.match(nobody ?? '', shape)
        assert.equal(await challenge('nobody'), nobody)
        assert.equal(await challenge('NoBody'), nobody)
        assert.notEqual(await challenge('somebody'), nobody)
        const wrong = { hash, password: 'wrong' }
        assert.deepEqual((await login(ctx, { ...wrong, name: 'nobody' })).end, (await login(ctx, wrong)).end)
      })
    }

    it('has another salt for each hash, as a known one has', async () => {
      const ctx = await verona()
      const salts = async (name: string) => {
        const one = challengeOf(await start(ctx, `n,,n=${name},r=abc`, 'SHA-1')).text
        const two = challengeOf(await start(ctx, `n,,n=${name},r=abc`, 'SHA-256')).text
        return new Set([one, two]).size
      }

      assert.equal(await salts('nobody'), 2)
      assert.equal(await salts('juliet'), 2)
    })

    it('is what an account without keys for this hash looks like', async () => {
      const ctx = await verona({ keys: () => undefined })

      assert.deepEqual((await login(ctx, {})).end, { failure: 'not-authorized' })
    })
  })

  it('passes on a fault of the store', async () => {
    const ctx = await verona({ keys: () => Promise.reject(new Error('database gone')) })

    await assert.rejects(async () => start(ctx, 'n,,n=juliet,r=abc'), /database gone/)
  })

  it('signs what was announced, as published (XEP-0474 §5.3)', async () => {
    const ctx = await verona({
      announced: ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
      channelBindings: new Map(['tls-server-end-point', 'tls-exporter'].map(type => [type, new Uint8Array()])),
    })

    const { text } = challengeOf(await start(ctx, 'n,,n=juliet,r=abc', 'SHA-1'))

    assert.match(text ?? '', /,i=\d+,h=G6k\/rBLDqgOhRRaCuuatSDFkJ08=$/)
  })

  it('signs the mechanisms alone where no channel binding was announced', async () => {
    const ctx = await verona({ announced: ['SCRAM-SHA-256', 'PLAIN'] })

    const { text } = challengeOf(await start(ctx, 'n,,n=juliet,r=abc'))

    const hash = createHash('sha256').update('PLAIN\x1eSCRAM-SHA-256').digest('base64')
    assert.ok(text?.endsWith(`,h=${hash}`), text)
  })

  describe('channel binding', () => {
    const data = Buffer.from('what both see of the channel')
    const channelBindings = new Map([['tls-exporter', data]])
    const disagreement = {
      failure: 'not-authorized',
      text: 'Client and server disagree about channel binding',
    } as const
    const plus = { plus: true, header: 'p=tls-exporter,,', channel: data }

    it('is not missed by a client that saw none announced', async () => {
      assert.equal(userIn((await login(await verona(), { header: 'y,,' })).end), 'juliet')
    })

    it('cannot be taken out of the list in between', async () => {
      const end = await start(await verona({ channelBindings }), 'y,,n=juliet,r=abc')

      assert.deepEqual(end, disagreement)
    })

    it('is optional for a client that cannot do it', async () => {
      assert.equal(userIn((await login(await verona({ channelBindings }), { header: 'n,,' })).end), 'juliet')
    })

    it('needs the mechanism for it', async () => {
      const end = await start(await verona({ channelBindings }), 'p=tls-exporter,,n=juliet,r=abc')

      assert.deepEqual(end, disagreement)
    })

    it('lets Juliet in when both see the same channel', async () => {
      assert.equal(scram('SHA-256', true).name, 'SCRAM-SHA-256-PLUS')
      assert.equal(userIn((await login(await verona({ channelBindings }), plus)).end), 'juliet')
    })

    it('keeps out who sits in between', async () => {
      const { end } = await login(await verona({ channelBindings }), { ...plus, channel: Buffer.from('another') })

      assert.deepEqual(end, { failure: 'not-authorized' })
    })

    for (const header of ['n,,', 'y,,', 'p=tls-unique,,', 'p=constructor,,']) {
      it(`does not go with the header ${header}`, async () => {
        const end = await scram('SHA-256', true).start(
          await verona({ channelBindings }),
          encodeText(`${header}n=juliet,r=abc`),
        )

        assert.deepEqual(end, disagreement)
      })
    }

    it('is refused on a stream that has none', async () => {
      const end = await scram('SHA-256', true).start(await verona(), encodeText('p=tls-exporter,,n=juliet,r=abc'))

      assert.deepEqual(end, disagreement)
    })
  })
})

function start(ctx: SaslContext, message: string, hash: ScramHash = 'SHA-256') {
  return scram(hash).start(ctx, encodeText(message))
}

function userIn(step: SaslStep): string | undefined {
  assert.ok('success' in step, JSON.stringify(step))
  return step.success.user
}

/** A client written from RFC 5802 §3 alone; it shares nothing with the server's half, not even PBKDF2. */
async function login(
  ctx: SaslContext,
  {
    hash = 'SHA-256',
    plus = false,
    name = 'juliet',
    password = passwords.juliet,
    header = 'n,,',
    finalHeader = header,
    channel = Buffer.alloc(0),
    finalNonce,
    firstExtension = '',
    finalExtension = '',
  }: {
    readonly hash?: ScramHash
    readonly plus?: boolean
    readonly name?: string
    readonly password?: string
    readonly header?: string
    readonly finalHeader?: string
    readonly channel?: Buffer
    readonly finalNonce?: string
    readonly firstExtension?: string
    readonly finalExtension?: string
  },
) {
  const digest = hash.replace('-', '').toLowerCase()
  const bare = `n=${name},r=abc${firstExtension}`
  const clientFirst = header + bare
  const { text, answer } = challengeOf(await scram(hash, plus).start(ctx, encodeText(clientFirst)))
  const [, nonce, salt = '', count] = /^r=(.*),s=(.*),i=(.*)$/.exec(text ?? '') ?? []

  let block = hmac(digest, password, Buffer.concat([Buffer.from(salt, 'base64'), Buffer.from([0, 0, 0, 1])]))
  let salted = block
  for (let i = 1; i < Number(count); i++) {
    block = hmac(digest, password, block)
    salted = xor(salted, block)
  }
  const clientKey = hmac(digest, salted, 'Client Key')
  const storedKey = createHash(digest).update(clientKey).digest()
  const binding = Buffer.concat([Buffer.from(finalHeader), channel]).toString('base64')
  const withoutProof = `c=${binding},r=${finalNonce ?? nonce}${finalExtension}`
  const signed = [bare, text, withoutProof].join(',')
  const proof = xor(clientKey, hmac(digest, storedKey, signed)).toString('base64')
  const serverSignature = hmac(digest, hmac(digest, salted, 'Server Key'), signed).toString('base64')
  const clientFinal = `${withoutProof},p=${proof}`
  return { end: await answer(clientFinal), serverSignature, clientFirst, clientFinal }
}

function hmac(digest: string, key: string | Buffer, data: string | Buffer): Buffer {
  return createHmac(digest, key).update(data).digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}
