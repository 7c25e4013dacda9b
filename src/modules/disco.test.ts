import assert from 'node:assert/strict'
import { conditionOf, el, Kit } from '../../test/kit.js'
import { defineModule } from '../core/module.js'
import { roster } from '../roster/index.js'
import { type Element, elements, firstElement } from '../xml/index.js'
import { disco } from './disco.js'
import { ping } from './ping.js'
import { vcard } from './vcard.js'

describe('disco', () => {
  const info = el`<query xmlns='http://jabber.org/protocol/disco#info'/>`
  const items = el`<query xmlns='http://jabber.org/protocol/disco#items'/>`
  const valuesOf = (reply: Element, name: string, attr: string) =>
    elements(firstElement(reply) ?? reply)
      .filter(entry => entry.name === name)
      .map(({ attrs }) => attrs[attr])

  /** Juliet lets Romeo see her presence; the nurse sees nobody's. */
  async function verona() {
    const kit = await Kit.start({ modules: [roster, disco, ping, vcard] })
    const juliet = await kit.comesOnline('juliet/chamber')
    const romeo = await kit.comesOnline('romeo/balcony')
    const nurse = await kit.comesOnline('nurse/kitchen')
    await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
    await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)
    kit.forget()
    return { kit, romeo, juliet, nurse }
  }

  describe('of the domain', () => {
    it('says what it is and what it can, in order and once', async () => {
      const twice = defineModule({
        name: 'twice',
        doc: '',
        implements: [],
        features: ['urn:xmpp:ping'],
        setup: () => ({}),
      })
      const kit = await Kit.start({ modules: [disco, ping, vcard, twice] })
      const romeo = await kit.connects('romeo')

      const reply = await romeo.asks('get', info, 'verona.example')

      assert.equal(
        `${elements(firstElement(reply) ?? reply)[0]}`,
        '<identity category="server" type="im" name="Parlance"/>',
      )
      assert.deepEqual(valuesOf(reply, 'feature', 'var'), [
        'http://jabber.org/protocol/disco#info',
        'http://jabber.org/protocol/disco#items',
        'urn:xmpp:ping',
        'vcard-temp',
      ])
    })

    it('lists the services of modules', async () => {
      const rooms = defineModule({
        ...{ name: 'rooms', doc: '', implements: [] },
        setup: () => ({ items: domain => [{ jid: `rooms.${domain}`, name: 'Rooms' }] }),
      })
      const kit = await Kit.start({ modules: [disco, rooms] })
      const romeo = await kit.connects('romeo')

      const verona = await romeo.asks('get', items, 'verona.example')
      const mantua = await romeo.asks('get', items, 'mantua.example')

      assert.deepEqual(valuesOf(verona, 'item', 'jid'), ['rooms.verona.example'])
      assert.deepEqual(valuesOf(verona, 'item', 'name'), ['Rooms'])
      assert.deepEqual(valuesOf(mantua, 'item', 'jid'), ['rooms.mantua.example'])
    })

    it('has no nodes (§7)', async () => {
      const kit = await Kit.start({ modules: [disco] })
      const romeo = await kit.connects('romeo')

      for (const what of ['info', 'items']) {
        const query = el`<query xmlns='http://jabber.org/protocol/disco#${what}' node='x'/>`
        assert.equal(await romeo.isRefused('get', query, 'verona.example'), 'item-not-found')
      }
    })
  })

  describe('of an account', () => {
    it('tells its owner what it can', async () => {
      const { romeo } = await verona()

      const reply = await romeo.asks('get', info)

      assert.deepEqual(valuesOf(reply, 'identity', 'category'), ['account'])
      assert.deepEqual(valuesOf(reply, 'identity', 'type'), ['registered'])
      assert.ok(valuesOf(reply, 'feature', 'var').includes('http://jabber.org/protocol/disco#info'))
    })

    it('tells the same to a contact that may see it, and which clients are available (§4.1)', async () => {
      const { kit, romeo } = await verona()
      await kit.connects('juliet/garden') // not available

      const reply = await romeo.asks('get', info, 'juliet@verona.example')
      const clients = await romeo.asks('get', items, 'juliet@verona.example')

      assert.deepEqual(valuesOf(reply, 'identity', 'type'), ['registered'])
      assert.deepEqual(valuesOf(clients, 'item', 'jid'), ['juliet@verona.example/chamber'])
    })

    it('tells others as much as an account that does not exist (§8)', async () => {
      const { nurse } = await verona()
      const refusal = (reply: Element) => `${elements(reply).at(-1)}`

      for (const query of [info, el`<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>`]) {
        const juliet = await nurse.asks('get', query, 'juliet@verona.example')
        const rosaline = await nurse.asks('get', query, 'rosaline@verona.example')
        assert.equal(conditionOf(juliet), 'service-unavailable')
        assert.equal(refusal(juliet), refusal(rosaline))
      }
      for (const query of [items, el`<query xmlns='http://jabber.org/protocol/disco#items' node='x'/>`]) {
        const juliet = await nurse.asks('get', query, 'juliet@verona.example')
        const rosaline = await nurse.asks('get', query, 'rosaline@verona.example')
        assert.equal(juliet.attrs.type, 'result')
        assert.deepEqual(elements(firstElement(juliet) ?? juliet), [])
        assert.equal(refusal(juliet), refusal(rosaline))
      }
    })

    it('has no nodes, for those who may know', async () => {
      const { romeo } = await verona()
      const query = el`<query xmlns='http://jabber.org/protocol/disco#items' node='x'/>`

      assert.equal(await romeo.isRefused('get', query, 'juliet@verona.example'), 'item-not-found')
      assert.equal(await romeo.isRefused('get', query), 'item-not-found')
    })
  })
})
