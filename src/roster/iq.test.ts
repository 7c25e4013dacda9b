import assert from 'node:assert/strict'
import { conditionOf, el, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import { child, type Element, elements } from '../xml/index.js'
import { arrives, at, befriends, follows, hears, pushes, QUERY, reads, rosterOf, says, verona } from './fixture.test.js'
import { roster } from './index.js'

const item = (attrs: string, children = ''): Element =>
  el`<query xmlns='jabber:iq:roster'><item ${attrs}>${children}</item></query>`

const NURSE = item(`jid='nurse@verona.example' name='Nurse'`, '<group>Servants</group>')
const REMOVE_NURSE = item(`jid='nurse@verona.example' subscription='remove'`)

const versionOf = (iq: Element): string => child(iq, 'query')?.attrs.ver ?? ''

describe('roster', () => {
  it('is empty at first, which is not the same as unknown (§2.1.4)', async () => {
    const juliet = await (await verona()).connects('juliet')

    const result = await juliet.asks('get', QUERY)

    assert.equal(result.attrs.type, 'result')
    assert.deepEqual(elements(child(result, 'query') ?? QUERY), [])
    assert.notEqual(versionOf(result), '')
  })

  it('keeps a contact with its name and groups, and gives them back', async () => {
    const kit = await verona()
    const juliet = await kit.connects('juliet')

    const result = await juliet.asks('set', NURSE)

    assert.equal(`${result.attrs.type} ${elements(result).length}`, 'result 0')
    assert.deepEqual(await rosterOf(juliet), ['nurse none "Nurse" (Servants)'])
  })

  it("tells Juliet's other resources what one has changed, and that one too (§2.3.2)", async () => {
    const kit = await verona()
    const balcony = await arrives(kit, 'juliet/balcony')
    const chamber = await kit.connects('juliet/chamber')
    await chamber.asks('get', QUERY)

    await balcony.asks('set', NURSE)

    assert.deepEqual(pushes(balcony), ['nurse none "Nurse" (Servants)'])
    assert.deepEqual(pushes(chamber), ['nurse none "Nurse" (Servants)'])
  })

  it('is not pushed to a resource that never asked for it (§2.2)', async () => {
    const kit = await verona()
    const balcony = await arrives(kit, 'juliet/balcony')
    const phone = await kit.comesOnline('juliet/phone')
    kit.forget()

    await balcony.asks('set', NURSE)

    assert.deepEqual(phone.received, [])
  })

  it('pushes from the bare JID of the account, to the full JID of each resource', async () => {
    const juliet = await arrives(await verona(), 'juliet/balcony')

    await juliet.asks('set', NURSE)

    const { attrs } = juliet.takes(({ name }) => name === 'iq')
    assert.deepEqual([attrs.from, attrs.to, attrs.type], [at('juliet'), `${at('juliet')}/balcony`, 'set'])
    assert.ok(attrs.id)
  })

  it('takes the answers of clients to pushes without a word (§2.1.6)', async () => {
    const juliet = await arrives(await verona(), 'juliet')
    await juliet.asks('set', NURSE)
    const { attrs } = juliet.takes(({ name }) => name === 'iq')

    await juliet.sends(el`<iq type='result' id='${attrs.id}'/>`)
    await juliet.sends(el`<iq type='error' id='${attrs.id}' to='${at('juliet')}'/>`)
    await settled()

    assert.deepEqual(juliet.received, [])
  })

  it('replaces a contact as a whole: what is not said again is gone (§2.4.1)', async () => {
    const juliet = await arrives(await verona(), 'juliet')
    await juliet.asks('set', NURSE)

    await juliet.asks('set', item(`jid='nurse@verona.example' name=''`))

    assert.deepEqual(await rosterOf(juliet), ['nurse none'])
  })

  it('is not told by clients who is subscribed (§2.1.2)', async () => {
    const juliet = await arrives(await verona(), 'juliet')

    await juliet.asks('set', item(`jid='${at('nurse')}' subscription='both' ask='subscribe' approved='true'`))
    await juliet.asks('set', item(`jid='${at('romeo')}' subscription='of a kind'`))

    assert.deepEqual(await rosterOf(juliet), ['nurse none', 'romeo none'])
  })

  it('keeps the subscription when a contact gets another name', async () => {
    const kit = await verona()
    const [juliet, nurse] = [await arrives(kit, 'juliet'), await arrives(kit, 'nurse')]
    await befriends(juliet, nurse)

    await juliet.asks('set', NURSE)

    assert.deepEqual(pushes(juliet), ['nurse both "Nurse" (Servants)'])
  })

  it('survives restarts', async () => {
    const storage = new MemoryStorage()
    const before = await verona({ storage })
    const juliet = await arrives(before, 'juliet')
    await juliet.asks('set', NURSE)
    await befriends(juliet, await arrives(before, 'romeo'))

    const later = await (await verona({ storage })).connects('juliet')

    assert.deepEqual(await rosterOf(later), ['nurse none "Nurse" (Servants)', 'romeo both'])
  })
})

describe('roster versions', () => {
  it('spare a client the roster that it has already, also after a restart (§2.6.3)', async () => {
    const storage = new MemoryStorage()
    const juliet = await arrives(await verona({ storage }), 'juliet')
    await juliet.asks('set', NURSE)
    const version = versionOf(juliet.takes(({ name }) => name === 'iq'))
    const later = await (await verona({ storage })).connects('juliet')

    const result = await later.asks('get', el`<query xmlns='jabber:iq:roster' ver='${version}'/>`)

    assert.deepEqual(elements(result), [])
    await later.asks('set', REMOVE_NURSE)
    assert.deepEqual(pushes(later), ['nurse remove'])
  })

  it('give the whole roster to a client with another one, or none', async () => {
    const juliet = await arrives(await verona(), 'juliet')
    const first = versionOf(await juliet.asks('get', QUERY))
    await juliet.asks('set', NURSE)
    const current = versionOf(juliet.takes(({ name }) => name === 'iq'))

    for (const version of [first, '', 'made up']) {
      const result = await juliet.asks('get', el`<query xmlns='jabber:iq:roster' ver='${version}'/>`)

      assert.equal(elements(child(result, 'query') ?? QUERY).length, 1, version)
      assert.equal(versionOf(result), current)
    }
  })

  it('are new with every push', async () => {
    const juliet = await arrives(await verona(), 'juliet')
    for (const wish of [NURSE, NURSE, REMOVE_NURSE, NURSE]) await juliet.asks('set', wish)

    const versions = juliet.takesAll('iq').map(versionOf)

    assert.equal(new Set(versions).size, 4)
    assert.equal(versionOf(await juliet.asks('get', QUERY)), versions.at(-1))
  })

  it('stay as they are when nothing changes that a client would see', async () => {
    const kit = await verona()
    const [juliet, romeo] = [await arrives(kit, 'juliet'), await arrives(kit, 'romeo')]
    const before = versionOf(await juliet.asks('get', QUERY))

    await says(romeo, 'subscribe', 'juliet')

    assert.equal(versionOf(await juliet.asks('get', QUERY)), before)
  })

  it('are announced to clients, as are approvals before a request', () => {
    assert.deepEqual(
      roster.streamFeatures?.map(({ name, attrs }) => `${name} ${attrs.xmlns}`),
      ['ver urn:xmpp:features:rosterver', 'sub urn:xmpp:features:pre-approval'],
    )
  })
})

describe('roster removal', () => {
  it('is pushed, and forgets the contact (§2.5.2)', async () => {
    const juliet = await arrives(await verona(), 'juliet')
    await juliet.asks('set', NURSE)
    juliet.received.length = 0

    const result = await juliet.asks('set', REMOVE_NURSE)

    assert.equal(result.attrs.type, 'result')
    assert.deepEqual(pushes(juliet), ['nurse remove'])
    assert.deepEqual(await rosterOf(juliet), [])
  })

  it('of somebody who is not there finds nobody (§2.5.3)', async () => {
    const juliet = await arrives(await verona(), 'juliet')

    assert.equal(await juliet.isRefused('set', REMOVE_NURSE), 'item-not-found')
    assert.deepEqual(juliet.received, [])
  })

  it('ends both subscriptions, and the contact sees the user go', async () => {
    const kit = await verona()
    const [juliet, nurse] = [await arrives(kit, 'juliet/balcony'), await arrives(kit, 'nurse')]
    await befriends(juliet, nurse)

    await juliet.asks('set', REMOVE_NURSE)

    const read = reads(nurse)
    assert.deepEqual(read.filter(word => word.startsWith('un')).sort(), [
      'unavailable juliet/balcony',
      'unsubscribe juliet',
      'unsubscribed juliet',
    ])
    assert.ok(read.indexOf('unavailable juliet/balcony') < read.indexOf('unsubscribed juliet'), read.join())
    assert.deepEqual(await rosterOf(nurse), ['juliet none'])
  })

  it('of somebody who only is seen says "unsubscribe", of somebody who only sees "unsubscribed"', async () => {
    const kit = await verona()
    const [juliet, nurse, romeo] = [
      await arrives(kit, 'juliet'),
      await arrives(kit, 'nurse'),
      await arrives(kit, 'romeo'),
    ]
    await follows(juliet, nurse)
    await follows(romeo, juliet)

    await juliet.asks('set', REMOVE_NURSE)
    await juliet.asks('set', item(`jid='${at('romeo')}' subscription='remove'`))

    assert.deepEqual(hears(nurse), ['unsubscribe juliet'])
    assert.deepEqual(hears(romeo), ['unavailable juliet/client', 'unsubscribed juliet'])
  })

  it('takes back a request that waits', async () => {
    const kit = await verona()
    const [juliet, nurse] = [await arrives(kit, 'juliet'), await arrives(kit, 'nurse')]
    await says(juliet, 'subscribe', 'nurse')

    await juliet.asks('set', REMOVE_NURSE)

    assert.deepEqual(hears(nurse), ['subscribe juliet', 'unsubscribe juliet'])
    assert.deepEqual(hears(await kit.comesOnline('nurse/later')), ['available nurse/later', 'available nurse/client'])
  })

  it('leaves a request of the contact waiting, which it neither grants nor denies', async () => {
    const kit = await verona()
    const [juliet, nurse] = [await arrives(kit, 'juliet'), await arrives(kit, 'nurse')]
    await juliet.asks('set', NURSE)
    await says(nurse, 'subscribe', 'juliet')

    await juliet.asks('set', REMOVE_NURSE)

    assert.deepEqual(await rosterOf(juliet), [])
    const later = await kit.comesOnline('juliet/later')
    assert.ok(hears(later).includes('subscribe nurse'))
  })
})

describe('roster refusals', () => {
  const refuses = async (wish: Element, settings = {}) => {
    const kit = await verona({ settings: { roster: settings } })
    const juliet = await arrives(kit, 'juliet')
    const condition = await juliet.isRefused('set', wish)
    assert.deepEqual(juliet.received, [])
    assert.deepEqual(await rosterOf(juliet), [])
    return condition
  }
  const groups = (...names: string[]) => names.map(name => `<group>${name}</group>`).join('')

  it('are for anything but exactly one item (§2.3.3)', async () => {
    const two = el`<query xmlns='jabber:iq:roster'><item jid='a@verona.example'/><item jid='b@verona.example'/></query>`

    assert.equal(await refuses(two), 'bad-request')
    assert.equal(await refuses(QUERY), 'bad-request')
  })

  it('are for items without an address, or with one that is none', async () => {
    assert.equal(await refuses(item(`name='nobody'`)), 'bad-request')
    assert.equal(await refuses(item(`jid='@verona.example'`)), 'jid-malformed')
    assert.equal(await refuses(item(`jid='nurse@verona.example/kitchen'`)), 'bad-request')
  })

  it('are for oneself', async () => {
    assert.equal(await refuses(item(`jid='JULIET@verona.example'`)), 'not-allowed')
  })

  it('are for groups named twice, not at all, or at too great length', async () => {
    const inGroups = (...names: string[]) => item(`jid='${at('nurse')}'`, groups(...names))

    assert.equal(await refuses(inGroups('Servants', 'Servants')), 'bad-request')
    assert.equal(await refuses(inGroups('Servants', '')), 'not-acceptable')
    assert.equal(await refuses(inGroups('Servants'), { maxName: 7 }), 'not-acceptable')
    assert.equal(await refuses(inGroups('Servants', 'Friends'), { maxGroups: 1 }), 'not-acceptable')
  })

  it('are for names that are too long', async () => {
    assert.equal(await refuses(NURSE, { maxName: 4 }), 'not-acceptable')
  })

  it('are for more contacts than there may be; those there are may still be changed', async () => {
    const juliet = await arrives(await verona({ settings: { roster: { maxItems: 1 } } }), 'juliet')
    await juliet.asks('set', NURSE)

    assert.equal(await juliet.isRefused('set', item(`jid='${at('romeo')}'`)), 'resource-constraint')
    assert.equal((await juliet.asks('set', NURSE)).attrs.type, 'result')
    await says(juliet, 'subscribe', 'romeo')
    assert.equal(conditionOf(juliet.takes(({ attrs }) => attrs.type === 'error')), 'resource-constraint')
    assert.deepEqual(await rosterOf(juliet), ['nurse none "Nurse" (Servants)'])
  })

  it('are for whoever is not the owner, whether there is one or not (§2.1.5)', async () => {
    const romeo = await arrives(await verona(), 'romeo')

    for (const whose of [at('juliet'), at('nobody')]) {
      assert.equal(await romeo.isRefused('set', NURSE, whose), 'forbidden')
      assert.equal(await romeo.isRefused('get', QUERY, whose), 'service-unavailable')
    }
  })
})

describe('roster on a failing disk', () => {
  it('tells nobody of what is not committed', async () => {
    const storage = new MemoryStorage()
    const juliet = await arrives(await verona({ storage }), 'juliet')
    storage.hold()

    const asked = juliet.sends(el`<iq type='set' id='wish'>${NURSE}</iq>`)
    await settled()
    assert.equal(juliet.received.length, 0)

    storage.release()
    await asked
    assert.deepEqual(
      juliet.received.map(({ attrs }) => attrs.type),
      ['set', 'result'],
    )
  })

  it('answers with an error, and everything stays as it was', async () => {
    const storage = new MemoryStorage()
    const juliet = await arrives(await verona({ storage }), 'juliet')
    storage.fail(new Error('disk full'))

    assert.equal(await juliet.isRefused('set', NURSE), 'internal-server-error')

    storage.fail(undefined)
    assert.deepEqual(juliet.received, [])
    assert.deepEqual(await rosterOf(juliet), [])
    assert.equal((await juliet.asks('set', NURSE)).attrs.type, 'result')
  })
})
