import assert from 'node:assert/strict'
import { type Gateway, Verona } from '../../test/gateway.js'
import { conditionOf, settled } from '../../test/kit.js'
import { arrives } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import { child, type Element, parseElement as parse } from '../xml/index.js'
import { FORWARD, PRIVILEGE } from '../xmpp/ns.js'
import { disco } from './disco.js'
import { privateXml } from './private-xml.js'
import { privilege } from './privilege.js'

const GATEWAY = 'gateway.verona.example'
const JULIET = 'juliet@verona.example'
const SONG = 'urn:example:song'

async function online(iq: object = { [SONG]: 'both', 'jabber:iq:private': 'get' }, settings: object = {}) {
  const server = await Verona.start({
    modules: [roster, disco, privateXml, privilege],
    components: { [GATEWAY]: { privileges: { iq } } },
    settings: { privilege: settings },
  })
  return { server, gateway: await server.connects(), romeo: await arrives(server.kit, 'romeo/orchard') }
}

const inner = (to: string | undefined, more: { type?: string; from?: string; ns?: string; payload?: string } = {}) => {
  const { type = 'set', from, ns = 'jabber:client', payload = `<sing xmlns='${SONG}'/>` } = more
  const attrs = [to && `to='${to}'`, from && `from='${from}'`].filter(Boolean).join(' ')
  return `<iq xmlns='${ns}' type='${type}' id='song-1' ${attrs}>${payload}</iq>`
}

const wraps = (gateway: Gateway, iq: string, { type = 'set', to = JULIET } = {}) =>
  gateway.asks({ type, to }, `<privileged_iq xmlns='${PRIVILEGE}'>${iq}</privileged_iq>`)

/** The answer that a component gets of what it has asked in the name of somebody. */
function answerIn(answer: Element): Element {
  assert.equal(answer.attrs.type, 'result', `${answer}`)
  const forwarded = child(child(answer, 'privilege', PRIVILEGE) ?? answer, 'forwarded', FORWARD)
  const iq = forwarded && child(forwarded, 'iq', 'jabber:client')
  assert.ok(iq, `${answer}`)
  return iq
}

describe('a request that a component makes in the name of a user (XEP-0356 §6)', () => {
  it('is as if the user had made it, and the answer comes back', async () => {
    const { gateway, romeo } = await online()

    const asked = wraps(gateway, inner('romeo@verona.example/orchard'))
    await settled()
    const request = romeo.takes(({ name }) => name === 'iq')
    const { from, to, type, id } = request.attrs
    assert.deepEqual([from, to, type, id], [JULIET, 'romeo@verona.example/orchard', 'set', 'song-1'])
    assert.ok(child(request, 'sing', SONG))
    await romeo.sends(
      parse(`<iq xmlns='jabber:client' type='result' id='song-1' to='${JULIET}'><sung xmlns='${SONG}'/></iq>`),
    )

    const answer = await asked
    assert.deepEqual([answer.attrs.from, answer.attrs.to], [JULIET, GATEWAY])
    const result = answerIn(answer)
    assert.deepEqual(
      [result.attrs.type, result.attrs.from, result.attrs.to, result.attrs.id],
      ['result', 'romeo@verona.example/orchard', JULIET, 'song-1'],
    )
    assert.ok(child(result, 'sung', SONG))
  })

  it('gets an error back as it came', async () => {
    const { gateway } = await online()
    const result = answerIn(await wraps(gateway, inner('romeo@verona.example')))
    assert.deepEqual([result.attrs.type, conditionOf(result)], ['error', 'service-unavailable'])
  })

  it('can be one to the user’s own account', async () => {
    const { gateway } = await online()
    const payload = `<query xmlns='jabber:iq:private'><roster xmlns='roster:delimiter'/></query>`
    for (const to of [undefined, JULIET]) {
      const result = answerIn(await wraps(gateway, inner(to, { type: 'get', payload }), { type: 'get' }))
      assert.ok(child(result, 'query', 'jabber:iq:private'), `${result}`)
    }
  })

  it('can be one to the server, or to another component', async () => {
    const { server, gateway } = await online()
    const info = 'http://jabber.org/protocol/disco#info'
    server.configures({
      [GATEWAY]: { privileges: { iq: { [SONG]: 'set', [info]: 'get' } } },
      'rooms.verona.example': {},
    })
    const rooms = await server.connects('rooms.verona.example')

    const payload = `<query xmlns='${info}'/>`
    const result = answerIn(await wraps(gateway, inner('verona.example', { type: 'get', payload }), { type: 'get' }))
    assert.deepEqual([result.attrs.type, result.attrs.from], ['result', 'verona.example'])

    const asked = wraps(gateway, inner('ball@rooms.verona.example'))
    const request = await rooms.takes('iq')
    assert.equal(request.attrs.from, JULIET)
    rooms.says(`<iq type='result' id='song-1' from='ball@rooms.verona.example' to='${JULIET}'/>`)
    assert.equal(answerIn(await asked).attrs.from, 'ball@rooms.verona.example')
  })

  it('may say in whose name it is', async () => {
    const { gateway } = await online()
    answerIn(await wraps(gateway, inner('romeo@verona.example', { from: JULIET })))
  })

  const forbidden: readonly (readonly [what: string, iq: string, outer?: { type?: string; to?: string }])[] = [
    ['for a namespace that it may not use', inner(undefined, { payload: `<a xmlns='urn:a'/>` })],
    ['of a type that it may not use', inner(undefined, { payload: `<query xmlns='jabber:iq:private'/>` })],
    ['of another type than the one around it', inner(undefined, { type: 'get' })],
    ['in the name of somebody else', inner(undefined, { from: 'nurse@verona.example' })],
    ['in the name of a resource', inner(undefined, { from: `${JULIET}/balcony` })],
    ['of another namespace', inner(undefined, { ns: 'urn:a' })],
    ['of the component’s own namespace', inner(undefined, { ns: 'jabber:component:accept' })],
    ['that is a message', `<message xmlns='jabber:client' type='set'><sing xmlns='${SONG}'/></message>`],
    ['to a resource of the user', inner(undefined), { to: `${JULIET}/balcony` }],
    ['to the server', inner(undefined), { to: 'verona.example' }],
    ['in the name of nobody', inner(undefined), { to: 'rosaline@verona.example' }],
    ['in the name of a user of another domain', inner(undefined), { to: 'juliet@mantua.example' }],
  ]
  for (const [what, iq, outer] of forbidden)
    it(`is forbidden when it is one ${what} (§6.3)`, async () => {
      const { gateway } = await online()
      assert.equal(conditionOf(await wraps(gateway, iq, outer)), 'forbidden')
    })

  it('is forbidden to who has no such right', async () => {
    const { gateway } = await online({})
    assert.equal(conditionOf(await wraps(gateway, inner('romeo@verona.example'))), 'forbidden')
  })

  const malformed: readonly (readonly [what: string, iq: string, condition: string])[] = [
    ['without anything inside', '', 'bad-request'],
    ['with two things inside', inner(undefined) + inner(undefined), 'bad-request'],
    ['without an id', inner(undefined).replace(`id='song-1'`, ''), 'bad-request'],
    ['that asks for nothing', inner(undefined, { payload: '' }), 'bad-request'],
    [
      'that asks for two things',
      inner(undefined, { payload: `<a xmlns='${SONG}'/><b xmlns='${SONG}'/>` }),
      'bad-request',
    ],
    ['to nobody', inner('ro meo@verona.example'), 'jid-malformed'],
  ]
  for (const [what, iq, condition] of malformed)
    it(`is refused when it is one ${what}`, async () => {
      const { gateway } = await online()
      assert.equal(conditionOf(await wraps(gateway, iq)), condition)
    })

  it('is given up when no answer comes', async () => {
    const { server, gateway } = await online(undefined, { answerTime: '10 seconds' })
    const asked = wraps(gateway, inner('romeo@verona.example/orchard'))
    await settled()
    await server.kit.clock.pass(10_000)
    assert.equal(conditionOf(await asked), 'remote-server-timeout')
  })

  it('keeps nobody waiting, and is refused when as many wait as there may', async () => {
    const { gateway } = await online(undefined, { maxRequests: 2 })
    const ids = ['a', 'b', 'c']
    const asked = ids.map(id => wraps(gateway, inner('romeo@verona.example/orchard').replace('song-1', id)))
    assert.equal(conditionOf(await (asked[2] as Promise<Element>)), 'resource-constraint')
    await gateway.isHeard()
  })

  it('is refused while another one has its id', async () => {
    const { gateway } = await online()
    void wraps(gateway, inner('romeo@verona.example/orchard'))
    assert.equal(conditionOf(await wraps(gateway, inner('romeo@verona.example/orchard'))), 'conflict')
  })

  it('cannot be answered by somebody else', async () => {
    const { server, gateway, romeo } = await online()
    const nurse = await server.kit.connects('nurse/home')
    const asked = wraps(gateway, inner('romeo@verona.example/orchard'))
    await settled()
    await nurse.sends(
      parse(`<iq xmlns='jabber:client' type='result' id='song-1' to='${JULIET}'><lie xmlns='${SONG}'/></iq>`),
    )
    await romeo.sends(
      parse(`<iq xmlns='jabber:client' type='result' id='song-1' to='${JULIET}'><truth xmlns='${SONG}'/></iq>`),
    )
    assert.ok(child(answerIn(await asked), 'truth', SONG))
  })

  it('is nothing that a user can make', async () => {
    const { server } = await online()
    const nurse = await server.kit.connects('nurse/home')
    const payload = parse(`<privileged_iq xmlns='${PRIVILEGE}'>${inner('romeo@verona.example')}</privileged_iq>`)
    assert.equal(await nurse.isRefused('set', payload, JULIET), 'service-unavailable')
  })
})
