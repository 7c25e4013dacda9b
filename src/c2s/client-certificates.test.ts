import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import { type Issued, issue, issueForClient, revocationList } from '../../test/authority.js'
import { mechanismsOf, scram } from '../../test/scram-client.js'
import { base64, conditionOf, Wire } from '../../test/stream-client.js'
import { listening } from '../../test/stream-kit.js'
import { disabledAccounts } from '../core/accounts.js'
import { defineModule, offer } from '../core/module.js'
import { SASL } from '../xmpp/ns.js'
import { answer, City, comes, isOffered, JULIET, VERSIONS } from './client-certificates-fixture.test.js'

const DAY = 24 * 3600 * 1000
const HOUR = 3600 * 1000

describe('client certificates', () => {
  let city: City

  beforeEach(async () => {
    city = await City.found()
  })

  afterEach(() => city.falls())

  describe('that the Prince vouches for', () => {
    for (const maxVersion of VERSIONS)
      it(`let Juliet in without a password under ${maxVersion}`, async () => {
        const { wire, features } = await comes(await city.starts(), { ...city.issues(), maxVersion })
        assert.equal(mechanismsOf(features)[0], 'EXTERNAL')

        assert.equal(await answer(wire), 'success')
        await wire.opens()
        await wire.binds('tomb')

        assert.equal(wire.jid, `${JULIET}/tomb`)
      })

    for (const [how, words] of [
      ['says so', base64(JULIET)],
      ['says nothing', '='],
    ] as const)
      it(`let her in over TCP, by STARTTLS and direct TLS, when she ${how}`, async () => {
        const certificates = await city.opens({ 'verona.example': city.prince.cert })
        const options = { servername: 'verona.example', rejectUnauthorized: false, ...city.issues() }
        for (const security of ['starttls', 'tls'] as const) {
          const { verona, port } = await listening(security, { tlsRequired: true, certificates })
          const socket = security === 'tls' ? tls.connect({ port, ...options }) : net.connect(port, '127.0.0.1')
          const wire = new Wire(socket)
          if (security === 'starttls') {
            await wire.opens()
            await wire.secures(options)
          }
          assert.equal(mechanismsOf(await wire.opens())[0], 'EXTERNAL')

          assert.equal(await answer(wire, words), 'success')
          await wire.opens()
          await wire.binds('tomb')
          assert.equal(wire.jid, `${JULIET}/tomb`)

          wire.leavesAtOnce()
          await verona.c2s.stop()
        }
      })

    it('let her in when she is asked who she is', async () => {
      const { wire } = await comes(await city.starts(), city.issues())

      wire.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'/>`)
      assert.equal((await wire.anyOf('challenge')).getText(), '')
      wire.send(`<response xmlns='${SASL}'/>`)

      await wire.anyOf('success')
    })

    it('may say nothing of what they are for, and be signed by somebody in between', async () => {
      const verona = await city.starts()
      const between = await issue('The watch', { isAuthority: true, by: city.prince })
      const { cert, key } = city.issues({ by: between })
      for (const shown of [
        issueForClient({ by: city.prince, addresses: [JULIET] }),
        { cert: `${cert}${between.cert}`, key },
      ])
        assert.ok(isOffered((await comes(verona, shown)).features))
    })

    it('may be signed by somebody in between who is trusted alone', async () => {
      const between = await issue('The watch', { isAuthority: true, by: city.prince })
      const verona = await city.starts({ certificates: await city.opens({ 'verona.example': between.cert }) })

      assert.ok(isOffered((await comes(verona, city.issues({ by: between }))).features))
      assert.ok(!isOffered((await comes(verona, city.issues())).features))
    })

    it('leave her the choice to log in with a password, and nobody can hide from her that she had one (XEP-0474)', async () => {
      const { wire, features } = await comes(await city.starts(), city.issues())

      const last = await scram(wire, 'juliet', 'SCRAM-SHA-256', { features })

      assert.equal(last.name, 'success')
    })

    it('are refused for somebody else, and for nobody', async () => {
      const { wire } = await comes(await city.starts(), city.issues())

      assert.equal(await answer(wire, base64('romeo@verona.example')), 'invalid-authzid')
      assert.equal(await answer(wire, 'no base64'), 'incorrect-encoding')
      assert.equal(await answer(wire, base64('\0')), 'malformed-request')
      wire.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'/>`)
      await wire.anyOf('challenge')
      wire.send(`<abort xmlns='${SASL}'/>`)
      assert.equal(conditionOf(await wire.anyOf('failure')), 'aborted')
      assert.equal(await answer(wire), 'success')
    })

    it('name several users: one has to be chosen', async () => {
      const verona = await city.starts()
      const { wire } = await comes(verona, city.issues({ addresses: [JULIET, 'nurse@verona.example'] }))

      assert.equal(await answer(wire), 'invalid-authzid')
      assert.equal(await answer(wire, base64('nurse@verona.example')), 'success')
    })

    it('name users of several domains: the domain of the stream chooses', async () => {
      const verona = await city.starts()
      const { wire } = await comes(
        verona,
        city.issues({ addresses: ['romeo@mantua.example', 'JULIET@Verona.Example'] }),
      )

      assert.equal(await answer(wire), 'success')
      await wire.opens()
      await wire.binds('tomb')
      assert.equal(wire.jid, `${JULIET}/tomb`)
    })

    it('are of no use without an account', async () => {
      const { wire, features } = await comes(await city.starts(), city.issues({ addresses: ['tybalt@verona.example'] }))

      assert.ok(isOffered(features))
      assert.equal(await answer(wire), 'not-authorized')
    })

    it('are of no use while the account is disabled', async () => {
      const isDisabled = () => true
      const gaol = defineModule({
        name: 'gaol',
        doc: '',
        implements: [],
        setup: () => ({ offers: [offer(disabledAccounts, { isDisabled, list: async () => [] })] }),
      })
      const { wire } = await comes(await city.starts({ modules: [gaol] }), city.issues())

      assert.equal(await answer(wire), 'account-disabled')
    })

    it('are of no use without TLS', async () => {
      for (const [tlsRequired, condition] of [
        [true, 'encryption-required'],
        [false, 'invalid-mechanism'],
      ] as const) {
        const wire = (await city.starts({ tlsRequired })).connects({ isLocal: true })
        await wire.opens()

        assert.equal(await answer(wire), condition)
      }
    })

    it('count as failed logins on a connection, and do not slow down who has a password', async () => {
      const verona = await city.starts({ limits: { loginAttempts: 3, failedLogins: 1 } })
      const { wire } = await comes(verona, city.issues({ addresses: ['tybalt@verona.example'] }))
      for (let i = 0; i < 3; i++) assert.equal(await answer(wire), 'not-authorized')
      assert.equal(await wire.fails(), 'policy-violation')

      const { wire: other } = await comes(verona)
      assert.equal((await scram(other, 'juliet', 'SCRAM-SHA-256')).name, 'success')
    })

    it('end the stream when one of those that they are signed with expires, and not one with a password', async () => {
      const verona = await city.startsEnding(HOUR)
      const { wire } = await comes(verona, city.issues())
      assert.equal(await answer(wire), 'success')
      await wire.opens()
      await wire.binds('tomb')
      const { wire: other } = await comes(verona, city.issues())
      assert.equal((await scram(other, 'juliet', 'SCRAM-SHA-256')).name, 'success')
      await other.opens()
      await other.binds('balcony')
      await verona.clock.pass(HOUR - 60_000)
      await other.pings()
      assert.deepEqual(verona.closed, [])

      await verona.clock.pass(70_000)

      assert.equal(await wire.fails(), 'reset')
      await other.pings()
      assert.deepEqual(verona.closed, [`${JULIET}/tomb`])
    })

    it('are of no use when that expires between the handshake and the login', async () => {
      const verona = await city.startsEnding(10_000)
      const wire = verona.connects({ isLocal: false })
      await wire.opens()
      await wire.secures({ servername: 'verona.example', ...city.issues() })

      await verona.clock.pass(10_000)

      assert.ok(!isOffered(await wire.opens()))
    })
  })

  describe('that are not offered a login', () => {
    const strangers: readonly (readonly [what: string, shown: () => Issued | undefined])[] = [
      ['none', () => undefined],
      ['one that is signed by itself', () => issueForClient({ addresses: [JULIET], use: 'clientAuth' })],
      ['one of a foreign authority', () => city.issues({ by: city.friar })],
      ['one that has expired', () => city.issues({ from: Date.now() - 20 * DAY, until: Date.now() - DAY })],
      ['one that is not good yet', () => city.issues({ from: Date.now() + DAY })],
      ['one for servers', () => city.issues({ use: 'serverAuth' })],
      ['one that names nobody', () => city.issues({ addresses: [] })],
      ['one with an email address only', () => city.issues({ addresses: [], emails: [JULIET] })],
      [
        'one of another domain',
        () => city.issues({ addresses: ['juliet@mantua.example', 'juliet@sub.verona.example'] }),
      ],
      ['one of the domain itself', () => city.issues({ addresses: ['verona.example', '@verona.example', ''] })],
      ['one of a single client of hers', () => city.issues({ addresses: [`${JULIET}/tomb`] })],
    ]
    for (const [what, shown] of strangers)
      it(`are ${what}; a password will do`, async () => {
        const verona = await city.starts()
        for (const maxVersion of VERSIONS) {
          const { wire, features } = await comes(verona, { ...shown(), maxVersion })

          assert.ok(!isOffered(features))
          assert.equal(await answer(wire), 'invalid-mechanism')
          assert.equal(await answer(wire, base64(JULIET)), 'invalid-mechanism')
          assert.equal((await scram(wire, 'juliet', 'SCRAM-SHA-256-PLUS', plusOn(wire))).name, 'success')
        }
      })

    it('are those of somebody who was no authority', async () => {
      const verona = await city.starts()
      const { cert, key } = city.issues({ addresses: ['tybalt@verona.example'] })
      const forged = issueForClient({ by: { cert, key }, addresses: [JULIET], use: 'clientAuth' })

      const { features } = await comes(verona, { cert: `${forged.cert}${cert}`, key: forged.key })

      assert.ok(!isOffered(features))
    })

    it('are those that were revoked', async () => {
      const [good, bad] = [city.issues(), city.issues()]
      const clients = `${city.prince.cert}${revocationList(city.prince, [bad])}`
      const verona = await city.starts({ certificates: await city.opens({ 'verona.example': clients }) })

      assert.ok(isOffered((await comes(verona, good)).features))
      assert.ok(!isOffered((await comes(verona, bad)).features))
    })

    it('are all when it is not known what was revoked of late', async () => {
      const clients = `${city.prince.cert}${revocationList(city.prince, [], Date.now() - DAY / 2)}`
      const verona = await city.starts({ certificates: await city.opens({ 'verona.example': clients }) })

      assert.ok(!isOffered((await comes(verona, city.issues())).features))
    })
  })
})

/** The client's part of SCRAM with channel binding. */
const plusOn = ({ channel }: Wire) =>
  channel.getProtocol() === 'TLSv1.3'
    ? { flag: 'p=tls-exporter', data: channel.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) }
    : { flag: 'p=tls-unique', data: channel.getFinished() ?? assert.fail() }
