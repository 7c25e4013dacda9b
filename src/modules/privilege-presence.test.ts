import assert from 'node:assert/strict'
import { type Gateway, Verona } from '../../test/gateway.js'
import { type Client, el, settled } from '../../test/kit.js'
import { arrives, befriends } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import type { Element } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { blocking } from './blocking.js'
import { disco } from './disco.js'
import { privilege } from './privilege.js'

const GATEWAY = 'gateway.verona.example'
const LAURA = 'laura@petrarch.example'

const verona = (presence: string, more: object = {}, settings: object = {}) =>
  Verona.start({
    modules: [roster, blocking, disco, privilege],
    components: { [GATEWAY]: { privileges: { roster: 'get', push: false, presence }, ...more } },
    settings: { privilege: settings },
  })

/** What has come of presence, in words: `available romeo/orchard`. */
async function sees(gateway: Gateway): Promise<string[]> {
  await gateway.isHeard()
  return gateway.wire
    .takesAll()
    .filter((event): event is Element => 'name' in event && event.name === 'presence')
    .map(({ attrs: { type = 'available', from = '', to } }) => {
      assert.equal(to, GATEWAY)
      return `${type} ${from.replace('@verona.example', '')}`
    })
}

/** Somebody elsewhere shows something to a user of ours. */
async function shows(server: Verona, from: string, to: string, type = 'available', more = el`<presence/>`) {
  await server.kit.router.route(makeStanza({ type, from: parseJid(from), to: parseJid(to), el: more }))
  await settled()
}

/** A user and somebody elsewhere see each other. */
async function befriendsLaura(server: Verona, client: Client): Promise<void> {
  await client.sends(el`<presence type='subscribe' to='${LAURA}'/>`)
  await shows(server, LAURA, `${client.account}`, 'subscribed')
}

describe('the presence of users, for a component that may see it (XEP-0356 §7.1)', () => {
  it('is shown when they come and when they go, and not in between', async () => {
    const server = await verona('managed_entity')
    const gateway = await server.connects()

    const romeo = await server.kit.comesOnline('romeo/orchard', el`<presence><status>sighing</status></presence>`)
    const [presence] = await Promise.all([gateway.takes('presence')])
    assert.match(`${presence}`, /sighing/)
    await romeo.sends(el`<presence><show>away</show></presence>`)
    const balcony = await server.kit.comesOnline('romeo/balcony')
    assert.deepEqual(await sees(gateway), ['available romeo/balcony'])
    await romeo.sends(el`<presence type='unavailable'/>`)
    await romeo.sends(el`<presence/>`)
    await balcony.dies()

    assert.deepEqual(await sees(gateway), [
      ...['unavailable romeo/orchard', 'available romeo/orchard', 'unavailable romeo/balcony'],
    ])
  })

  it('is nothing else of them: neither subscriptions nor what is for somebody else', async () => {
    const server = await verona('managed_entity')
    const gateway = await server.connects()
    const romeo = await server.kit.connects('romeo/orchard')
    await romeo.sends(el`<presence type='subscribe' to='juliet@verona.example'/>`)
    await romeo.sends(el`<presence to='juliet@verona.example'/>`)
    assert.deepEqual(await sees(gateway), [])
  })

  it('is shown all at once to a component that comes later (§8)', async () => {
    const server = await verona('managed_entity')
    await server.kit.comesOnline('romeo/orchard')
    await server.kit.comesOnline('juliet/balcony', el`<presence><priority>-1</priority></presence>`)
    await server.kit.connects('nurse/home')

    const gateway = await server.meets().connects()

    assert.deepEqual(await sees(gateway), ['available romeo/orchard', 'available juliet/balcony'])
  })

  it('is shown bit by bit where it is much, and what is over by then is not shown', async () => {
    const server = await verona('managed_entity')
    const clients: Client[] = []
    for (let n = 0; n < 600; n++) clients.push(await server.kit.comesOnline(`romeo/${n}`))

    const gateway = await server.meets().connects()
    assert.equal((await sees(gateway)).length, 500)
    await clients[599]?.dies()
    assert.deepEqual(await sees(gateway), ['unavailable romeo/599'])
    await server.kit.clock.pass(100)

    const rest = await sees(gateway)
    assert.deepEqual([rest.length, rest[0], rest.at(-1)], [99, 'available romeo/500', 'available romeo/598'])
  })

  it('is shown once to a component that is a contact, too', async () => {
    const server = await verona('managed_entity')
    const gateway = await server.connects()
    const romeo = await server.kit.comesOnline('romeo/orchard')
    assert.deepEqual(await sees(gateway), ['available romeo/orchard'])
    gateway.says(`<presence type='subscribe' from='${GATEWAY}' to='romeo@verona.example'/>`)
    await gateway.isHeard()
    await romeo.sends(el`<presence type='subscribed' to='${GATEWAY}'/>`)
    await sees(gateway)

    await romeo.sends(el`<presence type='unavailable'/>`)
    await romeo.sends(el`<presence/>`)

    assert.deepEqual(await sees(gateway), ['unavailable romeo/orchard', 'available romeo/orchard'])
  })

  it('is that of the domains that the component is for', async () => {
    const server = await verona('managed_entity', { domains: ['mantua.example'] })
    const gateway = await server.connects()
    await server.kit.comesOnline('romeo/orchard')
    await server.kit.comesOnline('romeo@mantua.example/exile')
    assert.deepEqual(await sees(gateway), ['available romeo@mantua.example/exile'])
  })

  for (const presence of ['none', undefined])
    it(`is shown to nobody with presence: ${presence}`, async () => {
      const server = await verona(presence ?? 'none')
      const gateway = await server.connects()
      await server.kit.comesOnline('romeo/orchard')
      assert.deepEqual(await sees(gateway), [])
    })
})

describe('the presence of contacts, for a component that may see it (XEP-0356 §7.4)', () => {
  it('is all that a contact here shows, as often as it changes', async () => {
    const server = await verona('roster', { domains: ['verona.example'] })
    const gateway = await server.connects()
    const [romeo, juliet] = [await arrives(server.kit, 'romeo/orchard'), await arrives(server.kit, 'juliet/balcony')]
    await befriends(romeo, juliet)
    await sees(gateway)

    await juliet.sends(el`<presence><show>away</show></presence>`)
    await juliet.dies()

    assert.deepEqual(await sees(gateway), ['available juliet/balcony', 'unavailable juliet/balcony'])
  })

  it('is what contacts elsewhere show, also to a user who is not online', async () => {
    const server = await verona('roster')
    const gateway = await server.connects()
    const romeo = await arrives(server.kit, 'romeo/orchard')
    await befriendsLaura(server, romeo)
    await romeo.dies()
    await sees(gateway)

    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example')
    await shows(
      server,
      `${LAURA}/avignon`,
      'romeo@verona.example',
      'available',
      el`<presence><show>dnd</show></presence>`,
    )
    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example', 'unavailable')

    assert.deepEqual(await sees(gateway), [
      ...[`available ${LAURA}/avignon`, `available ${LAURA}/avignon`, `unavailable ${LAURA}/avignon`],
    ])
  })

  it('is shown once, however many users have the contact (§8)', async () => {
    const server = await verona('roster')
    const gateway = await server.connects()
    for (const name of ['romeo/a', 'juliet/b']) await befriendsLaura(server, await arrives(server.kit, name))
    await sees(gateway)

    for (const name of ['romeo', 'juliet']) await shows(server, `${LAURA}/avignon`, `${name}@verona.example`)
    assert.deepEqual(await sees(gateway), [`available ${LAURA}/avignon`])
    for (const name of ['romeo', 'juliet'])
      await shows(server, `${LAURA}/avignon`, `${name}@verona.example`, 'unavailable')
    assert.deepEqual(await sees(gateway), [`unavailable ${LAURA}/avignon`])
  })

  it('is not that of strangers, of who is blocked, or of the component itself', async () => {
    const server = await verona('roster')
    const gateway = await server.connects()
    const romeo = await arrives(server.kit, 'romeo/orchard')
    await sees(gateway)

    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example')
    await befriendsLaura(server, romeo)
    await romeo.asks('set', el`<block xmlns='urn:xmpp:blocking'><item jid='${LAURA}'/></block>`)
    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example')
    await romeo.sends(el`<presence type='subscribe' to='mercutio@${GATEWAY}'/>`)
    gateway.says(
      `<presence type='subscribed' from='mercutio@${GATEWAY}' to='romeo@verona.example'/>` +
        `<presence from='mercutio@${GATEWAY}' to='romeo@verona.example'/>`,
    )
    await gateway.isHeard()
    const heard = gateway.wire.takesAll().map(String)

    assert.ok(!heard.some(text => text.includes(LAURA)), heard.join('\n'))
    assert.ok(!heard.some(text => text.includes(`from="mercutio@`)))
  })

  it('is shown to a component that comes later, as it is then (§8)', async () => {
    const server = await verona('roster')
    const romeo = await arrives(server.kit, 'romeo/orchard')
    await befriendsLaura(server, romeo)
    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example')
    await shows(server, `${LAURA}/vaucluse`, 'romeo@verona.example')
    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example', 'unavailable')

    const gateway = await server.meets().connects()

    assert.deepEqual(await sees(gateway), ['available romeo/orchard', `available ${LAURA}/vaucluse`])
  })

  it('is remembered of a number of resources, those that have shown last', async () => {
    const server = await verona('roster', {}, { maxSeen: 2 })
    const romeo = await arrives(server.kit, 'romeo/orchard')
    await befriendsLaura(server, romeo)
    for (const resource of ['a', 'b', 'c']) await shows(server, `${LAURA}/${resource}`, 'romeo@verona.example')

    const gateway = await server.meets().connects()

    assert.deepEqual(await sees(gateway), ['available romeo/orchard', `available ${LAURA}/b`, `available ${LAURA}/c`])
  })

  it('is not shown to a component that may see users only', async () => {
    const server = await verona('managed_entity')
    const gateway = await server.connects()
    const romeo = await arrives(server.kit, 'romeo/orchard')
    await befriendsLaura(server, romeo)
    await sees(gateway)
    await shows(server, `${LAURA}/avignon`, 'romeo@verona.example')
    assert.deepEqual(await sees(gateway), [])
  })
})
