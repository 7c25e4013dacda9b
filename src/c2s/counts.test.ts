import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { readings } from '../../test/readings.js'
import { chat, plain } from '../../test/stream-client.js'
import { StreamKit, together } from '../../test/stream-kit.js'
import { parseJid } from '../xmpp/jid.js'

const watched = (verona: StreamKit) => readings(...verona.c2s.metrics, ...verona.kit.router.metrics)

describe('what operators watch of clients', () => {
  describe('tells logins', () => {
    it('by mechanism', async () => {
      const verona = await StreamKit.start()
      await verona.logsIn('romeo')
      await verona.logsIn('juliet')
      const tybalt = verona.connects()
      await tybalt.opens()
      tybalt.send(plain('romeo', 'thou art a villain'))
      await tybalt.anyOf('failure')

      const said = await watched(verona)

      assert.equal(said['parlance_logins_total{outcome="ok",mechanism="PLAIN"}'], 2)
      assert.equal(said['parlance_logins_total{outcome="failed",mechanism="PLAIN"}'], 1)
      assert.equal(said['parlance_logins_total{outcome="ok",mechanism="SCRAM-SHA-1"}'], 0)
    })

    it('and no mechanism that a client made up', async () => {
      const verona = await StreamKit.start()
      const tybalt = verona.connects()
      await tybalt.opens()
      tybalt.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='RAPIER'>=</auth>`)
      await tybalt.anyOf('failure')

      const said = await watched(verona)

      assert.equal(said['parlance_logins_total{outcome="failed",mechanism="unknown"}'], 1)
      assert.ok(!Object.keys(said).some(name => name.includes('RAPIER')))
    })
  })

  it('tells stanzas by kind and direction', async () => {
    const verona = await StreamKit.start()
    const romeo = await verona.comesOnline('romeo/street')
    const juliet = await verona.comesOnline('juliet/balcony')
    const before = await watched(verona)

    romeo.send(chat('juliet', 'one'), chat('juliet', 'two'), '<presence/>')
    await juliet.hearsSeveral(2)
    await romeo.pings()

    const after = await watched(verona)
    const grown = Object.entries(after).flatMap(([name, value]) => {
      const change = value - (before[name] ?? 0)
      return name.startsWith('parlance_stanza') && change > 0 ? [[name, change]] : []
    })
    assert.deepEqual(Object.fromEntries(grown), {
      'parlance_stanzas_total{direction="in",kind="message"}': 2,
      'parlance_stanzas_total{direction="in",kind="presence"}': 1,
      'parlance_stanzas_total{direction="in",kind="iq"}': 1,
      'parlance_stanzas_total{direction="out",kind="message"}': 2,
      'parlance_stanzas_total{direction="out",kind="iq"}': 1,
      'parlance_stanza_errors_total{condition="service-unavailable"}': 1,
    })
  })

  it('tells errors also of what could not be understood', async () => {
    const verona = await StreamKit.start()
    const romeo = await verona.binds('romeo/street')
    romeo.send(`<message to='a@b@c' id='1'><body>Tomorrow?</body></message>`)
    await romeo.takes('message')

    const said = await watched(verona)

    assert.equal(said['parlance_stanza_errors_total{condition="jid-malformed"}'], 1)
  })

  it('tells connections, open ones and all that there were', async () => {
    const verona = await StreamKit.start()
    verona.connects()
    const romeo = verona.connects()
    await romeo.cuts()

    const said = await watched(verona)

    assert.equal(said.parlance_client_connections, 1)
    assert.equal(said.parlance_client_connections_opened_total, 2)
  })

  it('tells sessions by domain, and which of them wait to be resumed', async () => {
    const { verona, romeo } = await together()
    await romeo.cuts()

    const said = await watched(verona)

    const sessions = (domain: string, state: string) => said[`parlance_sessions{domain="${domain}",state="${state}"}`]
    assert.deepEqual([sessions('verona.example', 'online'), sessions('verona.example', 'resumable')], [1, 1])
    assert.deepEqual([sessions('mantua.example', 'online'), sessions('mantua.example', 'resumable')], [0, 0])
  })

  describe('tells the largest backlog', () => {
    it('of what is not acknowledged', async () => {
      const { verona, romeo, juliet } = await together()
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'), chat('romeo', 'three'))
      await romeo.hearsSeveral(3)

      const waiting = await watched(verona)
      romeo.acknowledges(2)
      await romeo.pings()
      const left = await watched(verona)

      assert.equal(waiting.parlance_session_backlog_stanzas, 3)
      assert.ok(Number(waiting.parlance_session_backlog_bytes) > 3 * '<message><body></body></message>'.length)
      assert.equal(left.parlance_session_backlog_stanzas, 2, 'a message and the answer to the ping')
    })

    it('of what a client without stream management does not read', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.comesOnline('romeo/street')
      const juliet = await verona.comesOnline('juliet/balcony')
      romeo.stopsReading()
      for (let i = 0; i < 20; i++) juliet.send(chat('romeo', 'x'.repeat(10_000)))
      await juliet.pings()

      const said = await watched(verona)
      romeo.readsOn()
      await romeo.hearsSeveral(20)
      await settled()
      const read = await watched(verona)

      assert.ok(Number(said.parlance_session_backlog_bytes) > 10_000)
      assert.ok(Number(said.parlance_session_backlog_stanzas) > 0)
      assert.equal(read.parlance_session_backlog_stanzas, 0)
    })

    it('of what is kept back from a client for a while', async () => {
      const verona = await StreamKit.start()
      const romeo = await verona.comesOnline('romeo/street')
      const juliet = await verona.comesOnline('juliet/balcony')
      const gate = verona.kit.directory.get(parseJid('romeo@verona.example/street'))?.hold()
      juliet.send(chat('romeo', 'one'), chat('romeo', 'two'))
      await juliet.pings()

      const held = await watched(verona)
      gate?.open()
      await romeo.hearsSeveral(2)
      await settled()
      const open = await watched(verona)

      assert.equal(held.parlance_session_backlog_stanzas, 2)
      assert.equal(open.parlance_session_backlog_stanzas, 0)
      assert.equal(open['parlance_stanzas_total{direction="out",kind="message"}'], 2)
    })
  })
})
