import assert from 'node:assert/strict'
import fc from 'fast-check'
import { child, parseElement, serialise, xml } from '../xml/index.js'
import { type Incoming, kindOf, readClientStanza } from './incoming.js'
import { parseJid } from './jid.js'
import { CLIENT } from './ns.js'
import { isKind, type Kind, type Stanza } from './stanza.js'

const romeo = parseJid('romeo@montague.example/orchard')

const read = (text: string): Incoming => {
  const el = parseElement(text.replace(/^<\w+/, `$& xmlns='${CLIENT}'`))
  const kind = kindOf(el, CLIENT)
  assert.ok(kind)
  return readClientStanza(kind, el, romeo)
}

const accepted = (text: string): Stanza => {
  const incoming = read(text)
  assert.ok('stanza' in incoming, `${text} is accepted`)
  return incoming.stanza
}

const refused = (text: string) => {
  const incoming = read(text)
  assert.ok('refusal' in incoming, `${text} is refused`)
  return incoming
}

const conditionOf = (text: string) => refused(text).refusal.condition

const GET = "type='get' id='1'"
const QUERY = "<query xmlns='jabber:iq:roster'/>"

describe('an element of a client’s stream', () => {
  it('is a stanza by its name and namespace', () => {
    const kinds = ['message', 'presence', 'iq', 'Message', 'enable'].map(name =>
      kindOf(xml(name, { xmlns: CLIENT }), CLIENT),
    )

    assert.deepEqual(kinds, ['message', 'presence', 'iq', undefined, undefined])
    assert.equal(kindOf(xml('message', { xmlns: 'jabber:server' }), CLIENT), undefined)
    assert.equal(kindOf(xml('message'), CLIENT), undefined)
  })
})

describe('the sender of a stanza', () => {
  for (const from of [
    undefined,
    'romeo@montague.example/orchard',
    'romeo@montague.example',
    'juliet@capulet.example',
    '@',
  ])
    it(`is the client that sent it, though it says ${from ?? 'nothing'} (RFC 6120 §8.1.2.1)`, () => {
      const { from: sender, el } = accepted(`<message${from === undefined ? '' : ` from='${from}'`}/>`)

      assert.deepEqual([sender, el.attrs.from], [romeo, 'romeo@montague.example/orchard'])
    })
})

describe('the address of a stanza', () => {
  it('is prepared, and stands in the element so (RFC 7622)', () => {
    const { to, el } = accepted("<message to='Juliet@CAPULET.example/Balcony'/>")

    assert.deepEqual([`${to}`, el.attrs.to], ['juliet@capulet.example/Balcony', 'juliet@capulet.example/Balcony'])
  })

  for (const text of ['<message/>', `<iq ${GET}>${QUERY}</iq>`])
    it(`is one’s own account when there is none: ${text} (RFC 6120 §10.3)`, () => {
      const { to, el } = accepted(text)

      assert.deepEqual([`${to}`, el.attrs.to], ['romeo@montague.example', 'romeo@montague.example'])
    })

  it('is nobody’s when presence has none', () => {
    const { to, el } = accepted('<presence/>')

    assert.deepEqual([to, el.attrs.to], [undefined, undefined])
  })

  for (const to of [
    '',
    '@',
    'juliet@',
    '@capulet.example',
    'juliet@capulet.example/',
    'a b@capulet.example',
    '♚@capulet.example',
  ])
    for (const stanza of [`<message to='${to}'/>`, `<presence to='${to}'/>`, `<iq to='${to}' ${GET}>${QUERY}</iq>`])
      it(`is refused when it is none: ${stanza}`, () => assert.equal(conditionOf(stanza), 'jid-malformed'))
})

describe('the type of a message (RFC 6121 §5.2.2)', () => {
  for (const type of ['chat', 'groupchat', 'headline', 'error'])
    it(`may be ${type}`, () => {
      const stanza = accepted(`<message type='${type}'/>`)

      assert.deepEqual([stanza.type, stanza.el.attrs.type], [type, type])
    })

  for (const type of ['', 'normal', 'get', 'Chat', 'constructor'])
    it(`is normal when it is ${JSON.stringify(type)}, and is not written then`, () => {
      const stanza = accepted(`<message type='${type}'/>`)

      assert.deepEqual([stanza.type, stanza.el.attrs.type], ['normal', undefined])
    })

  it('is normal when there is none', () => assert.equal(accepted('<message/>').type, 'normal'))
})

describe('the type of presence (RFC 6121 §4.7.1)', () => {
  for (const type of ['unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error'])
    it(`may be ${type}`, () => {
      const stanza = accepted(`<presence type='${type}'/>`)

      assert.deepEqual([stanza.type, stanza.el.attrs.type], [type, type])
    })

  for (const type of ['', 'available', 'away', 'Subscribe', 'toString'])
    it(`may not be ${JSON.stringify(type)}`, () =>
      assert.equal(conditionOf(`<presence type='${type}'/>`), 'bad-request'))

  it('is available when there is none', () => {
    const stanza = accepted('<presence/>')

    assert.deepEqual([stanza.type, stanza.el.attrs.type], ['available', undefined])
  })
})

describe('an iq (RFC 6120 §8.2.3)', () => {
  for (const stanza of [
    `<iq type='get' id='1'>${QUERY}</iq>`,
    `<iq type='set' id='1'>${QUERY}</iq>`,
    `<iq type='get' id='1'> ${QUERY} and text</iq>`,
    `<iq type='result' id='1'/>`,
    `<iq type='result' id='1'>${QUERY}</iq>`,
    `<iq type='error' id='1'/>`,
    `<iq type='error' id='1'>${QUERY}<error/></iq>`,
  ])
    it(`may be ${stanza}`, () => {
      const { kind, type, id } = accepted(stanza)

      assert.deepEqual([kind, type, id], ['iq', /type='(\w+)'/.exec(stanza)?.[1], '1'])
    })

  for (const stanza of [
    `<iq id='1'>${QUERY}</iq>`,
    `<iq type='' id='1'>${QUERY}</iq>`,
    `<iq type='GET' id='1'>${QUERY}</iq>`,
    `<iq type='subscribe' id='1'>${QUERY}</iq>`,
    `<iq type='get'>${QUERY}</iq>`,
    `<iq type='get' id=''>${QUERY}</iq>`,
    `<iq type='get' id='1'/>`,
    `<iq type='set' id='1'>text</iq>`,
    `<iq type='get' id='1'>${QUERY}${QUERY}</iq>`,
    `<iq type='result' id='1'>${QUERY}${QUERY}</iq>`,
    `<iq type='result'/>`,
    `<iq type='error'/>`,
  ])
    it(`may not be ${stanza}`, () => assert.equal(conditionOf(stanza), 'bad-request'))
})

describe('a stanza that is refused on the edge', () => {
  it('is answered by the sender’s own server', () => {
    const { answer } = refused(`<iq type='get' id='1' to='@'>${QUERY}</iq>`)

    assert.ok(answer)
    const { id, type, from, to } = answer.el.attrs
    assert.deepEqual([id, type, from, to], ['1', 'error', 'romeo@montague.example', 'romeo@montague.example/orchard'])
    assert.deepEqual([answer.kind, answer.type, `${answer.to}`], ['iq', 'error', to])
    assert.ok(child(answer.el, 'query', 'jabber:iq:roster'))
    assert.ok(child(child(answer.el, 'error') ?? xml('nothing'), 'jid-malformed'))
  })

  const answered: Readonly<Record<string, boolean>> = {
    "<message to='@'/>": true,
    "<message to='@' type='error'/>": false,
    "<message to='@' type='result'/>": true,
    "<presence to='@'/>": true,
    "<presence type='away'/>": true,
    "<presence to='@' type='error'/>": false,
    [`<iq type='get'>${QUERY}</iq>`]: true,
    [`<iq>${QUERY}</iq>`]: true,
    "<iq to='@' type='result' id='1'/>": false,
    "<iq type='result' id='1'><a/><b/></iq>": false,
    "<iq to='@' type='error' id='1'/>": false,
  }
  for (const [stanza, expected] of Object.entries(answered))
    it(`${stanza} is ${expected ? 'answered' : 'not answered: it is an answer itself (RFC 6120 §8.3.1)'}`, () =>
      assert.equal(refused(stanza).answer !== undefined, expected))
})

describe('whatever a client writes', () => {
  const word = fc.constantFrom(
    undefined,
    '',
    'chat',
    'get',
    'set',
    'result',
    'error',
    'probe',
    'available',
    '__proto__',
  )
  const address = fc.constantFrom(undefined, '', 'juliet@capulet.example', 'capulet.example', '/', 'a@b/c', '@@')
  const anyStanza = fc.record({
    kind: fc.constantFrom<Kind>('message', 'presence', 'iq'),
    attrs: fc.record({ type: word, to: address, from: address, id: word, xmlns: fc.constant(CLIENT) }),
    children: fc.array(fc.constantFrom('text', xml('query', { xmlns: 'jabber:iq:roster' }), xml('body')), {
      maxLength: 3,
    }),
  })

  it('is a stanza from it, or refused; the element that came stays as it was', () => {
    fc.assert(
      fc.property(anyStanza, ({ kind, attrs, children }) => {
        const el = parseElement(serialise(xml(kind, attrs, children)))
        const before = serialise(el)

        const incoming = readClientStanza(kind, el, romeo)

        assert.equal(serialise(el), before)
        if ('stanza' in incoming) {
          const { from, to, type, el: out } = incoming.stanza
          assert.deepEqual([from, out.attrs.from, out.attrs.to], [romeo, `${romeo}`, to && `${to}`])
          assert.ok(out.attrs.type === type || out.attrs.type === undefined)
          assert.equal(out.children, el.children)
        } else if (incoming.answer) {
          assert.ok(isKind(incoming.answer.el.name))
          assert.deepEqual([incoming.answer.type, incoming.answer.to], ['error', romeo])
        }
      }),
    )
  })
})
