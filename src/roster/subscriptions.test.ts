import assert from 'node:assert/strict'
import { conditionOf, el, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import { child } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { arrives, at, befriends, follows, hears, pushes, reads, rosterOf, says, verona } from './fixture.test.js'

/** Romeo and Juliet, at home. */
async function lovers(options: Parameters<typeof verona>[0] = {}) {
  const kit = await verona(options)
  return { kit, romeo: await arrives(kit, 'romeo/orchard'), juliet: await arrives(kit, 'juliet/balcony') }
}

describe('subscription request', () => {
  it('reaches the contact from the bare JID, complete, and waits in the roster (§3.1.2)', async () => {
    const { romeo, juliet } = await lovers()

    await romeo.sends(
      el`<presence id='r1' type='subscribe' to='${at('juliet')}/balcony'><status>It is the east</status></presence>`,
    )
    await settled()

    const request = juliet.takes()
    assert.deepEqual(
      [request.attrs.from, request.attrs.to, request.attrs.id, child(request, 'status')?.getText()],
      [at('romeo'), at('juliet'), 'r1', 'It is the east'],
    )
    assert.deepEqual(reads(romeo), ['push juliet none asks'])
  })

  it('puts nobody into the roster of who is asked (§3.1.3)', async () => {
    const { romeo, juliet } = await lovers()

    await says(romeo, 'subscribe', 'juliet')

    assert.deepEqual(await rosterOf(juliet), [])
    assert.deepEqual(pushes(juliet), [])
  })

  it('keeps the name that was given before it', async () => {
    const { romeo } = await lovers()
    const named = `<item jid='${at('juliet')}' name='Sun'/>`
    await romeo.asks('set', el`<query xmlns='jabber:iq:roster'>${named}</query>`)

    await says(romeo, 'subscribe', 'juliet')

    assert.deepEqual(pushes(romeo), ['juliet none "Sun"', 'juliet none asks "Sun"'])
  })

  it('reaches available resources only', async () => {
    const { kit, romeo, juliet } = await lovers()
    const chamber = await kit.comesOnline('juliet/chamber')
    const connected = await kit.connects('juliet/connected')
    kit.forget()

    await says(romeo, 'subscribe', 'juliet')

    assert.deepEqual(hears(juliet), ['subscribe romeo'])
    assert.deepEqual(hears(chamber), ['subscribe romeo'])
    assert.deepEqual(connected.received, [])
  })

  it('waits, complete, for somebody who is offline, also over a restart', async () => {
    const storage = new MemoryStorage()
    const romeo = await arrives(await verona({ storage }), 'romeo')
    const request = el`<presence type='subscribe' to='${at('juliet')}'><x xmlns='urn:balm'>soft</x></presence>`
    await romeo.sends(request)

    const juliet = await (await verona({ storage })).comesOnline('juliet')

    const kept = juliet.takes(({ attrs }) => attrs.type === 'subscribe')
    assert.equal(child(kept, 'x', 'urn:balm')?.getText(), 'soft')
    assert.equal(kept.attrs.from, at('romeo'))
  })

  it('comes again with every new presence until it is answered (§3.1.3)', async () => {
    const { kit, romeo, juliet } = await lovers()
    await says(romeo, 'subscribe', 'juliet')
    juliet.received.length = 0

    await juliet.sends(el`<presence><show>away</show></presence>`)
    assert.ok(!hears(juliet).includes('subscribe romeo'), 'a change of presence is no new one')
    await juliet.sends(el`<presence type='unavailable'/>`)
    await juliet.sends(el`<presence/>`)
    assert.ok(hears(juliet).includes('subscribe romeo'))
    const chamber = await kit.comesOnline('juliet/chamber')
    assert.ok(hears(chamber).includes('subscribe romeo'))
    assert.ok(!hears(juliet).includes('subscribe romeo'), 'only the new resource gets it')

    await says(chamber, 'unsubscribed', 'romeo')
    assert.ok(!hears(await kit.comesOnline('juliet/garden')).includes('subscribe romeo'))
  })

  it('is delivered once, however often it is sent', async () => {
    const { kit, romeo, juliet } = await lovers()

    for (let i = 0; i < 3; i++) await says(romeo, 'subscribe', 'juliet')

    assert.deepEqual(hears(juliet), ['subscribe romeo'])
    const later = hears(await kit.comesOnline('juliet/later'))
    assert.equal(later.filter(word => word === 'subscribe romeo').length, 1)
  })

  it('is kept without what it carries when that is too much', async () => {
    const { kit, romeo } = await lovers({ settings: { roster: { maxRequestSize: '200 bytes' } } })
    await romeo.sends(
      el`<presence type='subscribe' id='r' to='${at('nurse')}'><status>${'sweet '.repeat(50)}</status></presence>`,
    )

    const nurse = await kit.comesOnline('nurse')

    const kept = nurse.takes(({ attrs }) => attrs.type === 'subscribe')
    assert.deepEqual([kept.attrs.from, kept.attrs.id, kept.children], [at('romeo'), 'r', []])
  })

  it('is ignored when too many wait already, and asked again later', async () => {
    const { kit, romeo, juliet } = await lovers({ settings: { roster: { maxRequests: 1 } } })
    const nurse = await arrives(kit, 'nurse')
    await says(romeo, 'subscribe', 'juliet')
    await says(nurse, 'subscribe', 'juliet')
    assert.deepEqual(hears(juliet), ['subscribe romeo'])

    await says(juliet, 'subscribed', 'romeo')
    await nurse.leaves()
    juliet.received.length = 0
    await kit.comesOnline('nurse')

    assert.deepEqual(hears(juliet), ['subscribe nurse'])
  })

  it('to oneself is refused, and to nobody too', async () => {
    const { romeo } = await lovers()

    await says(romeo, 'subscribe', 'romeo')
    assert.equal(conditionOf(romeo.takes()), 'not-allowed')
    await romeo.sends(el`<presence type='subscribe'/>`)
    assert.equal(conditionOf(romeo.takes()), 'bad-request')
    for (const act of ['unsubscribe', 'subscribed', 'unsubscribed']) await says(romeo, act, 'romeo')
    assert.deepEqual(romeo.received, [])
    assert.deepEqual(await rosterOf(romeo), [])
  })

  it('to an account that does not exist looks like one that waits (§8.5.1)', async () => {
    const { romeo } = await lovers()

    await says(romeo, 'subscribe', 'rosaline')

    assert.deepEqual(reads(romeo), ['push rosaline none asks'])
  })

  it('that can go nowhere comes back as an error (§3.1.2)', async () => {
    const { romeo } = await lovers()

    await romeo.sends(el`<presence type='subscribe' to='laura@petrarch.example'/>`)
    await settled()

    assert.deepEqual(pushes(romeo), ['laura@petrarch.example none asks'])
    const error = romeo.takes()
    assert.equal(conditionOf(error), 'remote-server-not-found')
    assert.equal(error.attrs.from, 'laura@petrarch.example')
  })

  it('from elsewhere is for the account, whatever resource it was sent to', async () => {
    const { kit, juliet } = await lovers()
    const from = parseJid('paris@mantua.example/horse')

    for (const type of ['subscribe', 'subscribed', 'unsubscribe'])
      await kit.router.route(makeStanza({ type, from, to: parseJid(`${at('juliet')}/x`), el: el`<presence/>` }))
    await settled()

    const request = juliet.takes()
    assert.deepEqual(
      [request.attrs.type, request.attrs.from, request.attrs.to],
      ['subscribe', from.bare.toString(), at('juliet')],
    )
    assert.deepEqual(juliet.received, [])
  })
})

describe('subscription approval', () => {
  it('shows itself to both, and brings the presence of all resources (§3.1.5, §3.1.6)', async () => {
    const { kit, romeo, juliet } = await lovers()
    await kit.comesOnline('juliet/chamber', el`<presence><show>dnd</show></presence>`)
    await says(romeo, 'subscribe', 'juliet')
    kit.forget()

    await juliet.sends(el`<presence type='subscribed' to='${at('romeo')}/orchard'/>`)
    await settled()

    assert.deepEqual(reads(romeo), [
      'subscribed juliet',
      'push juliet to',
      'available juliet/balcony',
      'available juliet/chamber',
    ])
    assert.deepEqual(reads(juliet), ['push romeo from'])
  })

  it('in both directions makes it mutual', async () => {
    const { romeo, juliet } = await lovers()
    await follows(romeo, juliet)
    await says(juliet, 'subscribe', 'romeo')

    await says(romeo, 'subscribed', 'juliet')

    assert.deepEqual(reads(romeo), ['subscribe juliet', 'push juliet both'])
    assert.deepEqual(reads(juliet), [
      'push romeo from asks',
      'subscribed romeo',
      'push romeo both',
      'available romeo/orchard',
    ])
  })

  it('is heard by those who only follow the roster, before the push', async () => {
    const { kit, romeo, juliet } = await lovers()
    const quiet = await kit.connects('romeo/quiet')
    await rosterOf(quiet)
    await says(romeo, 'subscribe', 'juliet')
    kit.forget()

    await says(juliet, 'subscribed', 'romeo')

    assert.deepEqual(reads(quiet), ['subscribed juliet', 'push juliet to'])
  })

  it('of what nobody has asked for is not delivered', async () => {
    const { kit, juliet } = await lovers()

    for (const type of ['subscribed', 'unsubscribed', 'unsubscribe'])
      await kit.router.route(
        makeStanza({ type, from: parseJid('paris@mantua.example'), to: parseJid(at('juliet')), el: el`<presence/>` }),
      )

    assert.deepEqual(juliet.received, [])
    assert.deepEqual(await rosterOf(juliet), [])
  })
})

describe('subscription approval before any request', () => {
  it('is noted in the roster and not sent (§3.4.2)', async () => {
    const { romeo, juliet } = await lovers()

    await says(juliet, 'subscribed', 'romeo')

    assert.deepEqual(reads(juliet), ['push romeo none approved'])
    assert.deepEqual(romeo.received, [])
  })

  it('grants the request when it comes, without a question', async () => {
    const { kit, romeo, juliet } = await lovers()
    await says(juliet, 'subscribed', 'romeo')
    kit.forget()

    await romeo.sends(el`<presence id='r1' type='subscribe' to='${at('juliet')}'/>`)
    await settled()

    assert.deepEqual(reads(juliet), ['push romeo from'])
    assert.deepEqual(reads(romeo), [
      'push juliet none asks',
      'subscribed juliet',
      'push juliet to',
      'available juliet/balcony',
    ])
  })

  it('grants it also while Juliet is offline', async () => {
    const { romeo, juliet } = await lovers()
    await says(juliet, 'subscribed', 'romeo')
    await juliet.leaves()

    await says(romeo, 'subscribe', 'juliet')

    assert.deepEqual(reads(romeo), ['push juliet none asks', 'subscribed juliet', 'push juliet to'])
  })

  it('can be taken back, and nobody hears of it (§3.2.2)', async () => {
    const { romeo, juliet } = await lovers()
    await says(juliet, 'subscribed', 'romeo')
    await says(juliet, 'unsubscribed', 'romeo')

    assert.deepEqual(reads(juliet), ['push romeo none approved', 'push romeo none'])
    assert.deepEqual(romeo.received, [])
    await says(romeo, 'subscribe', 'juliet')
    assert.deepEqual(reads(juliet), ['subscribe romeo'])
  })

  it('is not taken back by a probe that is refused (§4.3.2)', async () => {
    const { romeo, juliet } = await lovers()
    await says(juliet, 'subscribed', 'romeo')

    await says(romeo, 'probe', 'juliet')

    assert.deepEqual(await rosterOf(juliet), ['romeo none approved'])
  })
})

describe('subscription denial and cancellation', () => {
  it('denies a request: no presence is given away', async () => {
    const { romeo, juliet } = await lovers()
    await says(romeo, 'subscribe', 'juliet')

    await says(juliet, 'unsubscribed', 'romeo')

    assert.deepEqual(reads(romeo), ['push juliet none asks', 'unsubscribed juliet', 'push juliet none'])
    assert.deepEqual(reads(juliet), ['subscribe romeo'])
    assert.deepEqual(await rosterOf(juliet), [])
  })

  it('takes the presence away first, of every resource (§3.2.2)', async () => {
    const { kit, romeo, juliet } = await lovers()
    await befriends(romeo, juliet)
    await kit.comesOnline('juliet/chamber')
    kit.forget()

    await says(juliet, 'unsubscribed', 'romeo')

    assert.deepEqual(reads(romeo), [
      'unavailable juliet/balcony',
      'unavailable juliet/chamber',
      'unsubscribed juliet',
      'push juliet from',
    ])
    assert.deepEqual(reads(juliet), ['push romeo to'])
  })

  it('of what was never granted is not sent', async () => {
    const { romeo, juliet } = await lovers()
    await follows(juliet, romeo)

    await says(juliet, 'unsubscribed', 'romeo')

    assert.deepEqual(romeo.received, [])
    assert.deepEqual(juliet.received, [])
  })
})

describe('unsubscribing', () => {
  it('is told to the contact, whose presence goes (§3.3.3)', async () => {
    const { romeo, juliet } = await lovers()
    await befriends(romeo, juliet)

    await says(romeo, 'unsubscribe', 'juliet')

    assert.deepEqual(reads(juliet), ['unsubscribe romeo', 'push romeo to'])
    assert.deepEqual(reads(romeo), ['push juliet from', 'unavailable juliet/balcony'])
  })

  it('takes a request back that nobody has seen', async () => {
    const { kit, romeo } = await lovers()
    await says(romeo, 'subscribe', 'nurse')

    await says(romeo, 'unsubscribe', 'nurse')

    assert.deepEqual(hears(await kit.comesOnline('nurse')), ['available nurse/client'])
    assert.deepEqual(await rosterOf(romeo), ['nurse none'])
  })
})
