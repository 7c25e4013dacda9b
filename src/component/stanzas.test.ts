import assert from 'node:assert/strict'
import { type Gateway, Verona, type VeronaOptions } from '../../test/gateway.js'
import { type Client, conditionOf, el, settled } from '../../test/kit.js'
import { bodyOf } from '../../test/stream-client.js'
import { defineModule } from '../core/module.js'
import { disco } from '../modules/disco.js'
import { ping } from '../modules/ping.js'
import { child, elements } from '../xml/index.js'
import { policyViolation } from '../xmpp/errors.js'
import { availability, GATEWAY } from './fixture.test.js'

const verona = (options: Partial<VeronaOptions> = {}) =>
  Verona.start({ modules: [disco, ping, availability], ...options })

/** What Romeo gets for a stanza that cannot be delivered: `remote-server-timeout wait`. */
async function fails(romeo: Client, stanza: ReturnType<typeof el>): Promise<string> {
  await romeo.sends(stanza)
  await settled()
  const error = romeo.takes(({ attrs }) => attrs.type === 'error')
  return `${conditionOf(error)} ${child(error, 'error')?.attrs.type}`
}

describe('stanzas for a component', () => {
  it('reach it, as they came and in its own namespace', async () => {
    const server = await verona()
    const gateway = await server.connects()
    const romeo = await server.kit.connects('romeo/orchard')

    await romeo.sends(
      el`<message to='mercutio@${GATEWAY}/pigeon' type='chat' id='1'><body>Hark</body><x xmlns='urn:x'/></message>`,
    )

    const received = await gateway.takes('message')
    const { from, to, type, id } = received.attrs
    assert.deepEqual([from, to, type, id], ['romeo@verona.example/orchard', `mercutio@${GATEWAY}/pigeon`, 'chat', '1'])
    assert.equal(bodyOf(received), 'Hark')
    assert.ok(child(received, 'x', 'urn:x'))
  })

  it('reach it whatever they are: its server is no gate', async () => {
    const server = await verona()
    const gateway = await server.connects()
    const romeo = await server.kit.connects('romeo/orchard')

    for (const stanza of [
      el`<presence to='${GATEWAY}' type='probe'/>`,
      el`<presence to='mercutio@${GATEWAY}' type='subscribe'/>`,
      el`<iq to='${GATEWAY}' type='set' id='1'><query xmlns='jabber:iq:register'/></iq>`,
      el`<iq to='${GATEWAY}' type='result' id='2'/>`,
      el`<message to='${GATEWAY}' type='error'/>`,
    ])
      await romeo.sends(stanza)

    for (const type of ['probe', 'subscribe', 'set', 'result', 'error'])
      await gateway.finds(({ attrs }) => attrs.type === type)
  })

  it('reach it in the order in which each sender has sent them', async () => {
    const server = await verona()
    const gateway = await server.connects()
    const senders = await Promise.all(['romeo/a', 'juliet/b', 'nurse/c'].map(name => server.kit.connects(name)))

    for (let n = 0; n < 300; n++)
      for (const sender of senders) sender.sends(el`<message to='${GATEWAY}' type='chat'><body>${n}</body></message>`)

    const heard = new Map<string, number[]>()
    for (let n = 0; n < 900; n++) {
      const { attrs, ...received } = await gateway.takes('message')
      const from = attrs.from ?? ''
      heard.set(from, [...(heard.get(from) ?? []), Number(`${received.children}`.replace(/\D/g, ''))])
    }
    assert.equal(heard.size, 3)
    for (const numbers of heard.values()) assert.deepEqual(numbers, [...Array(300).keys()])
  })

  it('do not reach it when a hook of the sender refuses them', async () => {
    const guard = defineModule({
      ...{ name: 'guard', doc: '', implements: [] },
      setup: () => ({
        hooks: {
          fromClient: {
            check({ stanza }) {
              if (stanza.to?.domain === GATEWAY) throw policyViolation()
            },
          },
        },
      }),
    })
    const server = await verona({ modules: [disco, guard] })
    const gateway = await server.connects()
    const romeo = await server.kit.connects('romeo/orchard')

    assert.equal(await fails(romeo, el`<message to='${GATEWAY}'/>`), 'policy-violation modify')
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })

  it('for a domain below its own are its only if it is configured so', async () => {
    const server = await verona({ components: { [GATEWAY]: {}, 'wide.verona.example': { subdomains: true } } })
    const [narrow, wide] = [await server.connects(), await server.connects('wide.verona.example')]
    const romeo = await server.kit.connects('romeo/orchard')

    await romeo.sends(el`<message to='mercutio@a.b.wide.verona.example'/>`)
    assert.equal((await wide.takes('message')).attrs.to, 'mercutio@a.b.wide.verona.example')
    assert.equal(await fails(romeo, el`<message to='mercutio@a.${GATEWAY}'/>`), 'remote-server-not-found cancel')
    assert.deepEqual(narrow.unread(), [])
  })
})

describe('a component that is away', () => {
  const stanzas: Readonly<Record<string, ReturnType<typeof el>>> = {
    message: el`<message to='mercutio@${GATEWAY}' type='chat'><body>Hark</body></message>`,
    headline: el`<message to='mercutio@${GATEWAY}' type='headline'/>`,
    request: el`<iq to='${GATEWAY}' type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`,
    subscription: el`<presence to='mercutio@${GATEWAY}' type='subscribe'/>`,
  }
  for (const [what, stanza] of Object.entries(stanzas))
    it(`cannot get a ${what}: the sender learns that it may try again`, async () => {
      const server = await verona()
      const romeo = await server.kit.comesOnline('romeo/orchard')
      assert.equal(await fails(romeo, stanza), 'remote-server-timeout wait')
    })

  it('misses presence, and answers, and nobody hears of that', async () => {
    const server = await verona()
    const romeo = await server.kit.comesOnline('romeo/orchard')
    romeo.received.length = 0

    for (const stanza of [
      el`<presence to='${GATEWAY}'/>`,
      el`<presence to='${GATEWAY}' type='unavailable'/>`,
      el`<presence to='${GATEWAY}' type='probe'/>`,
      el`<iq to='${GATEWAY}' type='result' id='1'/>`,
      el`<message to='${GATEWAY}' type='error'/>`,
    ])
      await romeo.sends(stanza)
    await romeo.asks('get', el`<ping xmlns='urn:xmpp:ping'/>`, 'verona.example')

    assert.deepEqual(romeo.received, [])
  })

  it('loses nothing silently when its connection breaks: what it was not given comes back', async () => {
    const server = await verona()
    const gateway = await server.connects()
    const romeo = await server.kit.comesOnline('romeo/orchard')
    gateway.wire.stopsReading()
    for (let n = 0; n < 20; n++)
      await romeo.sends(el`<message to='${GATEWAY}' type='chat' id='${n}'><body>${'o'.repeat(10_000)}</body></message>`)
    romeo.received.length = 0

    await gateway.wire.cuts()
    await settled()

    // a pair of streams holds some 16 to 64 kB, which count as delivered: there are no acknowledgements
    const back = romeo.takesAll('message')
    assert.ok(back.length >= 10, `${back.length}`)
    for (const error of back) assert.equal(conditionOf(error), 'remote-server-timeout')
    assert.deepEqual(
      back.map(({ attrs }) => Number(attrs.id)),
      [...Array(20).keys()].slice(20 - back.length),
    )
  })

  it('is reached again when it has come back', async () => {
    const server = await verona()
    const romeo = await server.kit.connects('romeo/orchard')
    await (await server.connects()).wire.cuts()
    assert.equal(await fails(romeo, el`<message to='${GATEWAY}'/>`), 'remote-server-timeout wait')

    const again = await server.connects()
    await romeo.sends(el`<message to='${GATEWAY}'><body>Hark</body></message>`)

    assert.equal(bodyOf(await again.takes('message')), 'Hark')
  })
})

describe('a component that does not read', () => {
  it('is cut off when too much waits for it, costs nobody else anything, and senders hear of it', async () => {
    const server = await verona({ limits: { queueBytes: 100_000 } })
    const gateway = await server.connects()
    const [romeo, nurse] = [await server.kit.comesOnline('romeo/orchard'), await server.kit.comesOnline('nurse/home')]
    romeo.received.length = 0
    gateway.wire.stopsReading()

    for (let n = 0; n < 30; n++)
      await romeo.sends(el`<message to='${GATEWAY}' type='chat' id='${n}'><body>${'o'.repeat(10_000)}</body></message>`)
    await settled()

    const errors = romeo.takesAll('message')
    assert.ok(errors.length > 10 && errors.every(error => conditionOf(error) === 'remote-server-timeout'))
    assert.equal(server.sockets.size, 0)
    await nurse.sends(el`<message to='romeo@verona.example' type='chat'><body>Hark</body></message>`)
    assert.deepEqual(romeo.hears(), ['Hark'])
    await (await server.connects()).isHeard()
  })

  it('is not heard while much waits for it, and not cut off for answers to itself', async () => {
    const server = await verona({ limits: { queueBytes: 100_000 } })
    const gateway = await server.connects()
    gateway.wire.stopsReading()
    for (let n = 0; n < 1000; n++)
      gateway.says(`<iq type='get' id='${n}' from='${GATEWAY}' to='verona.example'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await settled()
    assert.ok(gateway.wire.unsent > 0)

    gateway.wire.readsOn()

    await gateway.finds(({ attrs }) => attrs.id === '999')
  })
})

describe('the services of a domain', () => {
  const itemsOf = async (asker: Client, domain = 'verona.example') => {
    const answer = await asker.asks('get', el`<query xmlns='http://jabber.org/protocol/disco#items'/>`, domain)
    const query = child(answer, 'query')
    return query ? elements(query).map(({ attrs: { jid, name } }) => [jid, name].filter(Boolean).join(' ')) : []
  }
  const components = {
    [GATEWAY]: {},
    'rooms.verona.example': { name: 'Rooms' },
    'gateway.mantua.example': {},
    'gateway.rome.example': {},
    'gateway.venice.example': { domains: ['mantua.example'] },
  }

  it('are the components that are connected, by the domain that they are below', async () => {
    const server = await verona({ components })
    const romeo = await server.kit.connects('romeo/orchard')
    assert.deepEqual(await itemsOf(romeo), [])

    const gateways = new Map<string, Gateway>()
    for (const domain of Object.keys(components)) gateways.set(domain, await server.connects(domain))

    assert.deepEqual(await itemsOf(romeo), [GATEWAY, 'rooms.verona.example Rooms', 'gateway.rome.example'])
    assert.deepEqual(await itemsOf(romeo, 'mantua.example'), [
      ...['gateway.mantua.example', 'gateway.rome.example', 'gateway.venice.example'],
    ])
    await gateways.get(GATEWAY)?.wire.cuts()
    assert.deepEqual(await itemsOf(romeo), ['rooms.verona.example Rooms', 'gateway.rome.example'])
  })

  it('are called as they call themselves if the configuration has no name for them', async () => {
    const server = await verona({ components })
    const romeo = await server.kit.connects('romeo/orchard')
    await (await server.meets(GATEWAY).connects()).introduces('Pigeons')
    await (await server.meets('rooms.verona.example').connects()).introduces('Halls')

    assert.deepEqual(await itemsOf(romeo), [`${GATEWAY} Pigeons`, 'rooms.verona.example Rooms'])
  })
})
