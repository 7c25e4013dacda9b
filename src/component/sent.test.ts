import assert from 'node:assert/strict'
import { Verona, type VeronaOptions } from '../../test/gateway.js'
import { conditionOf } from '../../test/kit.js'
import { bodyOf } from '../../test/stream-client.js'
import { type AnyModule, defineModule } from '../core/module.js'
import { log } from '../core/stores.js'
import { disco } from '../modules/disco.js'
import { ping } from '../modules/ping.js'
import { child } from '../xml/index.js'
import { FORWARD } from '../xmpp/ns.js'
import { availability, GATEWAY, message } from './fixture.test.js'

const verona = (options: Partial<VeronaOptions> = {}) =>
  Verona.start({ modules: [disco, ping, availability], ...options })

describe('stanzas of a component', () => {
  const online = async (options: Partial<VeronaOptions> = {}) => {
    const server = await verona(options)
    return { server, gateway: await server.connects(), romeo: await server.kit.comesOnline('romeo/orchard') }
  }

  it('reach users as they came', async () => {
    const { gateway, romeo } = await online()
    gateway.says(
      `<message type='chat' id='1' from='mercutio@${GATEWAY}/pigeon' to='romeo@verona.example'><body>Hark</body>` +
        `<forwarded xmlns='${FORWARD}'><message xmlns='jabber:client'><body>Peace</body></message></forwarded></message>`,
    )
    await gateway.isHeard()

    const received = romeo.takes(({ name }) => name === 'message')
    assert.deepEqual(
      { ...received.attrs },
      {
        ...{ xmlns: 'jabber:client', type: 'chat', id: '1' },
        ...{ from: `mercutio@${GATEWAY}/pigeon`, to: 'romeo@verona.example' },
      },
    )
    assert.equal(
      received.children.join(''),
      `<body>Hark</body><forwarded xmlns="${FORWARD}"><message xmlns="jabber:client"><body>Peace</body></message></forwarded>`,
    )
  })

  it('have children of the namespace that clients know', async () => {
    const { gateway, romeo } = await online()
    gateway.says(message(GATEWAY, 'romeo@verona.example', 'Hark'))
    await gateway.isHeard()
    const received = romeo.takes(({ name }) => name === 'message')
    assert.ok(child(received, 'body', 'jabber:client'))
  })

  it('reach the server, which answers as it answers everybody', async () => {
    const { gateway } = await online()
    const info = await gateway.asks(
      { type: 'get', from: `mercutio@${GATEWAY}/x`, to: 'verona.example' },
      `<query xmlns='http://jabber.org/protocol/disco#info'/>`,
    )
    assert.deepEqual(
      [info.attrs.type, info.attrs.from, info.attrs.to],
      ['result', 'verona.example', `mercutio@${GATEWAY}/x`],
    )
  })

  it('reach another component', async () => {
    const server = await verona({ components: { [GATEWAY]: {}, 'rooms.verona.example': {} } })
    const [gateway, rooms] = [await server.connects(), await server.connects('rooms.verona.example')]
    gateway.says(message(GATEWAY, 'ball@rooms.verona.example', 'Hark'))
    assert.equal(bodyOf(await rooms.takes('message')), 'Hark')
  })

  it('are answered with an error that is for their sender when they find nobody', async () => {
    const { gateway } = await online()
    gateway.says(message(`mercutio@${GATEWAY}`, 'rosaline@verona.example', 'Hark'))
    const error = await gateway.takes('message')
    assert.equal(conditionOf(error), 'service-unavailable')
    assert.deepEqual([error.attrs.from, error.attrs.to], ['rosaline@verona.example', `mercutio@${GATEWAY}`])
  })

  const liars: readonly (readonly [who: string, from: string])[] = [
    ['a user', 'juliet@verona.example'],
    ['the server', 'verona.example'],
    ['somebody below its domain', `mercutio@below.${GATEWAY}`],
    ['somebody whose domain only ends like its own', `mercutio@my${GATEWAY}`],
    ['somebody who can be nobody', `mer cutio@${GATEWAY}`],
    ['nobody', ''],
  ]
  for (const [who, from] of liars)
    it(`end its stream when it says that it is ${who}`, async () => {
      const { gateway, romeo } = await online()
      romeo.received.length = 0
      gateway.says(message(from, 'romeo@verona.example', 'Hark'))
      assert.equal(await gateway.wire.fails(), 'invalid-from')
      assert.deepEqual(romeo.received, [])
    })

  it('may be in the name of a domain below its own if it is configured so', async () => {
    const { gateway, romeo } = await online({ components: { [GATEWAY]: { subdomains: true } } })
    gateway.says(message(`mercutio@below.${GATEWAY}`, 'romeo@verona.example', 'Hark'))
    await gateway.isHeard()
    assert.deepEqual(romeo.hears(), ['Hark'])

    gateway.says(message(`mercutio@my${GATEWAY}`, 'romeo@verona.example', 'Hark'))
    assert.equal(await gateway.wire.fails(), 'invalid-from')
  })

  const lacking: readonly (readonly [what: string, attrs: string, from: string])[] = [
    ['a sender', `to='romeo@verona.example'`, 'romeo@verona.example'],
    ['a recipient', `from='mercutio@${GATEWAY}/x'`, `mercutio@${GATEWAY}`],
    ['both addresses', '', GATEWAY],
  ]
  for (const [what, attrs, from] of lacking)
    it(`are refused when they lack ${what}`, async () => {
      const { gateway, romeo } = await online()
      romeo.received.length = 0
      gateway.says(`<message ${attrs}/>`)
      const error = await gateway.takes('message')
      assert.equal(conditionOf(error), 'bad-request')
      assert.equal(error.attrs.from, from)
      assert.deepEqual(romeo.received, [])
      await gateway.isHeard()
    })

  it('are not answered when they are answers that lack an address', async () => {
    const { gateway } = await online()
    gateway.says(`<message type='error'/><iq type='result' id='1' from='${GATEWAY}'/>`)
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })

  it('are refused when they are for an address that can be none', async () => {
    const { gateway } = await online()
    gateway.says(message(`mercutio@${GATEWAY}`, 'ro meo@verona.example', 'Hark'))
    assert.equal(conditionOf(await gateway.takes('message')), 'jid-malformed')
    await gateway.isHeard()
  })

  const malformed = {
    'a request without an id': `<iq type='get' from='${GATEWAY}' to='verona.example'><a xmlns='urn:a'/></iq>`,
    'a request for two things': `<iq type='get' id='1' from='${GATEWAY}' to='verona.example'><a xmlns='urn:a'/><a xmlns='urn:a'/></iq>`,
    'an iq of no type': `<iq id='1' from='${GATEWAY}' to='verona.example'><a xmlns='urn:a'/></iq>`,
    'presence of a type that there is not': `<presence type='bored' from='${GATEWAY}' to='verona.example'/>`,
  }
  for (const [what, text] of Object.entries(malformed))
    it(`are refused when they are ${what}`, async () => {
      const { gateway } = await online()
      gateway.says(text)
      const error = await gateway.finds(({ attrs }) => attrs.type === 'error')
      assert.equal(conditionOf(error), 'bad-request')
      assert.deepEqual([error.attrs.from, error.attrs.to], ['verona.example', GATEWAY])
    })
})

describe('the order of what a component sends', () => {
  /** Keeps messages before they are delivered. */
  const diary: AnyModule = defineModule({
    ...{ name: 'diary', doc: '', implements: [] },
    stores: { pages: log<string>() },
    setup: ({ stores: { pages } }) => ({
      hooks: {
        toAccount: {
          record: async ({ stanza, account }) => {
            if (stanza.kind === 'message' && bodyOf(stanza.el).endsWith('!')) await pages.append(account, 'kept')
          },
        },
      },
    }),
  })

  it('stays, whichever of it has to wait for the disk', async () => {
    const server = await verona({ modules: [disco, availability, diary] })
    const gateway = await server.connects()
    const romeo = await server.kit.comesOnline('romeo/orchard')
    const words = [...Array(50).keys()].map(n => `${n}${n % 3 === 0 ? '!' : ''}`)

    for (const word of words) gateway.says(message(GATEWAY, 'romeo@verona.example', word))
    await gateway.isHeard()

    assert.deepEqual(romeo.hears(), words)
  })

  it('stays while so much waits that nothing more is read', async () => {
    const server = await verona({ modules: [disco, availability, diary], limits: { inFlight: 5 } })
    const gateway = await server.connects()
    const romeo = await server.kit.comesOnline('romeo/orchard')
    const words = [...Array(100).keys()].map(n => `${n}!`)

    gateway.says(words.map(word => message(GATEWAY, 'romeo@verona.example', word)).join(''))
    await gateway.isHeard()

    assert.deepEqual(romeo.hears(), words)
  })
})
