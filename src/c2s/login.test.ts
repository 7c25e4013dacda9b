import assert from 'node:assert/strict'
import { mechanismsOf, scram } from '../../test/scram-client.js'
import { base64, conditionOf, PASSWORD, plain } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import type { Element } from '../xml/index.js'
import { BIND, CLIENT_STATE, SASL, SESSION, STREAM_LIMITS, STREAM_MANAGEMENT, TLS } from '../xmpp/ns.js'

const scrams = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1']

describe('login', () => {
  describe('with TLS required', () => {
    it('offers nothing but TLS to begin with', async () => {
      const wire = (await StreamKit.start({ tlsRequired: true })).connects({ isLocal: false })

      const features = await wire.opens()

      assert.equal(`${features.children.join('')}`, `<starttls xmlns="${TLS}"><required/></starttls>`)
    })

    it('offers everything under TLS, strongest first', async () => {
      const wire = (await StreamKit.start({ tlsRequired: true })).connects({ isLocal: false })
      await wire.opens()

      await wire.secures()

      const features = await wire.opens()
      assert.deepEqual(mechanismsOf(features), [...scrams.map(name => `${name}-PLUS`), ...scrams, 'PLAIN'])
      assert.equal(features.getChild('starttls', TLS), undefined)
    })

    it('takes no password before TLS', async () => {
      const wire = (await StreamKit.start({ tlsRequired: true })).connects({ isLocal: false })
      await wire.opens()

      wire.send(plain('romeo', PASSWORD))

      assert.equal(conditionOf(await wire.takes('failure', SASL)), 'encryption-required')
    })

    it('drops what somebody put behind the request for TLS', async () => {
      const wire = (await StreamKit.start({ tlsRequired: true })).connects({ isLocal: false })
      await wire.opens()

      wire.send(`<starttls xmlns='${TLS}'/>`, plain('tybalt', 'mine'), '<presence/>', 'no XML<')
      await wire.takes('proceed', TLS)
      await wire.shakesHands()
      await wire.opens()
      await wire.logsIn('romeo')
      await wire.binds('balcony')

      assert.equal(wire.jid, 'romeo@verona.example/balcony')
    })

    it('ends the connection when the handshake fails', async () => {
      const wire = (await StreamKit.start({ tlsRequired: true })).connects({ isLocal: false })
      await wire.opens()
      wire.send(`<starttls xmlns='${TLS}'/>`)
      await wire.takes('proceed', TLS)

      wire.send('<auth/> this is no handshake at all')

      await wire.isGone()
    })

    it('ends it when the client goes in the middle of the handshake', async () => {
      const verona = await StreamKit.start({ tlsRequired: true })
      const wire = verona.connects({ isLocal: false })
      await wire.opens()
      wire.send(`<starttls xmlns='${TLS}'/>`)
      await wire.takes('proceed', TLS)

      await wire.cuts()

      await verona.c2s.stop() // which would wait for it
    })

    it('does not wait for a handshake for ever, and says nothing into it', async () => {
      const verona = await StreamKit.start({ tlsRequired: true })
      const wire = verona.connects({ isLocal: false })
      await wire.opens()
      wire.send(`<starttls xmlns='${TLS}'/>`)
      await wire.takes('proceed', TLS)

      await verona.clock.pass(30_000)

      await wire.isGone()
    })
  })

  describe('without TLS required', () => {
    it('offers the password itself to nobody from afar', async () => {
      const wire = (await StreamKit.start()).connects({ isLocal: false })

      const features = await wire.opens()

      assert.deepEqual(mechanismsOf(features), scrams)
      assert.ok(features.getChild('starttls', TLS))
    })

    it('does not take it either', async () => {
      const wire = (await StreamKit.start()).connects({ isLocal: false })
      await wire.opens()

      wire.send(plain('romeo', PASSWORD))

      assert.equal(conditionOf(await wire.takes('failure', SASL)), 'invalid-mechanism')
    })

    it('offers and takes it on this very machine', async () => {
      const wire = (await StreamKit.start()).connects({ isLocal: true })

      assert.deepEqual(mechanismsOf(await wire.opens()), [...scrams, 'PLAIN'])
      await wire.logsIn('romeo')
    })
  })

  for (const mechanism of scrams)
    it(`lets Juliet in by ${mechanism}, and shows her that it knows her`, async () => {
      const wire = (await StreamKit.start()).connects({ isLocal: false })
      await wire.opens()

      assert.equal((await scram(wire, 'juliet', mechanism)).name, 'success')
      const features = await wire.opens()

      assert.deepEqual(
        features.getChildElements().map(({ name, attrs }) => [name, attrs.xmlns]),
        [
          ['bind', BIND],
          ['session', SESSION],
          ['sm', STREAM_MANAGEMENT],
          ['csi', CLIENT_STATE],
          ['limits', STREAM_LIMITS],
        ],
      )
      await wire.binds()
    })

  it('says how large stanzas may be and how long silence may last, before login and after it', async () => {
    const verona = await StreamKit.start({
      limits: { stanzaBeforeLogin: 5000, loginTime: 20_500, stanza: 70_000, idle: 10 ** 15 },
    })
    const wire = verona.connects()

    const limitsIn = (features: Element) =>
      features
        .getChild('limits', STREAM_LIMITS)
        ?.getChildElements()
        .map(limit => [limit.name, limit.getText()])
    const before = [
      ['max-bytes', '5000'],
      ['idle-seconds', '20'],
    ]
    assert.deepEqual(limitsIn(await wire.opens()), before)
    const after = [
      ['max-bytes', '70000'],
      ['idle-seconds', '4294967295'],
    ]
    assert.deepEqual(limitsIn(await wire.logsIn('romeo')), after)
  })

  it('tells who is there as the client wrote its name, but prepared', async () => {
    const wire = (await StreamKit.start()).connects()
    await wire.opens()

    await wire.logsIn('Romeo')
    await wire.binds('balcony')

    assert.equal(wire.jid, 'romeo@verona.example/balcony')
  })

  it('refuses a wrong password, and a right one later', async () => {
    const wire = (await StreamKit.start()).connects()
    await wire.opens()

    wire.send(plain('romeo', 'rosaline'))
    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'not-authorized')

    await wire.logsIn('romeo')
  })

  it('refuses mechanisms that it did not offer', async () => {
    const verona = await StreamKit.start({ limits: { loginAttempts: 100 } })
    const wire = verona.connects()
    await wire.opens()

    for (const mechanism of ['ANONYMOUS', 'EXTERNAL', 'plain', '', '__proto__', 'SCRAM-SHA-1-PLUS']) {
      wire.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>AA==</auth>`)
      assert.equal(conditionOf(await wire.takes('failure', SASL)), 'invalid-mechanism')
    }
  })

  it('refuses what is no base64', async () => {
    const wire = (await StreamKit.start()).connects()
    await wire.opens()

    wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>no base64</auth>`)
    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'incorrect-encoding')

    wire.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${base64('n,,n=romeo,r=x')}</auth>`)
    await wire.takes('challenge', SASL)
    wire.send(`<response xmlns='${SASL}'>*</response>`)
    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'incorrect-encoding')
  })

  it('can be given up in the middle and begun again', async () => {
    const wire = (await StreamKit.start()).connects()
    await wire.opens()
    wire.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${base64('n,,n=romeo,r=x')}</auth>`)
    await wire.takes('challenge', SASL)

    wire.send(`<abort xmlns='${SASL}'/>`)
    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'aborted')
    wire.send(`<response xmlns='${SASL}'>AA==</response>`)
    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'malformed-request')

    await wire.logsIn('romeo')
  })

  it('is not to be guessed: after five failures the stream ends', async () => {
    const wire = (await StreamKit.start()).connects()
    await wire.opens()

    for (let i = 0; i < 5; i++) {
      wire.send(plain('romeo', `guess ${i}`))
      assert.equal(conditionOf(await wire.takes('failure', SASL)), 'not-authorized')
    }

    assert.equal(await wire.fails(), 'policy-violation')
  })

  it('fails for a while when the accounts cannot be had', async () => {
    const verona = await StreamKit.start()
    verona.kit.accounts.keys = async () => {
      throw new Error('the disk is on fire')
    }
    const wire = verona.connects()
    await wire.opens()

    wire.send(plain('romeo', PASSWORD))

    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'temporary-auth-failure')
  })

  it('does not go on with a client that has gone meanwhile', async () => {
    const verona = await StreamKit.start()
    const wire = verona.connects()
    await wire.opens()

    wire.send(plain('romeo', PASSWORD))
    await wire.cuts()

    assert.deepEqual([...verona.kit.directory.all()], [])
    await verona.c2s.stop()
  })

  describe('takes no longer than 30 seconds', () => {
    it('for a client that says nothing', async () => {
      const verona = await StreamKit.start()
      const wire = verona.connects()

      await verona.clock.pass(30_000)

      await wire.header()
      assert.equal(await wire.fails(), 'connection-timeout')
    })

    it('for a client that says a little now and then', async () => {
      const verona = await StreamKit.start()
      const wire = verona.connects()
      await wire.opens()

      for (let i = 0; i < 29; i++) {
        wire.send(i % 2 === 0 ? ' ' : '<')
        if (i % 2 === 1) wire.send(`r xmlns='${STREAM_MANAGEMENT}'/>`)
        await verona.clock.pass(1000)
      }
      await verona.clock.pass(1000)

      await wire.finds(event => `${event}`.includes('connection-timeout'))
    })

    it('until there is a resource', async () => {
      const verona = await StreamKit.start()
      const wire = await verona.logsIn('romeo')

      await verona.clock.pass(30_000)

      assert.equal(await wire.fails(), 'connection-timeout')
    })

    it('and ever after there is no hurry', async () => {
      const verona = await StreamKit.start({ limits: { idle: 10 ** 9 } })
      const wire = await verona.binds('romeo/balcony')

      await verona.clock.pass(3_600_000)

      await wire.pings()
    })
  })
})
