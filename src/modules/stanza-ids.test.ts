import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { roster } from '../roster/index.js'
import { child, elements } from '../xml/index.js'
import { carbons } from './carbons.js'
import { disco } from './disco.js'
import { stanzaIds } from './stanza-ids.js'

describe('stanza ids', () => {
  const claim = (by: string) => `<stanza-id xmlns='urn:xmpp:sid:0' id='42' by='${by}'/>`
  const named = (message: { attrs: object }) => JSON.stringify(message.attrs)

  async function idsThatJulietSees(payload: string): Promise<(string | undefined)[]> {
    const kit = await Kit.start({ modules: [roster, stanzaIds] })
    const romeo = await kit.comesOnline('romeo/balcony')
    const juliet = await kit.comesOnline('juliet/chamber')
    kit.forget()
    await romeo.sends(el`<message to='juliet@verona.example'><body>Is the day so young?</body>${payload}</message>`)
    return juliet
      .takes()
      .getChildren('stanza-id')
      .map(({ attrs }) => attrs.by)
  }

  it('that others claim to be by the account do not come through (§3)', async () => {
    assert.deepEqual(await idsThatJulietSees(claim('juliet@verona.example')), [])
  })

  it('do not come through in another spelling either, nor several', async () => {
    assert.deepEqual(await idsThatJulietSees(claim('JULIET@Verona.Example') + claim('juliet@verona.example')), [])
  })

  it('by the sender himself, made up by his client, do not come through', async () => {
    assert.deepEqual(await idsThatJulietSees(claim('romeo@verona.example')), [])
  })

  it('by others, such as a room, are left alone (§3)', async () => {
    const foreign = claim('ball@rooms.verona.example') + claim('juliet@verona.example/chamber') + claim('')

    const seen = await idsThatJulietSees(foreign + claim('juliet@verona.example'))

    assert.deepEqual(seen, ['ball@rooms.verona.example', 'juliet@verona.example/chamber', ''])
  })

  it('leave the origin id alone, and what is inside of a forwarded message', async () => {
    const kit = await Kit.start({ modules: [roster, stanzaIds] })
    const romeo = await kit.comesOnline('romeo/balcony')
    const juliet = await kit.comesOnline('juliet/chamber')
    kit.forget()
    const forwarded = `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>${claim('juliet@verona.example')}</message></forwarded>`
    const origin = `<origin-id xmlns='urn:xmpp:sid:0' id='7'/>`

    await romeo.sends(el`<message to='juliet@verona.example'>${origin}${forwarded}</message>`)

    const seen = juliet.takes()
    assert.equal(child(seen, 'origin-id')?.attrs.id, '7')
    assert.match(`${seen}`, /stanza-id/)
  })

  it('do not come through in the copy that the sender’s other client gets', async () => {
    const kit = await Kit.start({ modules: [roster, stanzaIds, carbons] })
    const phone = await kit.comesOnline('romeo/phone')
    const laptop = await kit.comesOnline('romeo/laptop')
    await laptop.asks('set', el`<enable xmlns='urn:xmpp:carbons:2'/>`)
    kit.forget()

    await phone.sends(el`<message type='chat' to='juliet@verona.example'>${claim('romeo@verona.example')}</message>`)

    assert.doesNotMatch(`${laptop.takes()}`, /stanza-id/)
  })

  it('are promised by the account, not by the domain (§5)', async () => {
    const kit = await Kit.start({ modules: [disco, stanzaIds] })
    const romeo = await kit.connects('romeo')
    const query = el`<query xmlns='http://jabber.org/protocol/disco#info'/>`

    const [account, server] = [await romeo.asks('get', query), await romeo.asks('get', query, 'verona.example')]

    const features = (reply: typeof account) => elements(reply).flatMap(elements).map(named)
    assert.ok(features(account).some(feature => feature.includes('urn:xmpp:sid:0')))
    assert.ok(!features(server).some(feature => feature.includes('urn:xmpp:sid:0')))
  })
})
