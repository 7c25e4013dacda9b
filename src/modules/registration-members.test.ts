import assert from 'node:assert/strict'
import { type Client, el, Kit, settled } from '../../test/kit.js'
import { base64, isElement, type Wire } from '../../test/stream-client.js'
import { isGuest } from '../core/accounts.js'
import { offline } from '../offline/offline.js'
import { hears } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import { child, type Element } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { DATA_FORMS, REGISTER, SASL } from '../xmpp/ns.js'
import { disco } from './disco.js'
import { registration } from './registration.js'
import {
  answerTo,
  asks,
  inWords,
  logsIn,
  named,
  OPEN,
  registers,
  start,
  stranger,
} from './registration-fixture.test.js'

describe('a password that its owner changes (XEP-0077 §3.3)', () => {
  const change = (wire: Wire, password = 'deny thy father', name = 'romeo') =>
    asks(wire, 'set', named(name, password), `to='verona.example'`)

  it('counts from then on: other clients have to log in anew, the one that did it goes on', async () => {
    const kit = await start({})
    const [balcony, orchard] = [await kit.comesOnline('romeo/balcony'), await kit.comesOnline('romeo/orchard')]
    const half = await kit.logsIn('romeo')
    balcony.takesAll()
    orchard.takesAll()

    const answer = await change(balcony)

    assert.deepEqual([answer.attrs.type, answer.children.length], ['result', 0])
    await orchard.finds(event => 'name' in event && event.name === 'error')
    assert.equal(await half.fails(), 'not-authorized')
    await balcony.pings()
    assert.equal(await logsIn(kit, 'romeo', 'deny thy father'), true)
    assert.equal(await logsIn(kit, 'romeo', 'wherefore art thou'), false)
  })

  it('does not protect the client from the next change by another one', async () => {
    const kit = await start({})
    const [balcony, orchard] = [await kit.binds('romeo/balcony'), await kit.binds('romeo/orchard')]
    await change(balcony)
    await orchard.fails()
    const again = await stranger(kit)
    again.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64('\0romeo\0deny thy father')}</auth>`)
    await again.takes('success', SASL)
    await again.opens()
    await again.binds('chamber')

    await change(again, 'refuse thy name')

    assert.equal(await balcony.fails(), 'not-authorized')
  })

  const online = async (settings: object = {}): Promise<Client> => {
    const kit = await Kit.start({ modules: [roster, disco, registration], settings: { registration: settings } })
    return kit.connects('romeo/orchard')
  }
  const query = (payload: string) => el`<query xmlns='jabber:iq:register'>${payload}</query>`
  const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`
  const form = (...fields: string[]) => query(`<x xmlns='${DATA_FORMS}' type='submit'>${fields.join('')}</x>`)

  it('may be given in a form', async () => {
    const romeo = await online()
    const payload = form(
      ...[field('FORM_TYPE', 'jabber:iq:register:changepassword'), field('username', 'romeo@verona.example')],
      ...[field('old_password', 'x'), field('password', 'deny thy father')],
    )
    assert.equal((await romeo.asks('set', payload)).attrs.type, 'result')
  })

  const refused: readonly (readonly [what: string, payload: Element, error: string])[] = [
    ['no name', query('<password>deny thy father</password>'), 'bad-request modify 400'],
    ['no password', query('<username>romeo</username>'), 'bad-request modify 400'],
    ['an empty password', query(named('romeo', '')), 'bad-request modify 400'],
    ['the name of somebody else', query(named('juliet')), 'bad-request modify 400'],
    ['a short password', query(named('romeo', 'deny')), 'not-acceptable modify 406'],
    [
      'a form about something else',
      form(field('FORM_TYPE', 'urn:example'), field('username', 'romeo')),
      'bad-request modify 400',
    ],
  ]
  for (const [what, payload, error] of refused)
    it(`stays as it is when there is ${what}, and the new one is not sent back`, async () => {
      const romeo = await online()
      const answer = await romeo.asks('set', payload, 'verona.example')
      assert.equal(inWords(answer), error)
      assert.equal(child(answer, 'query'), undefined)
    })

  it('cannot be changed where that is switched off', async () => {
    const romeo = await online({ changePassword: false })
    assert.equal(inWords(await romeo.asks('set', query(named('romeo')))), 'not-allowed cancel 405')
  })

  it('cannot be changed at another domain, or for another account', async () => {
    const romeo = await online()
    for (const to of ['mantua.example', 'juliet@verona.example', 'rosaline@verona.example'])
      assert.equal(await romeo.isRefused('set', query(named('romeo')), to), 'service-unavailable')
  })

  it('is told about in service discovery as long as it is possible', async () => {
    const features = async (romeo: Client) =>
      `${await romeo.asks('get', el`<query xmlns='http://jabber.org/protocol/disco#info'/>`, 'verona.example')}`
    assert.match(await features(await online()), /var="jabber:iq:register"/)
    assert.doesNotMatch(await features(await online({ changePassword: false, remove: false })), /jabber:iq:register/)
  })

  it('is not told: who asks hears that there is an account', async () => {
    const kit = await start({ ...OPEN, email: true })
    const wire = await stranger(kit)
    await asks(wire, 'set', named('rosaline', undefined, '<email>rosaline@capulet.example</email>'))
    const rosaline = await kit.kit.connects('rosaline/home')

    const answer = child(await rosaline.asks('get', query('')), 'query')

    assert.deepEqual(
      answer?.getChildElements().map(({ name, children }) => [name, ...children]),
      [['registered'], ['username', 'rosaline'], ['password'], ['email', 'rosaline@capulet.example']],
    )
  })
})

describe('an account that its owner removes (XEP-0077 §3.2)', () => {
  it('is gone: the client hears so, then all streams end, and contacts see no ghost', async () => {
    const kit = await start({})
    const [romeo, other] = [await kit.comesOnline('romeo/orchard'), await kit.comesOnline('romeo/balcony')]
    const juliet = await kit.kit.comesOnline('juliet/chamber')
    romeo.send(`<presence type='subscribe' to='juliet@verona.example'/>`)
    await romeo.pings()
    await juliet.sends(el`<presence type='subscribed' to='romeo@verona.example'/>`)
    await romeo.pings()
    juliet.received.length = 0
    for (const wire of [romeo, other]) wire.takesAll()

    romeo.send(`<iq type='set' id='bye'><query xmlns='${REGISTER}'><remove/></query></iq>`)

    assert.equal((await answerTo(romeo, 'bye')).attrs.type, 'result')
    await romeo.finds(event => isElement(event) && event.name === 'error')
    await other.finds(event => isElement(event) && event.name === 'error')
    await settled()
    assert.deepEqual(hears(juliet), ['unsubscribe romeo'])
    assert.equal(await kit.kit.accounts.exists(parseJid('romeo@verona.example')), false)
    assert.equal(await logsIn(kit, 'romeo', 'wherefore art thou'), false)
  })

  it('can be had by somebody else then, who finds nothing', async () => {
    const kit = await start(OPEN, { modules: [roster, offline, registration] })
    const romeo = await kit.binds('romeo/orchard')
    romeo.send(`<iq type='set' id='bye'><query xmlns='${REGISTER}'><remove/></query></iq>`)
    await romeo.takes('iq')
    await romeo.fails()

    assert.equal((await registers(await stranger(kit), 'romeo')).attrs.type, 'result')
    const again = await kit.kit.connects('romeo/orchard')
    const details = child(await again.asks('get', el`<query xmlns='jabber:iq:register'/>`), 'query')
    assert.equal(details?.getChild('email'), undefined)
  })

  const online = async (settings: object = {}): Promise<Client> => {
    const kit = await Kit.start({ modules: [roster, registration], settings: { registration: settings } })
    return kit.connects('romeo/orchard')
  }

  it('stays when more is said than that', async () => {
    const romeo = await online()
    const payload = el`<query xmlns='jabber:iq:register'><remove/><username>romeo</username></query>`
    assert.equal(inWords(await romeo.asks('set', payload)), 'bad-request modify 400')
  })

  it('stays where that is switched off', async () => {
    const romeo = await online({ remove: false })
    const payload = el`<query xmlns='jabber:iq:register'><remove/></query>`
    assert.equal(inWords(await romeo.asks('set', payload)), 'not-allowed cancel 405')
    assert.equal(await romeo.kit.accounts.exists(romeo.account), true)
  })

  it('is not a guest’s, who has none', async () => {
    const romeo = await online()
    romeo.set(isGuest, true)
    assert.equal(await romeo.isRefused('get', el`<query xmlns='jabber:iq:register'/>`), 'service-unavailable')
    const payload = el`<query xmlns='jabber:iq:register'><remove/></query>`
    assert.equal(inWords(await romeo.asks('set', payload)), 'registration-required auth 407')
  })

  it('has to be one: who has none here is told', async () => {
    const romeo = await online()
    const payload = el`<query xmlns='jabber:iq:register'><remove/></query>`
    assert.equal(inWords(await romeo.asks('set', payload, 'mantua.example')), 'registration-required auth 407')
    assert.equal(await romeo.kit.accounts.exists(romeo.account), true)
  })
})
