import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { defineModule } from '../core/module.js'
import { map } from '../core/stores.js'
import { roster } from '../roster/index.js'
import { child, type Element, firstElement } from '../xml/index.js'
import { StanzaError } from '../xmpp/errors.js'
import { carbons } from './carbons.js'

const ENABLE = el`<enable xmlns='urn:xmpp:carbons:2'/>`
const DISABLE = el`<disable xmlns='urn:xmpp:carbons:2'/>`
const QUIET = el`<presence><priority>-1</priority></presence>`

/** Romeo's phone and laptop, both with carbons; Juliet has one client without. */
async function verona() {
  const kit = await Kit.start({ modules: [roster, carbons] })
  const phone = await kit.comesOnline('romeo/phone')
  const laptop = await kit.comesOnline('romeo/laptop')
  const juliet = await kit.comesOnline('juliet/chamber')
  for (const client of [phone, laptop]) await client.asks('set', ENABLE)
  kit.forget()
  return { kit, phone, laptop, juliet }
}

/** The message in the one copy that has arrived. */
function copyIn(client: Client, direction: 'sent' | 'received'): Element {
  const wrapper = client.takes()
  assert.deepEqual([wrapper.attrs.from, wrapper.attrs.to], [client.account.toString(), client.jid.toString()])
  const copy = child(wrapper, direction, 'urn:xmpp:carbons:2')
  const forwarded = copy && child(copy, 'forwarded', 'urn:xmpp:forward:0')
  const message = forwarded && firstElement(forwarded)
  assert.ok(message, `${wrapper} is a copy`)
  assert.equal(message.attrs.xmlns, 'jabber:client')
  assert.equal(wrapper.attrs.type, message.attrs.type)
  return message
}

describe('carbons: enabling', () => {
  it('is the wish of each client', async () => {
    const { kit, phone, juliet } = await verona()
    const old = await kit.comesOnline('romeo/old')
    kit.forget()

    await phone.sends(el`<message type='chat' to='juliet@verona.example'><body>It is my lady</body></message>`)

    assert.deepEqual(old.received, [])
    assert.deepEqual(juliet.hears(), ['It is my lady'])
  })

  it('may be done and undone as often as one likes (§10.1)', async () => {
    const { phone, laptop } = await verona()

    for (const wish of [ENABLE, DISABLE, DISABLE, ENABLE, ENABLE, DISABLE])
      assert.equal((await laptop.asks('set', wish)).attrs.type, 'result')
    await phone.sends(el`<message type='chat' to='juliet@verona.example'><body>It is my lady</body></message>`)

    assert.deepEqual(laptop.received, [])
  })

  it('is for nobody else to decide (§4.1, §5.1)', async () => {
    const { juliet } = await verona()

    for (const wish of [ENABLE, DISABLE])
      assert.equal(await juliet.isRefused('set', wish, 'romeo@verona.example'), 'not-allowed')
  })
})

describe('carbons: of what was sent (§8)', () => {
  it('go to the other clients with the whole message, before or after it', async () => {
    const { phone, laptop, juliet } = await verona()
    const sent = el`<message type='chat' id='m' to='juliet@verona.example'><body>It is my lady</body><thread>t</thread><x xmlns='urn:x'/></message>`

    await phone.sends(sent)

    const copy = copyIn(laptop, 'sent')
    assert.equal(copy.attrs.from, 'romeo@verona.example/phone')
    assert.equal(copy.attrs.to, 'juliet@verona.example')
    assert.equal(copy.children.join(''), juliet.takes().children.join(''))
    assert.deepEqual(phone.received, [])
  })

  it('do not depend on the sender having carbons, nor on the copied client being available', async () => {
    const { kit, phone, laptop } = await verona()
    await phone.asks('set', DISABLE)
    const tablet = await kit.connects('romeo/tablet')
    await tablet.asks('set', ENABLE)

    await phone.sends(el`<message type='chat' to='juliet@verona.example'><body>It is my lady</body></message>`)

    copyIn(laptop, 'sent')
    copyIn(tablet, 'sent')
  })

  it('come in the order of the messages, those that waited for a commit included', async () => {
    const keeper = defineModule({
      ...{ name: 'keeper', doc: '', implements: [] },
      stores: { kept: map<string>() },
      setup: ({ stores: { kept } }) => ({
        hooks: {
          fromClient: {
            record: ({ stanza, session }) =>
              child(stanza.el, 'body') ? kept.set(session.account, stanza.id, `${stanza.el}`) : undefined,
          },
        },
      }),
    })
    const kit = await Kit.start({ modules: [roster, keeper, carbons] })
    const [phone, laptop] = [await kit.comesOnline('romeo/phone'), await kit.comesOnline('romeo/laptop')]
    await laptop.asks('set', ENABLE)
    await kit.comesOnline('juliet')
    kit.forget()

    const first = phone.sends(
      el`<message type='chat' id='1' to='juliet@verona.example'><body>It is my lady</body></message>`,
    )
    const second = phone.sends(
      el`<message type='chat' id='2' to='juliet@verona.example'><paused xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    )
    await Promise.all([first, second])

    assert.deepEqual([copyIn(laptop, 'sent').attrs.id, copyIn(laptop, 'sent').attrs.id], ['1', '2'])
  })

  it('are not made of what is refused before it is sent', async () => {
    const guard = defineModule({
      ...{ name: 'guard', doc: '', implements: [] },
      setup: () => ({
        hooks: {
          fromClient: {
            check({ stanza }) {
              if (stanza.kind === 'message') throw new StanzaError('policy-violation')
            },
          },
        },
      }),
    })
    const kit = await Kit.start({ modules: [roster, guard, carbons] })
    const [phone, laptop] = [await kit.comesOnline('romeo/phone'), await kit.comesOnline('romeo/laptop')]
    await laptop.asks('set', ENABLE)
    kit.forget()

    await phone.sends(el`<message type='chat' to='juliet@verona.example'><body>It is my lady</body></message>`)

    assert.deepEqual(laptop.received, [])
    assert.equal(conditionOf(phone.takes()), 'policy-violation')
  })
})

describe('carbons: of what was received (§7)', () => {
  it('go to the clients that did not get it, whose message it is', async () => {
    const { phone, laptop, juliet } = await verona()

    await juliet.sends(el`<message type='chat' id='m' to='romeo@verona.example/phone'><body>Ay me</body></message>`)

    assert.deepEqual(phone.hears(), ['Ay me'])
    const copy = copyIn(laptop, 'received')
    assert.equal(copy.attrs.from, 'juliet@verona.example/chamber')
    assert.equal(copy.attrs.to, 'romeo@verona.example/phone')
  })

  it('are not for those who get the message itself', async () => {
    const { kit, phone, laptop, juliet } = await verona()
    const quiet = await kit.comesOnline('romeo/quiet', QUIET)
    await quiet.asks('set', ENABLE)
    kit.forget()

    await juliet.sends(el`<message type='chat' to='romeo@verona.example'><body>Ay me</body></message>`)

    assert.deepEqual([phone.hears(), laptop.hears()], [['Ay me'], ['Ay me']])
    copyIn(quiet, 'received')
    assert.deepEqual([phone.received, laptop.received, quiet.received], [[], [], []])
  })

  it('are not for a client that is not available when nobody gets it: what is stored comes to it later', async () => {
    const { kit, phone, laptop, juliet } = await verona()
    await phone.sends(QUIET)
    await laptop.sends(el`<presence type='unavailable'/>`)
    kit.forget()

    await juliet.sends(el`<message type='chat' to='romeo@verona.example'><body>Ay me</body></message>`)

    copyIn(phone, 'received')
    assert.deepEqual(laptop.received, [])
  })

  it('come once to each client when a user writes to himself, and not to the one that wrote', async () => {
    const { kit, phone, laptop } = await verona()
    const quiet = await kit.comesOnline('romeo/quiet', QUIET)
    await quiet.asks('set', ENABLE)
    kit.forget()

    await phone.sends(el`<message type='chat' to='romeo@verona.example/laptop'><body>milk</body></message>`)

    assert.deepEqual(laptop.hears(), ['milk'])
    copyIn(quiet, 'received')
    assert.deepEqual([phone.received, laptop.received, quiet.received], [[], [], []])
  })

  it('cannot be made up by others: what looks like one has their own address (§11)', async () => {
    const { phone, juliet } = await verona()

    await juliet.sends(
      el`<message type='chat' to='romeo@verona.example/phone'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='nurse@verona.example' to='romeo@verona.example'><body>Meet her</body></message></forwarded></received></message>`,
    )

    assert.equal(phone.takes().attrs.from, 'juliet@verona.example/chamber')
  })
})

describe('carbons: when a client is lost', () => {
  it('do not come again as messages to a client that had a copy', async () => {
    const { phone, laptop, juliet } = await verona()
    phone.acknowledges = false
    await juliet.sends(el`<message type='chat' to='romeo@verona.example/phone'><body>Ay me</body></message>`)
    copyIn(laptop, 'received')

    await phone.dies()

    assert.deepEqual(laptop.takesAll('message'), [])
  })

  it('are as good as the message, which goes to others only when they are lost as well', async () => {
    const { kit, phone, laptop, juliet } = await verona()
    for (const client of [phone, laptop]) client.acknowledges = false
    await juliet.sends(el`<message type='chat' to='romeo@verona.example/phone'><body>Ay me</body></message>`)
    const tablet = await kit.comesOnline('romeo/tablet')
    tablet.received.length = 0

    await phone.dies()
    assert.deepEqual(tablet.hears(), [])
    await laptop.dies()

    assert.deepEqual(tablet.hears(), ['Ay me'])
  })

  it('do not bring back to life what was left to a fallback', async () => {
    const { kit, phone, laptop, juliet } = await verona()
    await phone.sends(QUIET)
    await laptop.leaves()
    phone.acknowledges = false
    kit.forget()
    await juliet.sends(el`<message type='chat' id='m' to='romeo@verona.example'><body>Ay me</body></message>`)
    assert.equal(conditionOf(juliet.takes()), 'service-unavailable')
    const tablet = await kit.comesOnline('romeo/tablet')

    await phone.dies()

    assert.deepEqual(tablet.hears(), [])
  })
})

/* What is copied, one row a rule: §6.1, §9. `x` stands for what is in it. */
const CHAT_STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
const RECEIPT = "<received xmlns='urn:xmpp:receipts' id='1'/>"
const MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"
const BODY = '<body>x</body>'
const OF_ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
const INVITED = "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='nurse@verona.example'/></x>"
const DIRECT = "<x xmlns='jabber:x:conference' jid='ball@rooms.verona.example'/>"
const PRIVATE = "<private xmlns='urn:xmpp:carbons:2'/>"
const NO_COPY = "<no-copy xmlns='urn:xmpp:hints'/>"

type Row = readonly [what: string, type: string, content: string, sent: boolean, received: boolean]
const ROWS: readonly Row[] = [
  ['a chat message', 'chat', BODY, true, true],
  ['a chat message with nothing in it', 'chat', '', true, true],
  ['a normal message with a body', 'normal', BODY, true, true],
  ['a normal message without one', 'normal', "<x xmlns='urn:x'/>", false, false],
  ['a receipt', 'normal', RECEIPT, true, true],
  ['a chat state', 'normal', CHAT_STATE, true, true],
  ['a marker', 'headline', MARKER, true, true],
  ['a headline', 'headline', BODY, false, false],
  ['what is said in a room', 'groupchat', BODY + CHAT_STATE, false, false],
  ['a direct invitation', 'normal', DIRECT, true, true],
  ['an invitation by way of the room', 'normal', INVITED, true, true],
  ['a word in private within a room', 'chat', BODY + OF_ROOM, true, false],
  ['a private message', 'chat', BODY + PRIVATE, false, false],
  ['a message that is not to be copied', 'chat', BODY + NO_COPY, false, false],
]

describe('carbons: what is copied (§6.1, §9)', () => {
  for (const [what, type, content, sent, received] of ROWS) {
    it(`${what}: ${sent ? 'copied' : 'not copied'} when it is sent`, async () => {
      const { phone, laptop } = await verona()

      await phone.sends(el`<message type='${type}' to='juliet@verona.example/chamber'>${content}</message>`)

      assert.equal(laptop.takesAll('message').length, sent ? 1 : 0)
    })

    it(`${what}: ${received ? 'copied' : 'not copied'} when it is received`, async () => {
      const { phone, laptop, juliet } = await verona()

      await juliet.sends(el`<message type='${type}' to='romeo@verona.example/phone'>${content}</message>`)

      assert.equal(phone.takesAll('message').length, 1)
      assert.equal(laptop.takesAll('message').length, received ? 1 : 0)
    })
  }

  it('private and no-copy stay in the message (§9)', async () => {
    const { phone, juliet } = await verona()

    await phone.sends(el`<message type='chat' to='juliet@verona.example'>${PRIVATE}${NO_COPY}</message>`)

    const seen = juliet.takes()
    assert.ok(seen.getChild('private') && seen.getChild('no-copy'))
  })
})

describe('carbons: of errors (§6.1)', () => {
  const toNobody = (type: string, id: string, more = '') =>
    el`<message type='${type}' id='${id}' to='rosaline@verona.example'>${BODY}${more}</message>`

  it('about a message that was copied', async () => {
    const { phone, laptop } = await verona()

    await phone.sends(toNobody('chat', 'm'))

    assert.equal(copyIn(laptop, 'sent').attrs.id, 'm')
    const error = copyIn(laptop, 'received')
    assert.deepEqual([error.attrs.type, error.attrs.id], ['error', 'm'])
    assert.equal(phone.takes().attrs.type, 'error')
  })

  it('not about one that was not, whatever they bring back', async () => {
    const { phone, laptop } = await verona()

    await phone.sends(toNobody('groupchat', 'g'))
    await phone.sends(toNobody('chat', 'p', PRIVATE))
    await phone.sends(el`<message type='chat' to='rosaline@verona.example'>${BODY}</message>`) // without an id
    laptop.takes()

    assert.deepEqual(laptop.received, [])
    assert.equal(phone.takesAll('message').length, 3)
  })

  it('that a client sends about a message of which there were copies', async () => {
    const { phone, laptop, juliet } = await verona()
    await juliet.sends(el`<message type='chat' id='m' to='romeo@verona.example/phone'>${BODY}</message>`)
    copyIn(laptop, 'received')

    await phone.sends(el`<message type='error' id='m' to='juliet@verona.example/chamber'/>`)
    await phone.sends(el`<message type='error' id='other' to='juliet@verona.example/chamber'/>`)

    assert.equal(copyIn(laptop, 'sent').attrs.id, 'm')
    assert.deepEqual(laptop.received, [])
    assert.equal(juliet.takesAll('message').length, 2)
  })

  it('about a copy go nowhere (§10.3)', async () => {
    const { phone, laptop, juliet } = await verona()
    await juliet.sends(el`<message type='chat' id='m' to='romeo@verona.example/phone'>${BODY}</message>`)
    phone.received.length = 0

    await laptop.sends(
      el`<message type='error' id='m' to='romeo@verona.example'>${`${laptop.takes().children[0]}`}</message>`,
    )
    await settled()

    assert.deepEqual([juliet.received, phone.received], [[], []])
  })
})
