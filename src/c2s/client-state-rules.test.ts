import assert from 'node:assert/strict'
import { elements, namespaceOf, parseElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import { merged, type Urgency, urgencyOf } from './client-state-rules.js'

const ROMEO = 'romeo@verona.example/phone'
const JULIET = 'juliet@verona.example/balcony'
const ROOM = 'feast@rooms.verona.example/Juliet'

function stanza(text: string): Addressed {
  const el = parseElement(text.replace(/^<\w+/, `$& xmlns='${ns.CLIENT}'`))
  return makeStanza({ from: parseJid(el.attrs.from ?? JULIET), to: parseJid(el.attrs.to ?? ROMEO), el })
}

const reader = { account: parseJid('romeo@verona.example'), roomsWait: false }

const urgency = (text: string, roomsWait = false): Urgency => urgencyOf(stanza(text), { ...reader, roomsWait })

const event = (more: string): string => `<event xmlns='${ns.PUBSUB_EVENT}'>${more}</event>`
const news = (more: string, from = 'juliet@verona.example'): string =>
  `<message type='headline' from='${from}'>${event(more)}</message>`
const items = (node: string, more = `<item id='1'/>`): string => `<items node='${node}'>${more}</items>`
const copy = (direction: 'sent' | 'received', inner: string): string =>
  `<message type='chat' from='romeo@verona.example'><${direction} xmlns='${ns.CARBONS}'>` +
  `<forwarded xmlns='${ns.FORWARD}'>${inner.replace('<message', `<message xmlns='${ns.CLIENT}'`)}</forwarded>` +
  `</${direction}></message>`

const COMPOSING = `<composing xmlns='${ns.CHAT_STATES}'/>`
const RECEIPT = `<received xmlns='${ns.RECEIPTS}' id='1'/>`
const DISPLAYED = `<displayed xmlns='${ns.CHAT_MARKERS}' id='1'/>`
const STANZA_ID = `<stanza-id xmlns='${ns.STANZA_ID}' by='verona.example' id='1'/>`
const NO_STORE = `<no-store xmlns='${ns.HINTS}'/>`
const inRoom = (more: string): string => `<x xmlns='${ns.MUC_USER}'>${more}</x>`

describe('of what is for a client that is not in use', () => {
  const now: readonly (readonly [what: string, text: string])[] = [
    ["somebody's words", `<message type='chat'><body>Wilt thou be gone?</body></message>`],
    ['words with all that comes along', `<message><body>O</body>${COMPOSING}${STANZA_ID}<thread>1</thread></message>`],
    ['empty words', `<message type='chat'><body/></message>`],
    ['an announcement', `<message type='headline' from='verona.example'><body>Banished</body></message>`],
    ['words in a room', `<message type='groupchat' from='${ROOM}'><body>A fair assembly</body></message>`],
    ['an encrypted message', `<message><encrypted xmlns='urn:xmpp:omemo:2'/><store xmlns='${ns.HINTS}'/></message>`],
    ['a call', `<message><propose xmlns='urn:xmpp:jingle-message:0' id='1'/>${NO_STORE}</message>`],
    ['a call that was taken elsewhere', copy('sent', `<message><accept xmlns='urn:xmpp:jingle-message:0'/></message>`)],
    ['an invitation to a room', `<message>${inRoom(`<invite from='nurse@verona.example'/>`)}</message>`],
    ['a direct invitation', `<message><x xmlns='${ns.DIRECT_INVITATION}' jid='feast@rooms.verona.example'/></message>`],
    [
      'what a room says of itself',
      `<message type='groupchat' from='${ROOM}'>${inRoom(`<status code='104'/>`)}</message>`,
    ],
    ['an error', `<message type='error'>${COMPOSING}<error type='cancel'/></message>`],
    ['an error about something in a room', `<message type='error' from='${ROOM}'><subject>A</subject></message>`],
    ['something unknown', `<message><next-year xmlns='urn:example:2030'/></message>`],
    ['something unknown beside a chat state', `<message>${COMPOSING}<next-year xmlns='urn:example:2030'/></message>`],
    ['a message with nothing in it', `<message/>`],
    ['a message with nothing but hints', `<message>${NO_STORE}</message>`],
    ['a subject outside of rooms', `<message type='chat'><subject>Banishment</subject></message>`],
    ['a copy of words that were received', copy('received', `<message type='chat'><body>O</body></message>`)],
    ['a copy of words that were sent', copy('sent', `<message type='chat'><body>O</body></message>`)],
    ['a copy of nothing', `<message><received xmlns='${ns.CARBONS}'/></message>`],
    ['news of a service', news(items('princely_musings'), 'pubsub.verona.example')],
    ['news of a client', news(items('princely_musings'), JULIET)],
    ['news with words', `<message><body>O</body>${event(items('princely_musings'))}</message>`],
    ['a request', `<iq type='get' id='1'><ping xmlns='${ns.PING}'/></iq>`],
    ['an answer', `<iq type='result' id='1'/>`],
    ['a refusal', `<iq type='error' id='1'/>`],
    ['a wish to be a contact', `<presence type='subscribe' from='juliet@verona.example'/>`],
    ['the agreement', `<presence type='subscribed' from='juliet@verona.example'/>`],
    ['its end', `<presence type='unsubscribed' from='juliet@verona.example'/>`],
    ['the end of the other', `<presence type='unsubscribe' from='juliet@verona.example'/>`],
    ['a presence that failed', `<presence type='error' from='${ROOM}'/>`],
    ['that the client has joined a room', `<presence from='${ROOM}'>${inRoom(`<status code='110'/>`)}</presence>`],
    [
      'that it was thrown out',
      `<presence type='unavailable' from='${ROOM}'>${inRoom(`<item/><status code='307'/><status code='110'/>`)}</presence>`,
    ],
    ['that a room is no more', `<presence type='unavailable' from='${ROOM}'>${inRoom('<item/><destroy/>')}</presence>`],
  ]
  for (const [what, text] of now) it(`${what} does not wait`, () => assert.equal(urgency(text), 'now'))

  const inTurn: readonly (readonly [what: string, text: string])[] = [
    ['a receipt', `<message type='chat'>${RECEIPT}</message>`],
    ['a receipt with all that comes along', `<message>${RECEIPT}${STANZA_ID}${NO_STORE}</message>`],
    ['a marker', `<message type='chat'>${DISPLAYED}</message>`],
    ['a chat state with a marker', `<message type='chat'>${COMPOSING}${DISPLAYED}</message>`],
    ['a chat state that is to be kept', `<message>${COMPOSING}<store xmlns='${ns.HINTS}'/></message>`],
    ['the subject of a room', `<message type='groupchat' from='${ROOM}'><subject>A feast</subject></message>`],
    ['a copy of a receipt', copy('received', `<message type='chat'>${RECEIPT}</message>`)],
    ['a copy of a marker that was sent', copy('sent', `<message type='chat'>${DISPLAYED}</message>`)],
    ['that a node is empty', news(`<purge node='princely_musings'/>`)],
    ['that a node is no more', news(`<delete node='princely_musings'/>`)],
    ['news of several items', news(items('urn:xmpp:bookmarks:1', `<item id='1'/><item id='2'/>`))],
    ['news of an item without a name', news(items('urn:xmpp:bookmarks:1', '<item/>'))],
    ['news of no item', news(items('urn:xmpp:bookmarks:1', ''))],
    ['an event of nothing', news('')],
  ]
  for (const [what, text] of inTurn) it(`${what} waits in its turn`, () => assert.equal(urgency(text), 'in turn'))

  describe('only the latest waits of', () => {
    const same: readonly (readonly [what: string, one: string, other: string])[] = [
      ['the presence of a client', `<presence><show>away</show></presence>`, `<presence type='unavailable'/>`],
      [
        'the presence of an occupant of a room',
        `<presence from='${ROOM}'>${inRoom('<item/>')}</presence>`,
        `<presence from='${ROOM}' type='unavailable'>${inRoom(`<item/><status code='303'/>`)}</presence>`,
      ],
      [
        'the chat states of somebody',
        `<message type='chat'>${COMPOSING}${NO_STORE}</message>`,
        `<message type='chat'><thread>1</thread><gone xmlns='${ns.CHAT_STATES}'/></message>`,
      ],
      [
        'those that came to another client',
        copy('received', `<message from='${JULIET}' to='romeo@verona.example'>${COMPOSING}</message>`),
        copy('received', `<message from='${JULIET}' to='romeo@verona.example'>${COMPOSING}${NO_STORE}</message>`),
      ],
      [
        'the news of a node for one thing',
        news(items('urn:xmpp:avatar:metadata')),
        news(items('urn:xmpp:avatar:metadata', `<item id='2'/>`)),
      ],
      [
        'the news of an item',
        news(items('urn:xmpp:bookmarks:1')),
        `<message from='juliet@verona.example'>${event(items('urn:xmpp:bookmarks:1', `<retract id='1'/>`))}${NO_STORE}</message>`,
      ],
    ]
    for (const [what, one, other] of same)
      it(what, () => {
        assert.notEqual(typeof urgency(one), 'string')
        assert.deepEqual(urgency(one), urgency(other))
      })

    const different: readonly (readonly [what: string, one: string, other: string])[] = [
      ['clients', `<presence/>`, `<presence from='juliet@verona.example/tomb'/>`],
      ['occupants', `<presence from='${ROOM}'/>`, `<presence from='${ROOM}s nurse'/>`],
      [
        'people who write',
        `<message>${COMPOSING}</message>`,
        `<message from='nurse@verona.example/1'>${COMPOSING}</message>`,
      ],
      [
        'what was said to whom',
        copy('sent', `<message from='${ROMEO}' to='${JULIET}'>${COMPOSING}</message>`),
        copy('sent', `<message from='${ROMEO}' to='nurse@verona.example'>${COMPOSING}</message>`),
      ],
      ['nodes', news(items('urn:xmpp:bookmarks:1')), news(items('storage:bookmarks'))],
      ['items', news(items('urn:xmpp:bookmarks:1')), news(items('urn:xmpp:bookmarks:1', `<item id='2'/>`))],
      ['accounts', news(items('urn:xmpp:vcard4')), news(items('urn:xmpp:vcard4'), 'nurse@verona.example')],
    ]
    for (const [what, one, other] of different)
      it(`each of different ${what}`, () => {
        assert.notEqual(typeof urgency(one), 'string')
        assert.notDeepEqual(urgency(one), urgency(other))
      })
  })

  describe('of what is said in rooms, where that may wait,', () => {
    const said = (more: string): string => `<message type='groupchat' from='${ROOM}'>${more}</message>`

    it('what does not name the user waits in its turn, whatever comes along', () => {
      for (const more of ['', STANZA_ID, `<active xmlns='${ns.CHAT_STATES}'/>`])
        assert.equal(urgency(said(`<body>A fair assembly</body>${more}`), true), 'in turn')
    })

    const reference = `<reference xmlns='urn:xmpp:reference:0' type='mention' uri='xmpp:romeo@verona.example'/>`
    for (const more of [
      '<body>Romeo, away!</body>',
      `<body>Away!</body>${reference}`,
      `<encrypted xmlns='urn:xmpp:omemo:2'/>`,
    ])
      it(`what names him, or may, does not: ${more}`, () => assert.equal(urgency(said(more), true), 'now'))

    it('what is said to him alone does not', () => {
      assert.equal(
        urgency(`<message type='chat' from='${ROOM}'><body>Away!</body>${inRoom('')}</message>`, true),
        'now',
      )
    })
  })
})

describe('two presences in one', () => {
  const caps = (ver: string): string => `<c xmlns='${ns.CAPS}' hash='sha-1' node='urn:balcony' ver='${ver}'/>`
  const caps2 = `<c xmlns='${ns.CAPS_2}'><hash xmlns='${ns.HASHES}' algo='sha-256'>x</hash></c>`
  const parts = ({ el }: Addressed): string[] => elements(el).map(part => `${part}`)
  const said = (more: string): string[] => parts(stanza(`<presence>${more}</presence>`))
  const both = (before: string, after: string): Addressed => merged(stanza(before), stanza(after))

  it('are the second', () => {
    const after = stanza(`<presence>${caps('2')}<show>away</show></presence>`)

    assert.equal(merged(stanza(`<presence>${caps('1')}<status>Here</status></presence>`), after), after)
  })

  it('keep the capabilities that a server left out of it', () => {
    const sent = both(`<presence>${caps('1')}${caps2}<show>away</show></presence>`, `<presence>${caps('2')}</presence>`)

    assert.deepEqual(parts(sent), said(`${caps('2')}${caps2}`))
    assert.deepEqual(elements(sent.el).map(namespaceOf), [ns.CAPS, ns.CAPS_2])
  })

  it('do not change the elements that others are given', () => {
    const before = stanza(`<presence>${caps('1')}</presence>`)
    const after = stanza('<presence/>')

    const [own] = elements(before.el)
    const parent = own?.parent

    merged(before, after)

    assert.deepEqual([parts(before), parts(after)], [said(caps('1')), []])
    assert.ok(parent)
    assert.equal(own?.parent, parent)
  })

  it('keep nothing when the client has gone or come in between', () => {
    assert.deepEqual(parts(both(`<presence>${caps('1')}</presence>`, `<presence type='unavailable'/>`)), [])
    assert.deepEqual(parts(both(`<presence type='unavailable'>${caps('1')}</presence>`, '<presence/>')), [])
  })

  it('are the second of other stanzas as well', () => {
    const after = stanza(`<message>${COMPOSING}</message>`)

    assert.equal(merged(stanza(`<message>${COMPOSING}${NO_STORE}</message>`), after), after)
  })
})
