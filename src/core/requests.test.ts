import assert from 'node:assert/strict'
import { conditionOf, el, FakeClock, Kit, settled } from '../../test/kit.js'
import { StanzaError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import { asking, Requests } from './requests.js'

const request = (to: string, id = '1', from = 'verona.example'): Addressed =>
  makeStanza({
    ...{ type: 'get', from: parseJid(from), to: parseJid(to) },
    el: el`<iq id='${id}'><song xmlns='urn:example'/></iq>`,
  })

const answer = (from: string, { id = '1', type = 'result', to = 'verona.example' } = {}): Addressed =>
  makeStanza({ type, from: parseJid(from), to: parseJid(to), el: el`<iq id='${id}'/>` })

function requests() {
  const clock = new FakeClock()
  const sent: string[] = []
  const asker = new Requests({ clock, route: ({ to, id }) => void sent.push(`${id} ${to}`) })
  return { clock, sent, asker }
}

const conditionIn = async (asked: Promise<Addressed>): Promise<string> => {
  try {
    return `answered ${(await asked).type}`
  } catch (fault) {
    return fault instanceof StanzaError ? fault.condition : String(fault)
  }
}

describe('requests of the server', () => {
  it('are sent, and get what comes back', async () => {
    const { asker, sent } = requests()
    const asked = asker.ask(request('romeo@verona.example/orchard'), 1000)
    assert.deepEqual(sent, ['1 romeo@verona.example/orchard'])
    assert.equal(asker.isAsking(request('romeo@verona.example/orchard')), true)

    asker.settle(answer('romeo@verona.example/orchard', { type: 'error' }))

    assert.equal((await asked).type, 'error')
    assert.equal(asker.isAsking(request('romeo@verona.example/orchard')), false)
  })

  it('are not settled by what is no answer to them', async () => {
    const { asker, clock } = requests()
    const asked = conditionIn(asker.ask(request('romeo@verona.example/orchard'), 1000))

    asker.settle(answer('romeo@verona.example'))
    asker.settle(answer('juliet@verona.example/balcony'))
    asker.settle(answer('romeo@verona.example/orchard', { id: '2' }))
    asker.settle(answer('romeo@verona.example/orchard', { to: 'mantua.example' }))
    await clock.pass(1000)

    assert.equal(await asked, 'remote-server-timeout')
  })

  it('are given up in time, and an answer that comes later is for nobody', async () => {
    const { asker, clock } = requests()
    const asked = conditionIn(asker.ask(request('petrarch.example'), 1000))
    await clock.pass(999)
    assert.ok(asker.isAsking(request('petrarch.example')))
    await clock.pass(1)
    assert.equal(await asked, 'remote-server-timeout')
    asker.settle(answer('petrarch.example'))
  })

  it('are given up at once when somebody has gone, and others are not', async () => {
    const { asker } = requests()
    const asked = ['a.example', 'romeo@a.example/x', 'b.example'].map(to => conditionIn(asker.ask(request(to), 1000)))

    asker.giveUp('a.example')
    asker.settle(answer('b.example'))

    assert.deepEqual(await Promise.all(asked), ['remote-server-timeout', 'remote-server-timeout', 'answered result'])
  })
})

describe('a request of the server that goes through the router', () => {
  it('reaches a client, and its answer comes back to who has asked', async () => {
    const kit = await Kit.start({ modules: [] })
    const romeo = await kit.connects('romeo/orchard')
    for (const from of ['verona.example', 'juliet@verona.example']) {
      const asked = kit.host.use(asking).ask(request('romeo@verona.example/orchard', 'song', from), 1000)
      await settled()
      assert.equal(romeo.takes().attrs.id, 'song')
      await romeo.sends(el`<iq type='result' id='song' to='${from}'><la xmlns='urn:example'/></iq>`)
      assert.equal((await asked).from.toString(), 'romeo@verona.example/orchard')
    }
    assert.deepEqual(romeo.received, [])
  })

  for (const to of ['nurse@verona.example/home', 'rosaline@verona.example', 'mantua.example', 'petrarch.example'])
    it(`gets the error when nobody answers at ${to}`, async () => {
      const kit = await Kit.start({ modules: [] })
      const { el: error } = await kit.host.use(asking).ask(request(to), 1000)
      assert.match(conditionOf(error), /^(service-unavailable|remote-server-not-found)$/)
    })
})
