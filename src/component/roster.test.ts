import assert from 'node:assert/strict'
import { type Gateway, Verona } from '../../test/gateway.js'
import { type Client, el, settled } from '../../test/kit.js'
import { disco } from '../modules/disco.js'
import { arrives, hears, pushes, rosterOf } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import { GATEWAY } from './fixture.test.js'

const MERCUTIO = `mercutio@${GATEWAY}`

async function verona(): Promise<{ server: Verona; gateway: Gateway; romeo: Client }> {
  const server = await Verona.start({ modules: [roster, disco] })
  const gateway = await server.connects()
  return { server, gateway, romeo: await arrives(server.kit, 'romeo/orchard') }
}

const presence = (type: string, from = MERCUTIO, to = 'romeo@verona.example') =>
  `<presence ${type === 'available' ? '' : `type='${type}'`} from='${from}' to='${to}'/>`

/** What the gateway gets next: `subscribe romeo@verona.example -> mercutio@…`. */
async function gets(gateway: Gateway): Promise<string> {
  const { type = 'available', from, to } = (await gateway.takes('presence')).attrs
  return `${type} ${from} -> ${to}`
}

/** Romeo and a contact behind the gateway see each other. */
async function befriend({ gateway, romeo }: { gateway: Gateway; romeo: Client }): Promise<void> {
  await romeo.sends(el`<presence type='subscribe' to='${MERCUTIO}'/>`)
  gateway.says(presence('subscribed') + presence('subscribe'))
  await gateway.isHeard()
  await romeo.sends(el`<presence type='subscribed' to='${MERCUTIO}'/>`)
  await settled()
  gateway.wire.takesAll()
  romeo.received.length = 0
}

describe('contacts behind a component', () => {
  it('can be asked for their presence, grant it, and show it', async () => {
    const { gateway, romeo } = await verona()

    await romeo.sends(el`<presence type='subscribe' to='${MERCUTIO}/pigeon'/>`)
    assert.equal(await gets(gateway), `subscribe romeo@verona.example -> ${MERCUTIO}`)
    assert.deepEqual(pushes(romeo), [`${MERCUTIO} none asks`])
    gateway.says(presence('subscribed') + presence('available', `${MERCUTIO}/pigeon`))
    await gateway.isHeard()

    assert.deepEqual(pushes(romeo), [`${MERCUTIO} to`])
    assert.deepEqual(hears(romeo), [`subscribed ${MERCUTIO}`, `available ${MERCUTIO}/pigeon`])
  })

  it('can ask for the presence of users, and get it', async () => {
    const { gateway, romeo } = await verona()

    gateway.says(presence('subscribe'))
    await gateway.isHeard()
    assert.deepEqual(hears(romeo), [`subscribe ${MERCUTIO}`])
    await romeo.sends(el`<presence type='subscribed' to='${MERCUTIO}'/>`)

    assert.equal(await gets(gateway), `subscribed romeo@verona.example -> ${MERCUTIO}`)
    assert.equal(await gets(gateway), `available romeo@verona.example/orchard -> ${MERCUTIO}`)
    assert.deepEqual(await rosterOf(romeo), [`${MERCUTIO} from`])
  })

  it('are asked where they are when a user comes, and hear that he has come and gone', async () => {
    const { server, gateway, romeo } = await verona()
    await befriend({ gateway, romeo })
    await romeo.leaves()
    assert.equal(await gets(gateway), `unavailable romeo@verona.example/orchard -> ${MERCUTIO}`)

    const again = await arrives(server.kit, 'romeo/balcony')

    assert.equal(await gets(gateway), `available romeo@verona.example/balcony -> ${MERCUTIO}`)
    assert.equal(await gets(gateway), `probe romeo@verona.example -> ${MERCUTIO}`)
    gateway.says(presence('available', `${MERCUTIO}/pigeon`, 'romeo@verona.example/balcony'))
    await gateway.isHeard()
    assert.deepEqual(hears(again), [`available ${MERCUTIO}/pigeon`])
  })

  it('can ask where users are, for instance when their gateway has come back', async () => {
    const { server, gateway, romeo } = await verona()
    await befriend({ gateway, romeo })
    await gateway.wire.cuts()
    await romeo.sends(el`<presence><show>away</show></presence>`)

    const again = await server.connects()
    again.says(presence('probe'))
    const { attrs, ...answer } = await again.takes('presence')

    assert.deepEqual([attrs.from, attrs.to], ['romeo@verona.example/orchard', MERCUTIO])
    assert.match(`${answer.children}`, /away/)
  })

  it('learn nothing of users whom they may not see', async () => {
    const { gateway, romeo } = await verona()
    gateway.says(presence('probe'))
    assert.equal(await gets(gateway), `unsubscribed romeo@verona.example -> ${MERCUTIO}`)
    assert.deepEqual(hears(romeo), [])
  })

  it('can be taken off the roster, and can go', async () => {
    const { gateway, romeo } = await verona()
    await befriend({ gateway, romeo })

    await romeo.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='${MERCUTIO}' subscription='remove'/></query>`)

    assert.equal(await gets(gateway), `unsubscribe romeo@verona.example -> ${MERCUTIO}`)
    assert.equal(await gets(gateway), `unavailable romeo@verona.example/orchard -> ${MERCUTIO}`)
    assert.equal(await gets(gateway), `unsubscribed romeo@verona.example -> ${MERCUTIO}`)
  })

  it('are asked again when their gateway was away and the user comes back', async () => {
    const { server, gateway, romeo } = await verona()
    await gateway.wire.cuts()
    await romeo.sends(el`<presence type='subscribe' to='${MERCUTIO}'/>`)
    assert.deepEqual(hears(romeo), [`error ${MERCUTIO}`])
    const again = await server.connects()

    await romeo.leaves()
    await arrives(server.kit, 'romeo/balcony')

    assert.equal(await gets(again), `subscribe romeo@verona.example -> ${MERCUTIO}`)
  })

  it('can be the component itself: users are present to it as long as they are', async () => {
    const { gateway, romeo } = await verona()
    await romeo.sends(el`<presence to='${GATEWAY}'/>`)
    assert.equal(await gets(gateway), `available romeo@verona.example/orchard -> ${GATEWAY}`)

    await romeo.leaves()

    assert.equal(await gets(gateway), `unavailable romeo@verona.example/orchard -> ${GATEWAY}`)
  })
})
