import assert from 'node:assert/strict'
import { SECRET } from '../../test/gateway.js'
import { conditionOf, el } from '../../test/kit.js'
import { readComponents } from '../component/settings.js'
import { arrives, pushes } from '../roster/fixture.test.js'
import { child, elements } from '../xml/index.js'
import { DELEGATION, DISCO_INFO, ROSTER } from '../xmpp/ns.js'
import {
  answerOf,
  answers,
  asks,
  forwardedTo,
  GATEWAY,
  online,
  result,
  SONG,
  verona,
} from './delegation-fixture.test.js'

describe('a component to which something is delegated (XEP-0355 §4.2)', () => {
  it('is told what, when it comes', async () => {
    const { server } = await verona({ [SONG]: [], 'urn:xmpp:mam:2': ['node', 'queryid'] })
    const gateway = await server.meets().connects()

    const message = await gateway.takes('message')

    assert.deepEqual([message.attrs.from, message.attrs.to], ['verona.example', GATEWAY])
    const told = child(message, 'delegation', DELEGATION)
    assert.deepEqual(
      elements(told ?? message).map(({ attrs, children }) => [attrs.namespace, ...children.map(String)]),
      [[SONG], ['urn:xmpp:mam:2', '<attribute name="node"/>', '<attribute name="queryid"/>']],
    )
  })

  it('is told again when that has changed, also that it is nothing any more', async () => {
    const { server, gateway } = await online()
    const told = async () => {
      const message = await gateway.finds(({ name }) => name === 'message')
      return elements(child(message, 'delegation', DELEGATION) ?? message).map(({ attrs }) => attrs.namespace)
    }
    server.configures({ [GATEWAY]: { delegations: { 'urn:a': [] } } })
    assert.deepEqual(await told(), ['urn:a'])
    server.configures({ [GATEWAY]: {} })
    assert.deepEqual(await told(), [])
  })

  it('is not one to which nothing is', async () => {
    const { server } = await verona({})
    const gateway = await server.meets().connects()
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })
})

describe('what cannot be delegated', () => {
  const read = (components: Readonly<Record<string, object>>) =>
    readComponents(
      Object.fromEntries(Object.entries(components).map(([name, its]) => [name, { secret: SECRET, ...its }])),
      'components',
      new Set(['verona.example', 'mantua.example']),
    )

  it('is delegation itself (§8)', () => {
    assert.throws(() => read({ [GATEWAY]: { delegations: { [DELEGATION]: [] } } }), /cannot be delegated/)
  })

  it('is one thing to two, but for different domains', () => {
    const delegations = { [SONG]: [] }
    assert.throws(() => read({ 'a.verona.example': { delegations }, 'b.verona.example': { delegations } }), /already/)
    read({ 'a.verona.example': { delegations }, 'a.mantua.example': { delegations } })
  })

  it('is what is written in another way than as a list of attributes', () => {
    for (const attributes of ['node', 7, [7], { node: true }])
      assert.throws(() => read({ [GATEWAY]: { delegations: { [SONG]: attributes } } }), /a list of attributes/)
    read({ [GATEWAY]: { delegations: { [SONG]: null } } })
  })

  it('is anything by users: they are told so', async () => {
    const { romeo } = await verona()
    const query = (ns: string) =>
      el`<query xmlns='${DELEGATION}' to='romeo@verona.example'><delegate namespace='${ns}'/></query>`
    assert.equal(await romeo.isRefused('get', query(SONG), 'verona.example'), 'service-unavailable')
    assert.equal(await romeo.isRefused('get', query(DELEGATION), 'verona.example'), 'forbidden')
  })
})

describe('a delegated request (XEP-0355 §4.3)', () => {
  const places: readonly (readonly [what: string, to: string | undefined, as: string])[] = [
    ['to the server', 'verona.example', 'verona.example'],
    ['to nobody', undefined, 'romeo@verona.example'],
    ['to the own account', 'romeo@verona.example', 'romeo@verona.example'],
    ['to another account', 'juliet@verona.example', 'juliet@verona.example'],
    ['to an account that there is not', 'rosaline@verona.example', 'rosaline@verona.example'],
  ]
  for (const [what, to, as] of places)
    it(`${what} goes to the component as it came, and its answer comes back`, async () => {
      const { gateway, romeo } = await online()

      await asks(romeo, to)
      const { wrapper, request } = await forwardedTo(gateway)
      assert.deepEqual([wrapper.attrs.type, wrapper.attrs.from, wrapper.attrs.to], ['set', 'verona.example', GATEWAY])
      const { from, id, type } = request.attrs
      assert.deepEqual([from, request.attrs.to, id, type], ['romeo@verona.example/orchard', as, 'song-1', 'get'])
      assert.ok(child(request, 'sing', SONG))
      answers(gateway, wrapper, result(`from='${as}' to='romeo@verona.example/orchard' id='song-1' type='result'`))
      await gateway.isHeard()

      const answer = answerOf(romeo)
      assert.deepEqual(
        [answer.attrs.type, answer.attrs.from, answer.attrs.to],
        ['result', as, 'romeo@verona.example/orchard'],
      )
      assert.ok(child(answer, 'lo', SONG))
    })

  it('may be answered without a sender, and with nothing', async () => {
    const { gateway, romeo } = await online()
    await asks(romeo, undefined)
    const { wrapper } = await forwardedTo(gateway)
    answers(gateway, wrapper, result(undefined, ''))
    await gateway.isHeard()
    const answer = answerOf(romeo)
    assert.deepEqual([answer.attrs.type, answer.children.length], ['result', 0])
  })

  it('comes from elsewhere as well', async () => {
    const { server, gateway } = await online()
    server.configures({ [GATEWAY]: { delegations: { [SONG]: [] } }, 'rooms.verona.example': {} })
    const rooms = await server.connects('rooms.verona.example')

    const asked = rooms.asks({ type: 'get', to: 'romeo@verona.example' }, `<sing xmlns='${SONG}'/>`)
    const { wrapper, request } = await forwardedTo(gateway)
    answers(gateway, wrapper, result(`to='rooms.verona.example' id='${request.attrs.id}' type='result'`))

    assert.ok(child(await asked, 'lo', SONG))
  })

  it('keeps nobody waiting: who has sent it can go on', async () => {
    const { romeo } = await online()
    await asks(romeo, undefined)
    assert.equal((await romeo.asks('get', el`<query xmlns='${DISCO_INFO}'/>`, 'verona.example')).attrs.type, 'result')
  })

  it('of the component itself is answered by the server (§4.3.1)', async () => {
    const { gateway } = await online()
    const answer = await gateway.asks({ type: 'get', to: 'romeo@verona.example' }, `<sing xmlns='${SONG}'/>`)
    assert.ok(child(answer, 'la', SONG))
  })

  it('is only one of that namespace, and not one to a resource, an answer or a message', async () => {
    const { server, gateway, romeo } = await online()
    const juliet = await arrives(server.kit, 'juliet/balcony')
    await asks(romeo, 'juliet@verona.example/balcony')
    assert.ok(child(juliet.takes(), 'sing', SONG))
    await romeo.sends(el`<iq type='result' id='1' to='verona.example'><sing xmlns='${SONG}'/></iq>`)
    await romeo.sends(el`<message to='juliet@verona.example'><sing xmlns='${SONG}'/></message>`)
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })

  it('is only one with the attributes that it has to have', async () => {
    const { gateway, romeo } = await online({ [SONG]: ['verse', 'key'] })
    const sing = (attrs: string) => el`<sing xmlns='${SONG}' ${attrs}/>`
    for (const attrs of ['', `verse='1'`, `key='C'`])
      assert.ok(child(await romeo.asks('get', sing(attrs), 'verona.example'), 'la', SONG))
    await asks(romeo, 'verona.example', sing(`key='' verse='1' loud='yes'`))
    await forwardedTo(gateway)
  })

  it('is only one at the domains that the component is for', async () => {
    const { romeo } = await online({ [SONG]: [] }, { domains: ['mantua.example'] })
    assert.ok(child(await romeo.asks('get', el`<sing xmlns='${SONG}'/>`, 'verona.example'), 'la', SONG))
  })

  const bad: readonly (readonly [what: string, inner: string])[] = [
    ['to somebody else', result(`to='juliet@verona.example' id='song-1' type='result'`)],
    ['to nobody', result(`id='song-1' type='result'`)],
    [
      'from somebody else',
      result(`from='nurse@verona.example' to='romeo@verona.example/orchard' id='song-1' type='result'`),
    ],
    ['with another id', result(`to='romeo@verona.example/orchard' id='song-2' type='result'`)],
    ['that is an error', result(`to='romeo@verona.example/orchard' id='song-1' type='error'`)],
    ['that is a request', result(`to='romeo@verona.example/orchard' id='song-1' type='set'`)],
    ['with two things in it', result(undefined, `<a xmlns='urn:a'/><b xmlns='urn:a'/>`)],
    ['of another namespace', result().replace('jabber:client', 'urn:a')],
    ['without anything', ''],
  ]
  for (const [what, inner] of bad)
    it(`is refused when the answer is one ${what}`, async () => {
      const { gateway, romeo } = await online()
      await asks(romeo, undefined)
      const { wrapper } = await forwardedTo(gateway)
      answers(gateway, wrapper, inner)
      await gateway.isHeard()
      const error = answerOf(romeo)
      assert.equal(conditionOf(error), 'service-unavailable')
      assert.ok(child(error, 'sing', SONG))
    })

  it('is refused when the component refuses, is away, goes away or does not answer', async () => {
    const { server, romeo } = await verona({ [SONG]: [] }, {}, { answerTime: '10 seconds' })
    await asks(romeo, undefined)
    assert.equal(conditionOf(answerOf(romeo)), 'service-unavailable')

    const gateway = await server.connects()
    await asks(romeo, undefined)
    const { attrs } = (await forwardedTo(gateway)).wrapper
    gateway.says(`<iq type='error' id='${attrs.id}' from='${GATEWAY}' to='verona.example'><error type='auth'/></iq>`)
    await gateway.isHeard()
    assert.equal(conditionOf(answerOf(romeo)), 'service-unavailable')

    await asks(romeo, undefined)
    await forwardedTo(gateway)
    await server.kit.clock.pass(10_000)
    assert.equal(conditionOf(answerOf(romeo)), 'service-unavailable')

    await asks(romeo, undefined)
    await forwardedTo(gateway)
    await gateway.wire.cuts()
    assert.equal(conditionOf(answerOf(romeo)), 'service-unavailable')
  })

  it('is refused when as many wait for the component as there may', async () => {
    const { romeo } = await online(undefined, {}, { maxRequests: 1 })
    await asks(romeo, undefined)
    await asks(romeo, undefined)
    assert.equal(conditionOf(answerOf(romeo)), 'resource-constraint')
  })

  it('can be one about the roster: who asks for it hears of changes, whoever makes them', async () => {
    const { gateway, server } = await online({ [ROSTER]: [] }, { privileges: { roster: 'both', push: false } })
    const juliet = await server.kit.connects('juliet/balcony')
    await asks(juliet, undefined, el`<query xmlns='${ROSTER}'/>`)
    await forwardedTo(gateway)

    const set = `<query xmlns='${ROSTER}'><item jid='romeo@montaigu.example'><group>Rivals</group></item></query>`
    const answer = await gateway.asks({ type: 'set', to: 'juliet@verona.example' }, set)

    assert.equal(answer.attrs.type, 'result')
    assert.deepEqual(pushes(juliet), ['romeo@montaigu.example none (Rivals)'])
  })
})
