import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { at, availability } from './fixture.test.js'

/** Which clients of Juliet are connected, with the priorities of those that are available. */
const places = {
  'has no client': {},
  'has one available client': { balcony: 0 },
  'has several available clients, one of which wants no messages': { balcony: 5, chamber: 0, garden: -1 },
  'has one client, which wants no messages': { balcony: -1 },
  'has one client, which is not available': { balcony: undefined },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number | undefined>>>>

type Place = keyof typeof places

const TYPES = ['normal', 'chat', 'groupchat', 'headline', 'error'] as const

/** What becomes of a message of each of these types: who gets it, or else what its sender gets. */
type Fates = readonly [normal: string, chat: string, groupchat: string, headline: string, error: string]

const REFUSED = 'service-unavailable'

describe('a message to the bare JID of an account (RFC 6121 §8.5.2)', () => {
  const fates: Readonly<Record<Place, Fates>> = {
    'has no client': [REFUSED, REFUSED, REFUSED, 'silence', 'silence'],
    'has one available client': ['balcony', 'balcony', REFUSED, 'balcony', 'silence'],
    'has several available clients, one of which wants no messages': [
      'balcony, chamber',
      'balcony, chamber',
      REFUSED,
      'balcony, chamber',
      'silence',
    ],
    'has one client, which wants no messages': [REFUSED, REFUSED, REFUSED, 'silence', 'silence'],
    'has one client, which is not available': [REFUSED, REFUSED, REFUSED, 'silence', 'silence'],
  }
  each(fates, 'juliet@verona.example')
})

describe('a message to the full JID of a connected client (RFC 6121 §8.5.3.1)', () => {
  const always: Fates = ['balcony', 'balcony', 'balcony', 'balcony', 'balcony']
  const fates: Readonly<Partial<Record<Place, Fates>>> = {
    'has one available client': always,
    'has several available clients, one of which wants no messages': always,
    'has one client, which wants no messages': always,
    'has one client, which is not available': always,
  }
  each(fates, 'juliet@verona.example/balcony')
})

describe('a message to a full JID that no client has (RFC 6121 §8.5.3.2.1)', () => {
  const fates: Readonly<Record<Place, Fates>> = {
    'has no client': [REFUSED, REFUSED, REFUSED, REFUSED, 'silence'],
    'has one available client': [REFUSED, 'balcony', REFUSED, REFUSED, 'silence'],
    'has several available clients, one of which wants no messages': [
      REFUSED,
      'balcony, chamber',
      REFUSED,
      REFUSED,
      'silence',
    ],
    'has one client, which wants no messages': [REFUSED, REFUSED, REFUSED, REFUSED, 'silence'],
    'has one client, which is not available': [REFUSED, REFUSED, REFUSED, REFUSED, 'silence'],
  }
  each(fates, 'juliet@verona.example/tomb')
})

describe('a message to an account that does not exist (RFC 6121 §8.5.1)', () => {
  const fates: Readonly<Record<string, Fates>> = {
    'rosaline@verona.example': [REFUSED, REFUSED, REFUSED, 'silence', 'silence'],
    'rosaline@verona.example/home': [REFUSED, REFUSED, REFUSED, REFUSED, 'silence'],
  }
  for (const [to, fate] of Object.entries(fates)) toEach(to, fate)

  it('meets the same fate as one to Juliet when she has no client: nobody can tell the difference', async () => {
    for (const resource of ['', '/tomb'])
      for (const type of TYPES) {
        const [juliet, rosaline] = await Promise.all(
          ['juliet', 'rosaline'].map(name => fateOf('has no client', `${name}@verona.example${resource}`, type)),
        )
        assert.equal(rosaline, juliet, `${type} ${resource}`)
      }
  })
})

describe('a message to the server (RFC 6120 §10.5)', () => {
  const fate: Fates = [REFUSED, REFUSED, REFUSED, REFUSED, 'silence']
  for (const to of ['verona.example', 'mantua.example', 'verona.example/bell']) toEach(to, fate)
})

describe('a message to another server', () => {
  const NOT_FOUND = 'remote-server-not-found'
  const fate: Fates = [NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, 'silence']
  for (const to of ['padua.example', 'friar@padua.example', 'friar@padua.example/cell']) toEach(to, fate)
})

describe('a message', () => {
  it('reaches the clients as it was sent, with the address that the sender gave it', async () => {
    const kit = await start()
    const juliet = await kit.comesOnline('juliet/balcony')
    const romeo = await kit.comesOnline('romeo/orchard')
    const body = `<body>O, speak again, bright angel</body><thread>wall</thread>`

    await romeo.sends(el`<message type='chat' id='1' to='JULIET@Verona.example'>${body}</message>`)
    await romeo.sends(el`<message type='chat' id='2' to='juliet@verona.example/tomb'>${body}</message>`)
    await romeo.sends(el`<message id='3' to='juliet@verona.example/balcony' xml:lang='it'>${body}</message>`)

    const [bare, unmatched, full] = juliet.takesAll('message')
    assert.deepEqual(bare?.attrs, {
      ...{ xmlns: 'jabber:client', from: 'romeo@verona.example/orchard', to: 'juliet@verona.example' },
      ...{ type: 'chat', id: '1' },
    })
    assert.equal(unmatched?.attrs.to, 'juliet@verona.example/tomb')
    assert.deepEqual([full?.attrs['xml:lang'], full?.attrs.type], ['it', undefined])
    for (const message of [bare, unmatched, full])
      assert.equal(message?.children.join(''), '<body>O, speak again, bright angel</body><thread>wall</thread>')
  })

  it('to oneself reaches all of one’s clients that want messages, the sender included', async () => {
    const kit = await start()
    const balcony = await kit.comesOnline('juliet/balcony')
    const chamber = await kit.comesOnline('juliet/chamber')

    await balcony.sends(el`<message type='chat' to='juliet@verona.example'><body>Ay me!</body></message>`)
    await chamber.sends(el`<message type='chat'><body>What’s in a name?</body></message>`)

    assert.deepEqual(balcony.hears(), ['Ay me!', 'What’s in a name?'])
    assert.deepEqual(chamber.hears(), ['Ay me!', 'What’s in a name?'])
  })

  it('reaches the account of the domain that it is addressed to', async () => {
    const kit = await start(['romeo', 'juliet', 'juliet@mantua.example'])
    const here = await kit.comesOnline('juliet/balcony')
    const there = await kit.comesOnline('juliet@mantua.example/balcony')
    const romeo = await kit.comesOnline('romeo/orchard')

    await romeo.sends(el`<message type='chat' to='juliet@mantua.example'><body>Banished</body></message>`)

    assert.deepEqual([here.hears(), there.hears()], [[], ['Banished']])
  })

  it('from the server itself reaches the clients of an account', async () => {
    const kit = await start()
    const juliet = await kit.comesOnline('juliet/balcony')
    const message = el`<message xmlns='jabber:client'><body>Good morrow</body></message>`

    await kit.router.route(
      makeStanza({ from: parseJid('verona.example'), to: parseJid('juliet@verona.example'), el: message }),
    )
    await settled()

    assert.deepEqual(juliet.hears(), ['Good morrow'])
  })

  it('is not for clients that have become unavailable', async () => {
    const kit = await start()
    const balcony = await kit.comesOnline('juliet/balcony')
    const chamber = await kit.comesOnline('juliet/chamber')
    const romeo = await kit.comesOnline('romeo/orchard')

    await balcony.sends(el`<presence type='unavailable'/>`)
    await romeo.sends(el`<message type='chat' to='juliet@verona.example'><body>Art thou gone so?</body></message>`)

    assert.deepEqual([balcony.hears(), chamber.hears()], [[], ['Art thou gone so?']])
  })
})

const start = (accounts?: readonly string[]) => Kit.start({ modules: [availability], ...(accounts && { accounts }) })

function each(fates: Readonly<Partial<Record<Place, Fates>>>, to: string): void {
  for (const [place, fate] of Object.entries(fates))
    describe(`when Juliet ${place}`, () => toEach(to, fate, place as Place))
}

function toEach(to: string, fates: Fates, place: Place = 'has no client'): void {
  for (const [i, type] of TYPES.entries()) {
    const fate = fates[i] ?? ''
    const expected = fate === 'silence' ? 'silently ignored' : /-/.test(fate) ? `refused: ${fate}` : `for ${fate}`
    it(`of type ${type} to ${to} is ${expected}`, async () => assert.equal(await fateOf(place, to, type), fate))
  }
}

/** Has Romeo send a message, and tells who got it, or what he got for it. */
async function fateOf(place: Place, to: string, type: string): Promise<string> {
  const kit = await start()
  const clients = new Map<string, Client>()
  for (const [resource, priority] of Object.entries(places[place])) {
    const name = `juliet/${resource}`
    clients.set(resource, priority === undefined ? await kit.connects(name) : await kit.comesOnline(name, at(priority)))
  }
  const romeo = await kit.comesOnline('romeo/orchard')

  await romeo.sends(el`<message id='m1' type='${type}' to='${to}'><body>But soft!</body></message>`)

  const readers = [...clients].filter(([, client]) => {
    const messages = client.received.map(({ attrs }) => attrs)
    for (const attrs of messages) assert.deepEqual([attrs.to, attrs.type ?? 'normal'], [to, type])
    assert.ok(messages.length <= 1, 'nobody gets it twice')
    return messages.length === 1
  })
  const [answer, ...more] = romeo.received
  assert.equal(more.length, 0)
  if (!answer) return readers.length > 0 ? readers.map(([resource]) => resource).join(', ') : 'silence'
  assert.equal(readers.length, 0, 'nobody gets what is refused')
  assert.deepEqual([answer.name, answer.attrs.id, answer.attrs.from], ['message', 'm1', to])
  return conditionOf(answer)
}
