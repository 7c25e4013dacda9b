import assert from 'node:assert/strict'
import type { Gateway } from '../../test/gateway.js'
import { type Client, el } from '../../test/kit.js'
import { child, elements, is, parseElement as parse } from '../xml/index.js'
import { DATA_FORMS, DELEGATION, DISCO_INFO, DISCO_ITEMS } from '../xmpp/ns.js'
import { answerOf, answers, asks, forwardedTo, online, result, SONG, verona } from './delegation-fixture.test.js'

describe('service discovery, where something is delegated (XEP-0355 §7)', () => {
  const INFO = el`<query xmlns='${DISCO_INFO}'/>`

  async function told(client: Client, to: string) {
    const query = child(await client.asks('get', INFO, to), 'query', DISCO_INFO)
    const all = query ? elements(query) : []
    const named = (name: string) => all.filter(element => element.name === name)
    return {
      features: named('feature').map(({ attrs }) => attrs.var ?? ''),
      identities: named('identity').map(({ attrs }) => `${attrs.category}/${attrs.type}`),
      forms: named('x').map(String),
    }
  }

  /** Says what the component knows of songs, of the server and of accounts. */
  async function informs(gateway: Gateway): Promise<void> {
    for (const [separator, said] of [
      ['::', `<feature var='${SONG}'/><feature var='${SONG}#solo'/>`],
      [':bare:', `<identity category='singer' type='tenor'/><feature var='${SONG}#hum'/>`],
    ]) {
      const node = `${DELEGATION}${separator}${SONG}`
      const asked = await gateway.finds(stanza =>
        stanza.children.some(c => typeof c !== 'string' && c.attrs.node === node),
      )
      const form = `<x xmlns='${DATA_FORMS}' type='result'><field var='FORM_TYPE' type='hidden'><value>${SONG}</value></field><field var='voice'><value>theirs</value></field></x>`
      const { id, from, to } = asked.attrs
      gateway.says(
        `<iq type='result' id='${id}' from='${to}' to='${from}'><query xmlns='${DISCO_INFO}' node='${node}'>${said}${form}</query></iq>`,
      )
    }
    await gateway.isHeard()
  }

  it('tells that the server can delegate', async () => {
    const { romeo } = await verona({})
    const { features } = await told(romeo, 'verona.example')
    assert.ok(features.includes(DELEGATION) && features.includes(`${SONG}#loud`))
  })

  it('tells of the server what the component says, and nothing of what the server would say', async () => {
    const { server, romeo } = await verona()
    const gateway = await server.meets().connects()
    await informs(gateway)

    const { features, forms } = await told(romeo, 'verona.example')

    assert.ok(features.includes(SONG) && features.includes(`${SONG}#solo`))
    assert.ok(!features.includes(`${SONG}#loud`))
    assert.ok(features.includes('urn:example:songbook'))
    assert.match(forms.join(), /theirs/)
    assert.doesNotMatch(forms.join(), /ours/)
  })

  it('tells the same of accounts', async () => {
    const { server, romeo } = await verona()
    const gateway = await server.meets().connects()
    await informs(gateway)

    const { features, identities } = await told(romeo, 'romeo@verona.example')

    assert.ok(features.includes(`${SONG}#hum`) && !features.includes(`${SONG}#softly`))
    assert.deepEqual(identities, ['account/registered', 'singer/tenor'])
  })

  it('tells nothing of it while the component is away', async () => {
    const { server, romeo } = await verona()
    const gateway = await server.meets().connects()
    await informs(gateway)
    await gateway.wire.cuts()

    const { features } = await told(romeo, 'verona.example')

    assert.ok(!features.some(name => name.startsWith(`${SONG}#`) || name === SONG))
  })

  it('is as ever where the component is not for the domain', async () => {
    const { romeo } = await online({ [SONG]: [] }, { domains: ['mantua.example'] })
    assert.ok((await told(romeo, 'verona.example')).features.includes(`${SONG}#loud`))
  })

  const special = (name: string) => ({ [`${DELEGATION}:bare:disco#${name}:*`]: [] })
  const query = (ns: string, node?: string) => parse(`<query xmlns='${ns}' ${node ? `node='${node}'` : ''}/>`)

  it('asks the component about nodes of accounts that nobody else has (§7.2.4)', async () => {
    const { gateway, romeo } = await online(special('info'))
    await asks(romeo, 'romeo@verona.example', query(DISCO_INFO, 'urn:xmpp:microblog:0'))
    const { wrapper } = await forwardedTo(gateway)
    answers(
      gateway,
      wrapper,
      result(undefined, `<query xmlns='${DISCO_INFO}'><identity category='pubsub' type='leaf'/></query>`),
    )
    await gateway.isHeard()
    assert.match(`${answerOf(romeo)}`, /leaf/)
  })

  it('does not ask it about the account itself, nor about nodes of the server', async () => {
    const { gateway, romeo } = await online(special('info'))
    assert.ok((await told(romeo, 'romeo@verona.example')).identities.includes('account/registered'))
    const refused = await romeo.isRefused('get', query(DISCO_INFO, 'urn:xmpp:microblog:0'), 'verona.example')
    assert.equal(refused, 'item-not-found')
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })

  it('asks the component about the items of accounts, and of nodes of theirs (§7.2.5)', async () => {
    const { gateway, romeo } = await online(special('items'))
    for (const node of [undefined, 'urn:xmpp:microblog:0']) {
      await asks(romeo, 'romeo@verona.example', query(DISCO_ITEMS, node))
      const { wrapper, request } = await forwardedTo(gateway)
      assert.ok(elements(request).every(element => is(element, 'query', DISCO_ITEMS)))
      const item = `<item jid='romeo@verona.example' node='http://jabber.org/protocol/mood'/>`
      answers(gateway, wrapper, result(undefined, `<query xmlns='${DISCO_ITEMS}'>${item}</query>`))
      await gateway.isHeard()
      assert.match(`${answerOf(romeo)}`, /mood/)
    }
  })
})
