import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import { type Issued, issue, issueForClient } from '../../test/authority.js'
import { Wire } from '../../test/stream-client.js'
import { listening, type StreamKit } from '../../test/stream-kit.js'
import type { Certificates } from '../tls/certificates.js'
import { answer, City, comes, isOffered, JULIET, VERSIONS } from './client-certificates-fixture.test.js'

describe('client certificates under TLS', () => {
  let city: City

  beforeEach(async () => {
    city = await City.found()
  })

  afterEach(() => city.falls())

  describe('of several domains', () => {
    const MANTUA = "to='mantua.example' version='1.0'"
    const romeo = () =>
      issueForClient({ by: city.friar, addresses: ['romeo@mantua.example', JULIET], use: 'clientAuth' })
    const both = () => city.opens({ 'verona.example': city.prince.cert, 'mantua.example': city.friar.cert })

    it('are vouched for by the authorities of each alone', async () => {
      const verona = await city.starts({ certificates: await both() })

      const there = await comes(verona, { ...romeo(), servername: 'mantua.example' }, MANTUA)
      const here = await comes(verona, romeo())

      assert.deepEqual([isOffered(there.features), isOffered(here.features)], [true, false])
    })

    it('do not count on a stream to another domain than TLS was begun for', async () => {
      const verona = await city.starts({ certificates: await both() })
      const all = (by: Issued) => city.issues({ by, addresses: [JULIET, 'juliet@mantua.example'] })

      const here = await comes(verona, { ...all(city.friar), servername: 'mantua.example' })
      const there = await comes(verona, all(city.prince), MANTUA)

      assert.deepEqual([isOffered(here.features), isOffered(there.features)], [false, false])
    })

    it('count on both where the same authorities vouch for both', async () => {
      const same = await city.opens({ 'verona.example': city.prince.cert, 'mantua.example': city.prince.cert })
      const verona = await city.starts({ certificates: same })

      assert.ok(isOffered((await comes(verona, { ...city.issues(), servername: 'mantua.example' })).features))
    })

    it('are those of the first domain for who asks for no name', async () => {
      const verona = await city.starts({ certificates: await both() })

      assert.ok(isOffered((await comes(verona, { ...city.issues(), servername: '' })).features))
    })

    for (const maxVersion of VERSIONS)
      it(`are asked for at those domains only that have authorities (${maxVersion})`, async () => {
        for (const domains of [
          { 'verona.example': city.prince.cert, 'mantua.example': undefined },
          { 'mantua.example': undefined, 'verona.example': city.prince.cert },
        ]) {
          const certificates = await city.opens(domains)
          const verona = await city.starts({ certificates })

          const there = await asked(certificates, 'mantua.example', maxVersion)
          const here = await asked(certificates, 'verona.example', maxVersion)

          assert.deepEqual([there, here], [false, true])
          assert.ok(isOffered((await comes(verona, { ...city.issues(), maxVersion })).features))
        }
      })

    for (const maxVersion of VERSIONS)
      it(`are asked for nowhere where no domain has authorities (${maxVersion})`, async () => {
        const certificates = await city.opens({ 'verona.example': undefined })
        const verona = await city.starts({ certificates })

        assert.equal(await asked(certificates, 'verona.example', maxVersion), false)
        assert.ok(!isOffered((await comes(verona, { ...city.issues(), maxVersion })).features))
      })
  })

  describe('and TLS sessions', () => {
    /** What a client can go on with; with TLS 1.3 it comes after the handshake, and before what is offered. */
    async function begins(verona: StreamKit, options: tls.ConnectionOptions): Promise<Buffer | undefined> {
      const sessions: Buffer[] = []
      const wire = verona.connects({ isLocal: false })
      await wire.opens()
      await wire.secures({ servername: 'verona.example', ...options })
      wire.channel.on('session', session => sessions.push(session))
      await wire.opens()
      return sessions.at(-1) ?? wire.channel.getSession()
    }

    /** Another connection that would go on with the first; whether it could. */
    async function again(verona: StreamKit, first: tls.ConnectionOptions, second: tls.ConnectionOptions) {
      const session = await begins(verona, first)
      const { wire, features } = await comes(verona, { ...second, ...(session && { session }) })
      return { isReused: wire.channel.isSessionReused(), isOffered: isOffered(features), wire }
    }

    for (const maxVersion of VERSIONS) {
      it(`begin anew each time, and keep the certificate (${maxVersion})`, async () => {
        const verona = await city.starts()
        const options = { maxVersion, ...city.issues() }

        const { isReused, isOffered, wire } = await again(verona, options, options)

        assert.deepEqual([isReused, isOffered], [false, true])
        assert.equal(await answer(wire), 'success')
      })

      it(`begin anew without the certificate, or with another (${maxVersion})`, async () => {
        const verona = await city.starts()
        const stranger = issueForClient({ addresses: [JULIET] })
        for (const second of [{}, stranger]) {
          const result = await again(verona, { maxVersion, ...city.issues() }, { maxVersion, ...second })

          assert.deepEqual([result.isReused, result.isOffered], [false, false])
        }
        for (const first of [{}, stranger]) {
          const result = await again(verona, { maxVersion, ...first }, { maxVersion })

          assert.deepEqual([result.isReused, result.isOffered], [false, false])
        }
      })

      it(`are not taken from one domain to another (${maxVersion})`, async () => {
        const domains = [
          { 'mantua.example': city.friar.cert, 'verona.example': city.prince.cert },
          { 'mantua.example': undefined, 'verona.example': city.prince.cert },
        ]
        for (const each of domains) {
          const verona = await city.starts({ certificates: await city.opens(each) })
          const shown = city.issues({ by: city.friar })

          const { isReused, isOffered } = await again(
            verona,
            { maxVersion, servername: 'mantua.example', ...shown },
            { maxVersion, ...shown },
          )

          assert.deepEqual([isReused, isOffered], [false, false])
        }
      })

      it(`say nothing of a client when they go on all the same (${maxVersion})`, async () => {
        const real = await city.opens({ 'verona.example': city.prince.cert })
        const { cert, key } = await issue('verona.example')
        const context = tls.createSecureContext({ cert, key, ca: city.prince.cert, sessionIdContext: 'Verona' })
        const certificates = { find: () => context, authorities: () => real.authorities('verona.example') }
        const verona = await city.starts({ certificates })
        const options = { maxVersion, ...city.issues() }

        const { isReused, isOffered } = await again(verona, options, options)

        assert.deepEqual([isReused, isOffered], [true, false])
      })

      it(`go on as ever where nobody is asked (${maxVersion})`, async () => {
        const verona = await city.starts({ certificates: await city.opens({ 'verona.example': undefined }) })

        assert.equal((await again(verona, { maxVersion }, { maxVersion })).isReused, true)
      })

      it(`that were begun before anybody was asked do not stand in the way (${maxVersion})`, async () => {
        const certificates = await city.opens({ 'verona.example': undefined })
        const verona = await city.starts({ certificates })
        const session = await begins(verona, { maxVersion, ...city.issues() })
        const named = city.names('verona.example', city.prince.cert)
        const { apply } = await certificates.prepare(new Map([['verona.example', named]]))
        apply()

        const { wire: other, features } = await comes(verona, {
          ...city.issues(),
          maxVersion,
          ...(session && { session }),
        })

        assert.deepEqual([other.channel.isSessionReused(), isOffered(features)], [false, true])
      })
    }
  })

  describe('of other authorities', () => {
    it('count as soon as these are in force, and those of the old ones no more, even for who has shaken hands', async () => {
      const certificates = await city.opens({ 'verona.example': city.prince.cert })
      const verona = await city.starts({ certificates })
      const early = verona.connects({ isLocal: false })
      await early.opens()
      await early.secures({ servername: 'verona.example', ...city.issues() })

      const named = city.names('verona.example', city.friar.cert)
      const { changed, apply } = await certificates.prepare(new Map([['verona.example', named]]))
      assert.deepEqual(changed, ['verona.example'])
      apply()

      assert.ok(!isOffered(await early.opens()))
      assert.ok(!isOffered((await comes(verona, city.issues())).features))
      assert.ok(isOffered((await comes(verona, city.issues({ by: city.friar }))).features))
    })
  })
})

/** Whether a client that asks for this name is asked for a certificate: it sends one then, and only then. */
async function asked(certificates: Certificates, servername: string, maxVersion: tls.SecureVersion): Promise<boolean> {
  const { verona, port } = await listening('tls', { tlsRequired: true, certificates })
  const bytes = async (shown: object) => {
    const socket = net.connect(port, '127.0.0.1')
    const wire = new Wire(tls.connect({ socket, servername, maxVersion, rejectUnauthorized: false, ...shown }))
    await wire.opens()
    const { bytesWritten } = socket
    wire.leavesAtOnce()
    return bytesWritten
  }
  const [without, withOne] = [await bytes({}), await bytes(issueForClient({ addresses: [JULIET] }))]
  await verona.c2s.stop()
  return withOne - without > 250
}
