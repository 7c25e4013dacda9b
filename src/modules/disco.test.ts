import assert from 'node:assert/strict'
import { conditionOf, el, Kit } from '../../test/kit.js'
import type { DiscoInfo, DiscoNode } from '../core/discovery.js'
import { type Behaviour, defineModule } from '../core/module.js'
import { roster } from '../roster/index.js'
import { type Element, elements, firstElement, serialise } from '../xml/index.js'
import { formTypeField } from '../xmpp/forms/index.js'
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
        '<identity category="server" type="im" name="Parlance" xml:lang="en"/>',
      )
      assert.deepEqual(valuesOf(reply, 'feature', 'var'), [
        'http://jabber.org/protocol/disco#info',
        'http://jabber.org/protocol/disco#items',
        'http://jabber.org/protocol/rsm',
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

  describe('with what other modules say', () => {
    const saying = (name: string, behaviour: Behaviour) =>
      defineModule({ name, doc: '', implements: [], setup: () => behaviour })
    const told = (reply: Element) => elements(firstElement(reply) ?? reply).map(el => serialise(el, INFO_NS))
    const INFO_NS = 'http://jabber.org/protocol/disco#info'

    it('says all that a domain is, once, and in one form for each kind (XEP-0128)', async () => {
      const birds = (features: readonly string[], fields: Readonly<Record<string, string>>): Partial<DiscoInfo> => ({
        identities: [{ category: 'gateway', type: 'lark', name: 'Larks' }],
        features,
        forms: [
          {
            type: 'result',
            fields: [
              formTypeField('urn:example:birds'),
              ...Object.entries(fields).map(([name, value]) => ({ var: name, values: [value] })),
            ],
          },
        ],
      })
      const kit = await Kit.start({
        modules: [
          saying('lark', { info: () => birds(['urn:b', 'urn:a'], { sings: 'at dawn' }) }),
          saying('nightingale', { info: domain => birds(['urn:a'], { at: domain }) }),
          disco,
        ],
      })
      const romeo = await kit.connects('romeo')

      const reply = told(await romeo.asks('get', info, 'verona.example'))

      assert.deepEqual(
        reply.filter(text => !text.includes('jabber.org')),
        [
          "<identity category='server' type='im' name='Parlance' xml:lang='en'/>",
          "<identity category='gateway' type='lark' name='Larks' xml:lang='en'/>",
          "<feature var='urn:a'/>",
          "<feature var='urn:b'/>",
          "<x xmlns='jabber:x:data' type='result'>" +
            "<field var='FORM_TYPE' type='hidden'><value>urn:example:birds</value></field>" +
            "<field var='sings'><value>at dawn</value></field><field var='at'><value>verona.example</value></field></x>",
        ],
      )
    })

    it('says of an account what concerns who asks', async () => {
      const kit = await Kit.start({
        modules: [
          roster,
          disco,
          saying('lark', {
            accountInfo: async (account, asker) =>
              account.equals(asker.bare) ? { features: ['urn:example:own'] } : {},
          }),
        ],
      })
      const [juliet, romeo] = [await kit.comesOnline('juliet'), await kit.comesOnline('romeo')]
      await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
      await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)

      const features = (reply: Element) => valuesOf(reply, 'feature', 'var')
      assert.ok(features(await juliet.asks('get', info)).includes('urn:example:own'))
      assert.ok(!features(await romeo.asks('get', info, 'juliet@verona.example')).includes('urn:example:own'))
    })

    /** Has a garden at the domain, and one at each account. */
    const gardens = saying('gardens', {
      node: (name, { target, to }): DiscoNode | undefined => {
        if (name === 'empty') return {}
        if (name !== 'garden') return undefined
        return {
          info: () => ({ identities: [{ category: 'hierarchy', type: 'branch' }], features: [target], forms: [] }),
          items: async () => [{ jid: to.toString(), node: 'tree', name: 'A tree' }],
        }
      },
    })
    const ask = (what: string, node: string) =>
      el`<query xmlns='http://jabber.org/protocol/disco#${what}' node='${node}'/>`

    for (const [target, to, from] of [
      ['server', 'verona.example', 'nurse'],
      ['account', 'juliet@verona.example', 'juliet'],
    ] as const)
      it(`knows nodes of the ${target}, and answers with their names (§3.2, §4.2)`, async () => {
        const kit = await Kit.start({ modules: [roster, disco, gardens] })
        const client = await kit.connects(from)

        const info = firstElement(await client.asks('get', ask('info', 'garden'), to))
        const items = firstElement(await client.asks('get', ask('items', 'garden'), to))

        assert.equal(
          serialise(info ?? assert.fail(), 'jabber:client'),
          "<query xmlns='http://jabber.org/protocol/disco#info' node='garden'>" +
            `<identity category='hierarchy' type='branch'/><feature var='${target}'/></query>`,
        )
        assert.equal(
          serialise(items ?? assert.fail(), 'jabber:client'),
          "<query xmlns='http://jabber.org/protocol/disco#items' node='garden'>" +
            `<item jid='${to}' node='tree' name='A tree'/></query>`,
        )
        assert.equal(await client.isRefused('get', ask('info', 'balcony'), to), 'item-not-found')
        assert.equal(await client.isRefused('get', ask('info', 'empty'), to), 'item-not-found')
        assert.deepEqual(valuesOf(await client.asks('get', ask('items', 'empty'), to), 'item', 'jid'), [])
      })

    it('tells nobody of the nodes of an account that they may not know (§8)', async () => {
      const kit = await Kit.start({ modules: [roster, disco, gardens] })
      const nurse = await kit.connects('nurse')

      assert.equal(await nurse.isRefused('get', ask('info', 'garden'), 'juliet@verona.example'), 'service-unavailable')
      const items = await nurse.asks('get', ask('items', 'garden'), 'juliet@verona.example')
      assert.deepEqual(valuesOf(items, 'item', 'jid'), [])
    })
  })

  describe('page by page (XEP-0059)', () => {
    const services = defineModule({
      ...{ name: 'services', doc: '', implements: [] },
      setup: () => ({ items: () => ['one', 'two', 'three'].map(name => ({ jid: `${name}.verona.example` })) }),
    })
    const ask = (set: string) =>
      el`<query xmlns='http://jabber.org/protocol/disco#items'><set xmlns='http://jabber.org/protocol/rsm'>${set}</set></query>`
    const setOf = (reply: Element) =>
      serialise(firstElement(reply)?.getChild('set', 'http://jabber.org/protocol/rsm') ?? assert.fail())

    async function romeoAsks(settings = {}) {
      const kit = await Kit.start({ modules: [disco, services], settings: { disco: settings } })
      const romeo = await kit.connects('romeo')
      return { romeo, asks: (set: string) => romeo.asks('get', ask(set), 'verona.example') }
    }

    it('lists what follows, with where it is', async () => {
      const { asks } = await romeoAsks()

      const reply = await asks('<max>1</max><after>one.verona.example</after>')

      assert.deepEqual(valuesOf(reply, 'item', 'jid'), ['two.verona.example'])
      assert.equal(
        setOf(reply),
        "<set xmlns='http://jabber.org/protocol/rsm'><first index='1'>two.verona.example</first>" +
          '<last>two.verona.example</last><count>3</count></set>',
      )
    })

    it('lists no more than it may at a time', async () => {
      const { asks } = await romeoAsks({ maxPage: 2 })

      assert.equal(valuesOf(await asks(''), 'item', 'jid').length, 2)
      assert.equal(
        setOf(await asks('<max>0</max>')),
        "<set xmlns='http://jabber.org/protocol/rsm'><count>3</count></set>",
      )
    })

    it('does not know what it never listed', async () => {
      const { romeo } = await romeoAsks()

      assert.equal(await romeo.isRefused('get', ask('<after>four</after>'), 'verona.example'), 'item-not-found')
      assert.equal(await romeo.isRefused('get', ask('<max>x</max>'), 'verona.example'), 'bad-request')
    })

    it('says nothing about a list that is empty', async () => {
      const kit = await Kit.start({ modules: [disco] })
      const romeo = await kit.connects('romeo')

      const reply = await romeo.asks('get', ask('<max>1</max>'), 'verona.example')

      assert.deepEqual(elements(firstElement(reply) ?? reply), [])
    })
  })
})
