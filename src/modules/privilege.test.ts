import assert from 'node:assert/strict'
import { type Gateway, SECRET, Verona } from '../../test/gateway.js'
import { conditionOf, el, settled } from '../../test/kit.js'
import { readComponents } from '../component/settings.js'
import { ConfigError } from '../core/config.js'
import { arrives, inWords, pushes, rosterOf } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import { child, type Element, elements } from '../xml/index.js'
import { FORWARD, PRIVILEGE, ROSTER } from '../xmpp/ns.js'
import { disco } from './disco.js'
import { privilege } from './privilege.js'

const GATEWAY = 'gateway.verona.example'

const verona = (privileges: object, more: object = {}) =>
  Verona.start({ modules: [roster, disco, privilege], components: { [GATEWAY]: { privileges, ...more } } })

/** What a component is told that it may do, in words. */
function permsIn(message: Element): string[] {
  const told = child(message, 'privilege', PRIVILEGE)
  return elements(told ?? message).map(({ attrs: { access, type, push }, children }) =>
    [
      access,
      type,
      push && `push=${push}`,
      ...children.map(ns => typeof ns !== 'string' && `${ns.attrs.ns} ${ns.attrs.type}`),
    ]
      .filter(Boolean)
      .join(' '),
  )
}

/** A component that has just come, and has read nothing but the handshake. */
const comes = (server: Verona): Promise<Gateway> => server.meets().connects()

const isPrivilege = (stanza: Element): boolean => child(stanza, 'privilege', PRIVILEGE) !== undefined

describe('a component that comes', () => {
  it('is told what it may do (XEP-0356 §4.2)', async () => {
    const gateway = await comes(
      await verona({
        ...{ roster: 'both', message: 'outgoing', presence: 'roster' },
        iq: { 'urn:a': 'get', 'urn:b': 'none', 'urn:c': 'both' },
      }),
    )
    const message = await gateway.takes('message')

    assert.deepEqual([message.attrs.from, message.attrs.to], ['verona.example', GATEWAY])
    assert.ok(message.attrs.id)
    assert.deepEqual(permsIn(message), [
      ...['roster both push=true', 'message outgoing', 'iq urn:a get urn:c both', 'presence roster'],
    ])
  })

  const told: readonly (readonly [privileges: object, perms: string[]])[] = [
    [{ roster: 'get' }, ['roster get push=true']],
    [{ roster: 'get', push: false }, ['roster get push=false']],
    [{ roster: 'set', push: true }, ['roster set']],
    [{ presence: 'managed_entity' }, ['presence managed_entity']],
    [{ iq: { 'urn:a': 'set' } }, ['iq urn:a set']],
  ]
  for (const [privileges, perms] of told)
    it(`is told so when it may do this: ${JSON.stringify(privileges)}`, async () => {
      const gateway = await comes(await verona(privileges))
      assert.deepEqual(permsIn(await gateway.takes('message')), perms)
    })

  it('is told nothing when it may do nothing', async () => {
    const gateway = await comes(await verona({ roster: 'none' }))
    await gateway.isHeard()
    assert.deepEqual(gateway.unread(), [])
  })

  it('is told by each domain that it is for', async () => {
    const gateway = await comes(await verona({ roster: 'get' }, { domains: ['verona.example', 'mantua.example'] }))
    const tellers = [await gateway.takes('message'), await gateway.takes('message')].map(({ attrs }) => attrs.from)
    assert.deepEqual(tellers, ['verona.example', 'mantua.example'])
  })

  it('is told again when that has changed, also that it may do nothing any more', async () => {
    const server = await verona({ roster: 'both' })
    const gateway = await comes(server)
    await gateway.takes('message')

    server.configures({ [GATEWAY]: { privileges: { roster: 'get', message: 'outgoing' } } })
    assert.deepEqual(permsIn(await gateway.finds(isPrivilege)), [
      ...['roster get push=true', 'message outgoing', 'iq', 'presence none'],
    ])
    server.configures({ [GATEWAY]: { name: 'Pigeons' } })
    assert.deepEqual(permsIn(await gateway.finds(isPrivilege)), ['roster none', 'message none', 'iq', 'presence none'])
    server.configures({ [GATEWAY]: {} })
    await gateway.isHeard()
    assert.ok(!gateway.unread().some(text => text.includes(PRIVILEGE)))
  })

  it('was there before the module, and is told as soon as that is switched on', async () => {
    const server = await verona({ roster: 'get' })
    server.kit.host.reload({ privilege: false })
    const gateway = await comes(server)
    await gateway.isHeard()
    assert.ok(!gateway.unread().some(text => text.includes(PRIVILEGE)))

    server.kit.host.reload({})
    await server.kit.clock.pass(0)

    assert.deepEqual(permsIn(await gateway.finds(isPrivilege)), ['roster get push=true'])
  })
})

describe('the configuration', () => {
  const read = (privileges: object) =>
    readComponents({ [GATEWAY]: { secret: SECRET, privileges } }, 'components', new Set(['verona.example']))
  const wrong: readonly (readonly [privileges: object, where: string])[] = [
    [{ presence: 'roster' }, 'presence'],
    [{ presence: 'roster', roster: 'set' }, 'presence'],
    [{ roster: 'all' }, 'roster'],
    [{ message: true }, 'message'],
    [{ iq: { 'urn:a': 'write' } }, 'iq.urn:a'],
    [{ iq: ['urn:a'] }, 'iq'],
    [{ rooster: 'get' }, 'rooster'],
  ]
  for (const [privileges, where] of wrong)
    it(`cannot say ${JSON.stringify(privileges)}`, () => {
      assert.throws(() => read(privileges), new RegExp(`components.${GATEWAY}.privileges.${where}:`))
      assert.throws(() => read(privileges), ConfigError)
    })
})

describe('the roster of a user', () => {
  const ROMEO = 'romeo@verona.example'
  const item = (jid: string, more = '') => `<query xmlns='${ROSTER}'><item jid='${jid}' ${more}/></query>`

  async function online(privileges: object) {
    const server = await verona(privileges)
    const romeo = await arrives(server.kit, 'romeo/orchard')
    return { server, gateway: await server.connects(), romeo }
  }

  it('is given to a component that may get it (§4.3)', async () => {
    const { gateway, romeo } = await online({ roster: 'get' })
    await romeo.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='nurse@verona.example'/></query>`)

    const answer = await gateway.asks({ type: 'get', to: ROMEO }, `<query xmlns='${ROSTER}'/>`)

    assert.deepEqual([answer.attrs.type, answer.attrs.from, answer.attrs.to], ['result', ROMEO, GATEWAY])
    assert.deepEqual(elements(child(answer, 'query', ROSTER) ?? answer).map(inWords), ['nurse none'])
  })

  it('is changed by a component that may set it, and the user’s clients see that', async () => {
    const { gateway, romeo } = await online({ roster: 'set' })

    const answer = await gateway.asks({ type: 'set', to: ROMEO }, item(`mercutio@${GATEWAY}`, `name='Mercutio'`))

    assert.deepEqual([answer.attrs.type, answer.children.length], ['result', 0])
    assert.deepEqual(pushes(romeo), [`mercutio@${GATEWAY} none "Mercutio"`])
    assert.deepEqual(await rosterOf(romeo), [`mercutio@${GATEWAY} none "Mercutio"`])
  })

  it('is changed also when the user is not online', async () => {
    const { server, gateway } = await online({ roster: 'both' })
    await gateway.asks({ type: 'set', to: 'juliet@verona.example' }, item(`mercutio@${GATEWAY}`))
    assert.deepEqual(await rosterOf(await arrives(server.kit, 'juliet/balcony')), [`mercutio@${GATEWAY} none`])
  })

  it('keeps its own rules: what a client could not do a component cannot', async () => {
    const { gateway } = await online({ roster: 'both' })
    for (const [jid, condition] of [
      [ROMEO, 'not-allowed'],
      ['ro meo@verona.example', 'jid-malformed'],
      [`mercutio@${GATEWAY}/x`, 'bad-request'],
    ] as const)
      assert.equal(conditionOf(await gateway.asks({ type: 'set', to: ROMEO }, item(jid))), condition)
  })

  const forbidden: readonly (readonly [access: object, type: string])[] = [
    [{}, 'get'],
    [{}, 'set'],
    [{ roster: 'get' }, 'set'],
    [{ roster: 'set' }, 'get'],
  ]
  for (const [access, type] of forbidden)
    it(`is nobody else’s business: a ${type} with ${JSON.stringify(access)}`, async () => {
      const { gateway, romeo } = await online(access)
      const payload = type === 'get' ? `<query xmlns='${ROSTER}'/>` : item(`mercutio@${GATEWAY}`)
      assert.equal(conditionOf(await gateway.asks({ type, to: ROMEO }, payload)), 'forbidden')
      assert.deepEqual(await rosterOf(romeo), [])
    })

  it('is nobody else’s business in another domain', async () => {
    const { server, gateway } = await online({ roster: 'both' })
    await server.kit.accounts.create((await server.kit.connects('rosaline@mantua.example')).account, new Map())
    const answer = await gateway.asks({ type: 'get', to: 'rosaline@mantua.example' }, `<query xmlns='${ROSTER}'/>`)
    assert.equal(conditionOf(answer), 'forbidden')
  })

  it('of nobody is not found, and none is made', async () => {
    const { gateway } = await online({ roster: 'both' })
    const answer = await gateway.asks({ type: 'set', to: 'rosaline@verona.example' }, item(`mercutio@${GATEWAY}`))
    assert.equal(conditionOf(answer), 'item-not-found')
  })

  it('is followed by a component that may get it, whoever is online (§4.4)', async () => {
    const { server, gateway, romeo } = await online({ roster: 'get' })
    await romeo.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='nurse@verona.example' name='Nurse'/></query>`)

    const push = await gateway.takes('iq')
    assert.deepEqual([push.attrs.type, push.attrs.from, push.attrs.to], ['set', ROMEO, GATEWAY])
    assert.deepEqual(elements(child(push, 'query', ROSTER) ?? push).map(inWords), ['nurse none "Nurse"'])
    gateway.says(`<iq type='result' id='${push.attrs.id}' from='${GATEWAY}' to='${ROMEO}'/>`)

    const nurse = await server.kit.connects('nurse/home')
    await nurse.sends(el`<presence type='subscribe' to='juliet@verona.example'/>`)
    await nurse.dies()
    const juliet = await server.kit.connects('juliet/home')
    await juliet.sends(el`<presence type='subscribed' to='nurse@verona.example'/>`)
    await settled()
    const heard = gateway.wire.takesAll().map(String)
    assert.equal(heard.filter(text => text.includes('from="nurse@verona.example"')).length, 2)
    assert.equal(heard.filter(text => text.includes('from="juliet@verona.example"')).length, 1)
  })

  for (const privileges of [{ roster: 'get', push: false }, { roster: 'set' }, {}])
    it(`is not followed with ${JSON.stringify(privileges)}`, async () => {
      const { gateway, romeo } = await online(privileges)
      await romeo.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='nurse@verona.example'/></query>`)
      await gateway.isHeard()
      assert.deepEqual(gateway.unread(), [])
    })

  it('is a user’s own for everybody who is no component', async () => {
    const { server } = await online({ roster: 'both' })
    const juliet = await server.kit.connects('juliet/balcony')
    assert.equal(await juliet.isRefused('set', el`<query xmlns='jabber:iq:roster'/>`, ROMEO), 'forbidden')
  })
})

describe('a message in the name of somebody', () => {
  const inner = (from: string, more = '') =>
    `<message xmlns='jabber:client' from='${from}' to='romeo@verona.example/orchard' id='tune' ${more}><body>Hark</body></message>`
  const wrapped = (message: string, to = 'verona.example') =>
    `<message from='${GATEWAY}' to='${to}' id='1'><privilege xmlns='${PRIVILEGE}'>` +
    `<forwarded xmlns='${FORWARD}'>${message}</forwarded></privilege></message>`

  async function online(privileges: object = { message: 'outgoing' }) {
    const server = await verona(privileges)
    const romeo = await arrives(server.kit, 'romeo/orchard')
    return { gateway: await server.connects(), romeo }
  }

  for (const from of ['juliet@verona.example', 'verona.example', 'rosaline@verona.example'])
    it(`goes out as if it came from ${from} (§5.3)`, async () => {
      const { gateway, romeo } = await online()
      gateway.says(wrapped(inner(from)))
      await gateway.isHeard()

      const message = romeo.takes()
      const { attrs } = message
      assert.deepEqual([attrs.from, attrs.to, attrs.id], [from, 'romeo@verona.example/orchard', 'tune'])
      assert.equal(child(message, 'body', 'jabber:client')?.getText(), 'Hark')
      assert.equal(child(message, 'privilege'), undefined)
    })

  it('goes out also when it is in the namespace of the component’s stream, as slixmpp 1.8 has it', async () => {
    const { gateway, romeo } = await online()
    gateway.says(wrapped(inner('juliet@verona.example').replace('jabber:client', 'jabber:component:accept')))
    await gateway.isHeard()
    const message = romeo.takes()
    assert.equal(child(message, 'body', 'jabber:client')?.getText(), 'Hark')
  })

  it('keeps its place among the others that the component sends', async () => {
    const { gateway, romeo } = await online()
    for (let n = 0; n < 20; n++)
      gateway.says(
        n % 2 === 0
          ? wrapped(inner('juliet@verona.example').replace('Hark', String(n)))
          : `<message from='${GATEWAY}' to='romeo@verona.example/orchard'><body>${n}</body></message>`,
      )
    await gateway.isHeard()
    assert.deepEqual(romeo.hears(), [...Array(20).keys()].map(String))
  })

  const refused: readonly (readonly [what: string, message: string, condition: string])[] = [
    ['from a resource', wrapped(inner('juliet@verona.example/balcony')), 'forbidden'],
    ['from elsewhere', wrapped(inner('laura@petrarch.example')), 'forbidden'],
    ['from another domain of ours', wrapped(inner('juliet@mantua.example')), 'forbidden'],
    ['from the component itself', wrapped(inner(GATEWAY)), 'forbidden'],
    ['from nobody', wrapped(inner('ju liet@verona.example')), 'forbidden'],
    [
      'at a domain that it has nothing to do with',
      wrapped(inner('juliet@mantua.example'), 'mantua.example'),
      'forbidden',
    ],
    ['that is none', wrapped('<presence xmlns="jabber:client"/>'), 'bad-request'],
    ['of another namespace', wrapped(inner('juliet@verona.example').replace('jabber:client', 'urn:a')), 'bad-request'],
    ['to nobody', wrapped(inner('juliet@verona.example').replace('romeo@', 'ro meo@')), 'jid-malformed'],
  ]
  for (const [what, message, condition] of refused)
    it(`does not go out when it is one ${what}`, async () => {
      const { gateway, romeo } = await online()
      gateway.says(message)
      const error = await gateway.takes('message')
      assert.deepEqual([conditionOf(error), error.attrs.type, error.attrs.id], [condition, 'error', '1'])
      assert.deepEqual(romeo.received, [])
    })

  it('does not go out for a component that may not send any', async () => {
    const { gateway, romeo } = await online({ roster: 'both' })
    gateway.says(wrapped(inner('juliet@verona.example')))
    assert.equal(conditionOf(await gateway.takes('message')), 'forbidden')
    assert.deepEqual(romeo.received, [])
  })

  it('is nothing that a user can send', async () => {
    const server = await verona({ message: 'outgoing' })
    const [romeo, juliet] = [await arrives(server.kit, 'romeo/orchard'), await arrives(server.kit, 'juliet/balcony')]
    await juliet.sends(
      el`<message to='verona.example' id='1'><privilege xmlns='${PRIVILEGE}'><forwarded xmlns='${FORWARD}'>${inner('nurse@verona.example')}</forwarded></privilege></message>`,
    )
    assert.deepEqual(romeo.received, [])
    assert.equal(conditionOf(juliet.takes()), 'service-unavailable')
  })
})
