import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { chat, conditionOf, isElement, type Wire } from '../../test/stream-client.js'
import { Lines, StreamKit } from '../../test/stream-kit.js'
import { BIND, CLIENT, SASL, SESSION, STREAM } from '../xmpp/ns.js'

const HEADER = `<stream:stream xmlns='${CLIENT}' xmlns:stream='${STREAM}' to='verona.example' version='1.0'>`

describe('connection', () => {
  describe('to what is no XML stream answers with an error in a stream of its own', () => {
    const wrong: readonly [what: string, bytes: string | Uint8Array, condition: string][] = [
      ['another protocol', 'GET / HTTP/1.1\r\nHost: verona.example\r\n\r\n', 'not-well-formed'],
      ['a TLS handshake', Buffer.from('16030100a5010000a10303', 'hex'), 'not-well-formed'],
      ['UTF-16', Buffer.from('\ufeff<?xml', 'utf16le'), 'unsupported-encoding'],
      ['another encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${HEADER}`, 'unsupported-encoding'],
      ['a document type', `<!DOCTYPE lolz [<!ENTITY lol 'lol'>]>${HEADER}`, 'restricted-xml'],
      ['a comment', `<!-- but soft -->${HEADER}`, 'restricted-xml'],
      ['a prefix from nowhere', '<stream:stream>', 'not-well-formed'],
      [
        'something of another namespace',
        `<stream xmlns='${CLIENT}' to='verona.example' version='1.0'>`,
        'invalid-namespace',
      ],
      ['a stranger', HEADER.replace('verona', 'padua'), 'host-unknown'],
    ]
    for (const [what, bytes, condition] of wrong) {
      it(`${what}: ${condition}`, async () => {
        const wire = (await StreamKit.start()).connects()

        wire.sendBytes(Buffer.from(bytes))

        const header = await wire.header()
        assert.deepEqual([header.attrs.version, header.attrs.from], ['1.0', 'verona.example'])
        assert.equal(await wire.fails(), condition)
      })
    }
  })

  describe('to what is wrong in a stream answers with an error', () => {
    const wrong: readonly [what: string, text: string | Uint8Array, condition: string][] = [
      ['tags that do not match', '<message><body></message>', 'not-well-formed'],
      ['text between stanzas', 'O Romeo', 'not-well-formed'],
      ['bytes that are no UTF-8', Buffer.from('<message><body>\xff</body></message>', 'latin1'), 'not-well-formed'],
      ['an attribute given twice', `<message to='a' to='b'/>`, 'not-well-formed'],
      ['an entity that nobody knows', '<message>&romeo;</message>', 'restricted-xml'],
      ['a control character', '<message>&#1;</message>', 'not-well-formed'],
      ['a prefix from nowhere', '<love:message/>', 'not-well-formed'],
      ['a comment', '<!-- ay me -->', 'restricted-xml'],
      ['a comment inside', '<message><!-- ay me --></message>', 'restricted-xml'],
      ['a processing instruction', '<?php evil() ?>', 'restricted-xml'],
      ['a document type', '<!DOCTYPE x>', 'restricted-xml'],
      ['a stanza of another kind', '<wherefore/>', 'unsupported-stanza-type'],
      ['a stanza of a server', `<message xmlns='jabber:server'/>`, 'unsupported-stanza-type'],
      ['a stream in the stream', `${HEADER}</stream:stream>`, 'unsupported-stanza-type'],
      ['a stanza too deep', '<a>'.repeat(80), 'policy-violation'],
      [
        'attributes too many',
        `<message ${Array.from({ length: 80 }, (_, i) => `a${i}=''`).join(' ')}/>`,
        'policy-violation',
      ],
      ['a stanza too long', `<message><body>${'o'.repeat(300_000)}`, 'policy-violation'],
    ]
    for (const [what, text, condition] of wrong) {
      it(`${what}: ${condition}`, async () => {
        const verona = await StreamKit.start()
        const romeo = await verona.binds('romeo/balcony')

        romeo.sendBytes(Buffer.from(text))

        const error = await romeo.finds(
          event => isElement(event) && event.name === 'error' && event.attrs.xmlns === STREAM,
        )
        assert.equal(isElement(error) && conditionOf(error), condition)
        await romeo.ends()
        assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
      })
    }

    it('also when it comes a byte at a time', async () => {
      const romeo = await (await StreamKit.start()).binds('romeo/balcony')

      for (const byte of Buffer.from('<message><body/></massage>')) romeo.sendBytes(Buffer.from([byte]))

      assert.equal(await romeo.fails(), 'not-well-formed')
    })

    it('and what came before it is not forgotten', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      romeo.send(chat('juliet', 'Thus with a kiss'), chat('juliet', 'I die'), '</body>')

      assert.deepEqual(await juliet.hearsSeveral(2), ['Thus with a kiss', 'I die'])
      assert.equal(await romeo.fails(), 'not-well-formed')
    })
  })

  describe('before login', () => {
    it('reads no more than 10 kB at a time', async () => {
      const wire = (await StreamKit.start()).connects()
      await wire.opens()

      wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${'A'.repeat(10 * 1024)}`)

      assert.equal(await wire.fails(), 'policy-violation')
    })

    it('reads a header of that size only', async () => {
      const wire = (await StreamKit.start()).connects()

      wire.send(HEADER.replace('>', ` id='${'x'.repeat(10 * 1024)}'>`))

      await wire.header()
      assert.equal(await wire.fails(), 'policy-violation')
    })

    for (const [what, text] of [
      ['elements inside of each other', `<auth xmlns='${SASL}'>${'<a>'.repeat(80)}`],
      ['attributes', `<auth xmlns='${SASL}' ${Array.from({ length: 80 }, (_, i) => `a${i}=''`).join(' ')}/>`],
    ] as const)
      it(`reads no more than 64 ${what}`, async () => {
        const wire = (await StreamKit.start()).connects()
        await wire.opens()

        wire.send(text)

        assert.equal(await wire.fails(), 'policy-violation')
      })

    it('and with a login the limits of stanzas begin', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')
      const speech = 'o'.repeat(200_000)

      romeo.send(chat('juliet', speech))

      assert.equal(await juliet.hears(), speech)
    })
  })

  describe('a sender', () => {
    for (const from of ['romeo@verona.example', 'romeo@verona.example/balcony', 'Romeo@VERONA.example/balcony'])
      it(`may say who it is: ${from}`, async () => {
        const verona = await StreamKit.start()
        const romeo = await verona.binds('romeo/balcony')
        const juliet = await verona.comesOnline('juliet/tomb')

        romeo.send(chat('juliet', 'It is I').replace('<message', `<message from='${from}'`))

        assert.equal((await juliet.takes('message')).attrs.from, 'romeo@verona.example/balcony')
      })

    for (const from of ['tybalt@verona.example', 'romeo@verona.example/street', 'verona.example', '', '@'])
      it(`may not say it is somebody else: ${from || 'nobody'}`, async () => {
        const romeo = await (await StreamKit.start()).binds('romeo/balcony')

        romeo.send(`<message to='juliet@verona.example' from='${from}'><body>I am not I</body></message>`)

        assert.equal(await romeo.fails(), 'invalid-from')
      })
  })

  describe('answers itself', () => {
    for (const to of ['', `to='verona.example'`, `to='romeo@verona.example'`])
      it(`the request for a session that older clients make (${to || 'to nobody'})`, async () => {
        const romeo = await (await StreamKit.start()).binds('romeo/balcony')

        romeo.send(`<iq type='set' id='s' ${to}><session xmlns='${SESSION}'/></iq>`)

        const { attrs, children } = await romeo.takes('iq')
        assert.deepEqual(
          [attrs.type, attrs.id, attrs.to, children],
          ['result', 's', 'romeo@verona.example/balcony', []],
        )
      })

    it('a second binding, which is not allowed', async () => {
      const romeo = await (await StreamKit.start()).binds('romeo/balcony')

      romeo.send(`<iq type='set' id='b'><bind xmlns='${BIND}'/></iq>`)

      const answer = await romeo.takes('iq')
      assert.equal(conditionOf(answer.getChild('error') ?? answer), 'not-allowed')
      await romeo.pings() // the stream goes on
    })

    for (const [what, to, payload] of [
      ['these of others', 'juliet@verona.example', `<session xmlns='${SESSION}'/>`],
      ['other requests', 'verona.example', `<wherefore xmlns='urn:example'/>`],
    ] as const)
      it(`not ${what}`, async () => {
        const romeo = await (await StreamKit.start()).binds('romeo/balcony')

        romeo.send(`<iq type='set' id='s' to='${to}'>${payload}</iq>`)

        const answer = await romeo.takes('iq')
        assert.equal(conditionOf(answer.getChild('error') ?? answer), 'service-unavailable')
      })

    it('a stanza that is none', async () => {
      const romeo = await (await StreamKit.start()).binds('romeo/balcony')

      romeo.send(`<message to='@' id='m'><body/></message>`, `<iq type='get'><ping/></iq>`)

      const [message, iq] = [await romeo.takes('message'), await romeo.takes('iq')]
      assert.equal(conditionOf(message.getChild('error') ?? message), 'jid-malformed')
      assert.equal(conditionOf(iq.getChild('error') ?? iq), 'bad-request')
    })
  })

  describe('many stanzas at once', () => {
    it('come through in order, all of them', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')
      const all = Array.from({ length: 1000 }, (_, i) => `${i}`)

      romeo.send(...all.map(words => chat('juliet', words)))

      assert.deepEqual(await juliet.hearsSeveral(1000), all)
    })

    it('do not keep others waiting', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const nurse = await verona.binds('nurse/house')
      const juliet = await verona.comesOnline('juliet/tomb')

      romeo.send(...Array.from({ length: 1000 }, () => chat('juliet', 'love')))
      nurse.send(chat('juliet', 'Madam!'))

      const heard = await juliet.hearsSeveral(1001)
      assert.ok(heard.indexOf('Madam!') <= 600, `${heard.indexOf('Madam!')}`)
    })

    it('are all read when the end of the stream and of the connection follow at once', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      romeo.send(...Array.from({ length: 500 }, (_, i) => chat('juliet', i)))
      romeo.leavesAtOnce()

      assert.equal((await juliet.hearsSeveral(500)).at(-1), '499')
    })
  })

  describe('the end', () => {
    it('is answered', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')

      romeo.send('</stream:stream>')

      await romeo.ends()
      assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
    })

    for (const how of ['in the clear', 'under TLS'])
      it(`is answered to one who closes the connection behind it, and after all that was asked (${how})`, async () => {
        const romeo = await boundTo(await StreamKit.start(), how)

        romeo.send(`<iq type='set' id='s'><session xmlns='${SESSION}'/></iq>`)
        romeo.leavesAtOnce()

        await romeo.takes('iq')
        await romeo.ends()
      })

    it('is answered before anything was opened for good', async () => {
      const wire = (await StreamKit.start()).connects()
      await wire.opens()

      wire.send('</stream:stream>')

      await wire.ends()
    })

    it('may be missing: the session is over nevertheless', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')

      await romeo.hangsUp()

      await romeo.isGone()
      assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
    })

    it('does not wait for a client that does not close its side', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      romeo.send('</stream:stream>')
      await romeo.next()

      await verona.clock.pass(3000)

      await romeo.isGone()
    })

    it('leaves no timer behind', async () => {
      const verona = await StreamKit.start()
      const before = verona.timers
      const romeo = await verona.binds('romeo/balcony')

      romeo.send('</stream:stream>')
      await romeo.ends()
      await settled()

      assert.equal(verona.timers, before)
    })

    it('is the last that is heard', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.binds('romeo/balcony')
      const juliet = await verona.comesOnline('juliet/tomb')

      romeo.send('</stream:stream>', chat('juliet', 'One more'))
      romeo.send(chat('juliet', 'And another'))
      await romeo.ends()

      await juliet.pings()
      assert.deepEqual(juliet.unread, [])
    })
  })

  describe('a fault of ours', () => {
    it('ends the stream that met it, and no other; its cause is for the log only', async () => {
      const log = new Lines()
      const verona = await StreamKit.start({ log })
      const [romeo, juliet] = [await verona.binds('romeo/balcony'), await verona.binds('juliet/tomb')]
      const { router } = verona.kit
      const route = router.fromClient.bind(router)
      router.fromClient = (session, stanza) => {
        if (stanza.el.getChild('poison')) throw new Error('a drop of poison')
        return route(session, stanza)
      }

      romeo.send(`<message><poison/></message>`, chat('juliet', 'too late'))

      const failure = await romeo.failure()
      assert.equal(conditionOf(failure), 'internal-server-error')
      assert.doesNotMatch(`${failure}`, /poison/)
      await juliet.pings()
      assert.ok(log.lines.some(({ level, facts }) => level === 'error' && `${facts.err}`.includes('a drop of poison')))
    })

    it('while binding does the same', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.logsIn('romeo')
      verona.kit.directory.add = () => {
        throw new Error('no room')
      }

      romeo.send(`<iq type='set' id='b'><bind xmlns='${BIND}'/></iq>`)

      assert.equal(await romeo.fails(), 'internal-server-error')
    })
  })
})

async function boundTo(verona: StreamKit, how: string): Promise<Wire> {
  if (how !== 'under TLS') return verona.binds('romeo/balcony')
  const wire = verona.connects()
  await wire.opens()
  await wire.secures()
  await wire.opens()
  await wire.logsIn('romeo')
  await wire.binds('balcony')
  return wire
}
