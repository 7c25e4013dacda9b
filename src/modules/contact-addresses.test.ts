import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { StreamKit } from '../../test/stream-kit.js'
import { ConfigError } from '../core/config.js'
import { type Element, firstElement, serialise } from '../xml/index.js'
import { formIn, readForm } from '../xmpp/forms/index.js'
import { contactAddresses } from './contact-addresses.js'
import { disco } from './disco.js'

const formInfo = (reply: Element) => formIn(firstElement(reply) ?? reply)

async function ask(settings: object): Promise<Element | undefined> {
  const kit = await Kit.start({ modules: [disco, contactAddresses], settings: { contact: settings } })
  const romeo = await kit.connects('romeo')
  const query = el`<query xmlns='http://jabber.org/protocol/disco#info'/>`
  return formInfo(await romeo.asks('get', query, 'verona.example'))
}

describe('contact addresses', () => {
  it('are told of the domain, by what they are for (XEP-0157)', async () => {
    const form = await ask({
      abuse: ['mailto:abuse@verona.example', 'xmpp:prince@verona.example'],
      status: ['https://status.verona.example'],
    })

    assert.equal(
      serialise(form ?? assert.fail()),
      "<x xmlns='jabber:x:data' type='result'>" +
        "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>" +
        "<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@verona.example</value>" +
        '<value>xmpp:prince@verona.example</value></field>' +
        "<field var='status-addresses' type='list-multi'><value>https://status.verona.example</value></field></x>",
    )
  })

  it('are of seven kinds', async () => {
    const kinds = ['abuse', 'admin', 'feedback', 'sales', 'security', 'status', 'support']

    const form = await ask(Object.fromEntries(kinds.map(kind => [kind, [`mailto:${kind}@verona.example`]])))

    const names = form?.getChildren('field').map(({ attrs }) => attrs.var)
    assert.deepEqual(names, ['FORM_TYPE', ...kinds.map(kind => `${kind}-addresses`)])
  })

  it('are not spoken of when there are none', async () => assert.equal(await ask({}), undefined))

  for (const wrong of ['abuse@verona.example', ['abuse@verona.example'], ['mailto:'], ['http://a b'], [1]])
    it(`have to be URIs: ${JSON.stringify(wrong)}`, async () =>
      assert.rejects(
        ask({ abuse: wrong }),
        (fault: unknown) => fault instanceof ConfigError && fault.path === 'modules.contact.abuse',
      ))

  it('are seen on a stream', async () => {
    const support = ['xmpp:nurse@verona.example']
    const server = await StreamKit.start({
      modules: [disco, contactAddresses],
      kit: { settings: { contact: { support } } },
    })
    const romeo = await server.binds('romeo/orchard')
    romeo.send("<iq type='get' id='i' to='verona.example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")

    const form = formInfo(await romeo.takes('iq'))

    assert.deepEqual(form && readForm(form).fields.at(-1), {
      ...{ var: 'support-addresses', type: 'list-multi' },
      values: support,
    })
  })
})
