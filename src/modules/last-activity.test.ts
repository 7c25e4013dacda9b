import assert from 'node:assert/strict'
import { conditionOf, el, Kit } from '../../test/kit.js'
import { StreamKit } from '../../test/stream-kit.js'
import { roster } from '../roster/index.js'
import { type Element, firstElement, serialise } from '../xml/index.js'
import { blocking } from './blocking.js'
import { lastActivity } from './last-activity.js'

const query = el`<query xmlns='jabber:iq:last'/>`
const MINUTE = 60_000

const told = (reply: Element): string => serialise(firstElement(reply) ?? reply, 'jabber:client')
const lastSeen = (seconds: number, status = ''): string =>
  status === ''
    ? `<query xmlns='jabber:iq:last' seconds='${seconds}'/>`
    : `<query xmlns='jabber:iq:last' seconds='${seconds}'>${status}</query>`

/** Juliet lets Romeo see her presence; the nurse sees nobody's. */
async function verona(settings = {}) {
  const kit = await Kit.start({ modules: [roster, blocking, lastActivity], settings })
  const juliet = await kit.comesOnline('juliet/chamber')
  const romeo = await kit.comesOnline('romeo/orchard')
  const nurse = await kit.comesOnline('nurse/kitchen')
  await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
  await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)
  kit.forget()
  return { kit, romeo, juliet, nurse }
}

describe('last activity', () => {
  it('of somebody who has gone is how long ago that was, and what they said then (XEP-0012 §3)', async () => {
    const { kit, romeo, juliet } = await verona()
    await juliet.sends(el`<presence type='unavailable'><status>To the friar’s cell</status></presence>`)
    await juliet.leaves()
    await kit.clock.pass(15 * MINUTE + 3999)

    const reply = await romeo.asks('get', query, 'juliet@verona.example')

    assert.equal(told(reply), lastSeen(903, 'To the friar’s cell'))
  })

  it('of somebody who went without a word is how long ago that was', async () => {
    const { kit, romeo, juliet } = await verona()
    await juliet.dies()
    await kit.clock.pass(MINUTE)

    assert.equal(told(await romeo.asks('get', query, 'juliet@verona.example')), lastSeen(60))
  })

  it('keeps no status that is too long', async () => {
    const { romeo, juliet } = await verona({ roster: { maxStatus: 4 } })
    await juliet.sends(el`<presence type='unavailable'><status>Adieu</status></presence>`)
    await juliet.leaves()

    assert.equal(told(await romeo.asks('get', query, 'juliet@verona.example')), lastSeen(0))
  })

  it('of somebody who is there is nothing (§3)', async () => {
    const { kit, romeo, juliet } = await verona()
    await kit.clock.pass(MINUTE)
    assert.equal(told(await romeo.asks('get', query, 'juliet@verona.example')), lastSeen(0))

    // connected, though not available
    await juliet.sends(el`<presence type='unavailable'/>`)
    await kit.clock.pass(MINUTE)
    assert.equal(told(await romeo.asks('get', query, 'juliet@verona.example')), lastSeen(0))
  })

  it('of one’s own account is one’s own to ask', async () => {
    const { juliet } = await verona()

    assert.equal(told(await juliet.asks('get', query)), lastSeen(0))
  })

  it('of an account whose owner has never been available is not there', async () => {
    const kit = await Kit.start({ modules: [roster, lastActivity] })
    const juliet = await kit.connects('juliet/chamber')
    const romeo = await kit.connects('romeo/orchard')
    await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)
    await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
    await juliet.leaves()

    assert.equal(await romeo.isRefused('get', query, 'juliet@verona.example'), 'item-not-found')
  })

  it('is forbidden to those who may not see the presence, whether there is such an account or not (§3, §8)', async () => {
    const { nurse } = await verona()
    const answers = await Promise.all(
      [
        'juliet@verona.example',
        'juliet@verona.example/chamber',
        'rosaline@verona.example',
        'rosaline@verona.example/x',
      ].map(async to => {
        const reply = await nurse.asks('get', query, to)
        return [conditionOf(reply), reply.getChild('error')?.attrs.type]
      }),
    )

    assert.deepEqual(answers, Array(4).fill(['forbidden', 'auth']))
  })

  it('of a client is the client’s to tell, and only contacts can ask it (§4)', async () => {
    const { romeo, juliet, nurse } = await verona()

    await nurse.asks('get', query, 'juliet@verona.example/chamber')
    assert.deepEqual(juliet.takesAll('iq'), [])
    await romeo.sends(el`<iq type='get' id='1' to='juliet@verona.example/chamber'><query xmlns='jabber:iq:last'/></iq>`)
    assert.equal(juliet.takes().attrs.id, '1')
    assert.equal(await romeo.isRefused('get', query, 'juliet@verona.example/tomb'), 'service-unavailable')
  })

  it('is refused to who is blocked', async () => {
    const { romeo, juliet } = await verona()
    await juliet.asks('set', el`<block xmlns='urn:xmpp:blocking'><item jid='romeo@verona.example'/></block>`)

    assert.equal(await romeo.isRefused('get', query, 'juliet@verona.example'), 'service-unavailable')
  })

  it('of the server is how long it has been running (§6)', async () => {
    const { kit, nurse } = await verona()
    await kit.clock.pass(34 * 60 * MINUTE + 1056_000)

    assert.equal(told(await nurse.asks('get', query, 'verona.example')), lastSeen(123_456))
  })

  it('is asked and told on streams', async () => {
    const server = await StreamKit.start({ modules: [roster, lastActivity] })
    const juliet = await server.comesOnline('juliet/chamber')
    juliet.send("<presence to='romeo@verona.example' type='subscribed'/>")
    const romeo = await server.binds('romeo/orchard')
    romeo.send("<presence to='juliet@verona.example' type='subscribe'/>")
    juliet.send("<presence type='unavailable'><status>Adieu</status></presence>")
    await juliet.pings()
    juliet.leavesAtOnce()
    await server.clock.pass(2000)
    romeo.send("<iq type='get' id='last' to='juliet@verona.example'><query xmlns='jabber:iq:last'/></iq>")

    const reply = await romeo.finds(event => 'attrs' in event && event.attrs.id === 'last')

    assert.equal(told(reply as Element), lastSeen(2, 'Adieu'))
  })
})
