import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import { generate } from 'selfsigned'
import { bindingTypesOf, mechanismsOf, type ScramOptions, scram } from '../../test/scram-client.js'
import { conditionOf, Wire } from '../../test/stream-client.js'
import { listening, StreamKit } from '../../test/stream-kit.js'
import type { Element } from '../xml/index.js'
import { channelBindings, tlsUnique } from './channel-binding.js'

const PLUS = ['SCRAM-SHA-512-PLUS', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'] as const
const OTHERS = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'] as const
const TYPES = ['tls-exporter', 'tls-server-end-point'] as const

type Type = (typeof TYPES)[number]

describe('channel binding', () => {
  it('is announced under TLS, strongest first', async () => {
    const { features } = await secured()

    assert.deepEqual(mechanismsOf(features), [...PLUS, ...OTHERS, 'PLAIN'])
    assert.deepEqual(bindingTypesOf(features), TYPES)
  })

  it('has no exporter in TLS 1.2, where it may not be safe', async () => {
    const { features } = await secured({ maxVersion: 'TLSv1.2' })

    assert.deepEqual(mechanismsOf(features), [...PLUS, ...OTHERS, 'PLAIN'])
    assert.deepEqual(bindingTypesOf(features), ['tls-server-end-point'])
  })

  it('is not announced without TLS, neither as mechanism nor by type', async () => {
    const wire = (await StreamKit.start()).connects()

    const features = await wire.opens()

    assert.deepEqual(mechanismsOf(features), [...OTHERS, 'PLAIN'])
    assert.deepEqual(bindingTypesOf(features), [])
    for (const mechanism of PLUS) {
      const answer = await scram(wire, 'juliet', mechanism, { flag: 'p=tls-exporter' })
      assert.equal(conditionOf(answer), 'invalid-mechanism')
    }
  })

  for (const mechanism of PLUS) {
    describe(`by ${mechanism}`, () => {
      for (const type of TYPES) {
        it(`lets Juliet in with ${type}`, async () => {
          const { wire, features } = await secured()

          const answer = await scram(wire, 'juliet', mechanism, {
            flag: `p=${type}`,
            data: dataOf(wire, type),
            features,
          })

          assert.equal(answer.name, 'success', `${answer}`)
        })

        it(`keeps a wrong password out with ${type}`, async () => {
          const { wire } = await secured()

          await refuses(wire, mechanism, { flag: `p=${type}`, data: dataOf(wire, type), password: 'rosaline' })
        })

        it(`keeps out who sits in between with ${type}`, async () => {
          const { wire } = await secured()

          await refuses(wire, mechanism, { flag: `p=${type}`, data: altered(dataOf(wire, type)) })
        })

        it(`keeps out who has no data of ${type}, or that of the other`, async () => {
          const { wire } = await secured()
          const other = type === 'tls-exporter' ? 'tls-server-end-point' : 'tls-exporter'

          await refuses(wire, mechanism, { flag: `p=${type}` })
          await refuses(wire, mechanism, { flag: `p=${type}`, data: dataOf(wire, other) })
        })

        for (const lastFlag of ['n', 'y', `p=tls-unique`])
          it(`keeps out who begins with ${type} and ends with ${lastFlag}`, async () => {
            const { wire } = await secured()

            await refuses(wire, mechanism, { flag: `p=${type}`, lastFlag, data: dataOf(wire, type) })
          })
      }

      for (const flag of ['n', 'y', 'p=tls-unique', 'p=TLS-exporter', 'p=constructor'])
        it(`does not go with the flag ${flag}`, async () => {
          const { wire } = await secured()

          await refuses(wire, mechanism, { flag, data: dataOf(wire, 'tls-exporter') })
        })

      it('does not take an exporter in TLS 1.2', async () => {
        const { wire } = await secured({ maxVersion: 'TLSv1.2' })

        await refuses(wire, mechanism, { flag: 'p=tls-exporter', data: dataOf(wire, 'tls-exporter') })
        const point = { flag: 'p=tls-server-end-point', data: dataOf(wire, 'tls-server-end-point') }
        assert.equal((await scram(wire, 'juliet', mechanism, point)).name, 'success')
      })
    })
  }

  for (const mechanism of OTHERS) {
    describe(`beside ${mechanism}`, () => {
      it('is left out by a client that cannot do it', async () => {
        const { wire, features } = await secured()

        assert.equal((await scram(wire, 'juliet', mechanism, { flag: 'n', features })).name, 'success')
      })

      it('shows that somebody took it out of the list', async () => {
        const { wire } = await secured()

        await refuses(wire, mechanism, { flag: 'y' })
      })

      it('is no lie without TLS, where it is not announced', async () => {
        const wire = (await StreamKit.start()).connects()
        const features = await wire.opens()

        assert.equal((await scram(wire, 'juliet', mechanism, { flag: 'y', features })).name, 'success')
      })

      it('wants its own mechanism', async () => {
        const { wire } = await secured()

        await refuses(wire, mechanism, { flag: 'p=tls-exporter', data: dataOf(wire, 'tls-exporter') })
      })
    })
  }

  it('tells a client when the list that it saw was another (XEP-0474)', async () => {
    const { wire, features } = await secured()
    features.getChild('mechanisms')?.children.shift()

    await assert.rejects(scram(wire, 'juliet', 'SCRAM-SHA-256', { features }), assert.AssertionError)
  })

  it('sees the certificate that was shown for the name that the client asked for', async () => {
    const [verona, mantua] = await Promise.all([certificateOf('verona.example'), certificateOf('mantua.example')])
    const certificates = { find: (name?: string) => (name === 'mantua.example' ? mantua : verona).context }
    for (const [servername, shown] of [
      ['mantua.example', mantua],
      ['verona.example', verona],
      ['padua.example', verona],
    ] as const) {
      const { wire } = await secured({ servername }, { certificates })

      const data = createHash('sha256').update(shown.raw).digest()
      const other = createHash('sha256')
        .update((shown === mantua ? verona : mantua).raw)
        .digest()
      await refuses(wire, 'SCRAM-SHA-256-PLUS', { flag: 'p=tls-server-end-point', data: other })
      const answer = await scram(wire, 'juliet', 'SCRAM-SHA-256-PLUS', { flag: 'p=tls-server-end-point', data })
      assert.equal(answer.name, 'success', servername)
    }
  })

  for (const type of TYPES)
    it(`works with TLS from the first byte as well (${type})`, async () => {
      const { verona, port } = await listening('tls', { tlsRequired: true })
      const wire = new Wire(tls.connect({ port, rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] }))
      const features = await wire.opens()

      const options = { flag: `p=${type}`, data: dataOf(wire, type), features }
      const answer = await scram(wire, 'juliet', 'SCRAM-SHA-256-PLUS', options)

      assert.equal(answer.name, 'success', `${answer}`)
      await wire.opens()
      wire.leavesAtOnce()
      await verona.c2s.stop()
    })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`takes the type that older clients know, which it does not announce, under ${maxVersion}`, async () => {
      const { wire, features } = await secured({ maxVersion })

      const answer = await scram(wire, 'juliet', 'SCRAM-SHA-512-PLUS', {
        flag: 'p=tls-unique',
        data: wire.channel.getFinished() ?? assert.fail(),
        features,
      })

      assert.equal(answer.name, 'success', `${answer}`)
    })

    it(`keeps out who sits in between by that type under ${maxVersion}`, async () => {
      const { wire } = await secured({ maxVersion })
      const { wire: other } = await secured({ maxVersion })

      await refuses(wire, 'SCRAM-SHA-512-PLUS', {
        flag: 'p=tls-unique',
        data: other.channel.getFinished() ?? assert.fail(),
      })
    })
  }

  it('has nothing to see without TLS', async () => {
    const { duplexPair } = await import('node:stream')
    const [socket] = duplexPair()
    assert.equal(channelBindings(socket).size, 0)
    assert.equal(tlsUnique(socket), undefined)
  })
})

async function secured(options?: tls.ConnectionOptions, kit?: Parameters<typeof StreamKit.start>[0]) {
  const verona = await StreamKit.start({ tlsRequired: true, limits: { loginAttempts: 100 }, ...kit })
  const wire = verona.connects({ isLocal: false })
  await wire.opens()
  await wire.secures(options)
  return { verona, wire, features: await wire.opens() }
}

async function refuses(wire: Wire, mechanism: string, options: ScramOptions): Promise<void> {
  const answer: Element = await scram(wire, 'juliet', mechanism, options)
  assert.equal(conditionOf(answer), 'not-authorized')
}

/** What the client sees of the channel. */
function dataOf({ channel }: Wire, type: Type): Buffer {
  if (type === 'tls-exporter') return channel.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const certificate = channel.getPeerX509Certificate()
  assert.ok(certificate)
  return createHash('sha256').update(certificate.raw).digest() // it is signed with SHA-1 or SHA-256
}

/** What somebody in between sees of a channel of their own. */
function altered(data: Buffer): Buffer {
  return Buffer.from(data.map(octet => octet ^ 1))
}

async function certificateOf(name: string) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' })
  return { context: tls.createSecureContext({ cert, key }), raw: new X509Certificate(cert).raw }
}
