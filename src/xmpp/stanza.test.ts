import assert from 'node:assert/strict'
import { parseElement, xml } from '../xml/index.js'
import { parseJid } from './jid.js'
import { addressedOr, isAddressed, isKind, makeStanza, Stanza } from './stanza.js'

const romeo = parseJid('romeo@montague.example/orchard')
const juliet = parseJid('juliet@capulet.example')
const nurse = parseJid('nurse@capulet.example')

const message = () =>
  makeStanza({
    ...{ from: romeo, to: juliet },
    el: parseElement("<message xmlns='jabber:client' id='1' type='chat'><body>Hark</body></message>"),
  })

describe('a stanza of the server', () => {
  it('has its addresses and type in its element too', () => {
    const { kind, type, from, to, el } = makeStanza({
      ...{ type: 'chat', from: romeo, to: juliet },
      el: xml('message', { from: 'tybalt', id: '1' }),
    })

    assert.deepEqual([kind, type, from, to], ['message', 'chat', romeo, juliet])
    assert.deepEqual(el.attrs, { id: '1', type: 'chat', from: `${romeo}`, to: `${juliet}` })
  })

  it('has the type of its element when none is given, and that of its kind when that has none', () => {
    const made = (el: ReturnType<typeof xml>, type?: string) => {
      const stanza = makeStanza({ ...(type !== undefined && { type }), from: romeo, to: juliet, el })
      return [stanza.type, stanza.el.attrs.type]
    }

    assert.deepEqual(made(xml('iq', { type: 'result' })), ['result', 'result'])
    assert.deepEqual(made(xml('iq', { type: 'get' }), 'set'), ['set', 'set'])
    assert.deepEqual(made(xml('message')), ['normal', undefined])
    assert.deepEqual(made(xml('message', { type: 'chat' }), 'normal'), ['normal', undefined])
    assert.deepEqual(made(xml('presence')), ['available', undefined])
    assert.deepEqual(made(xml('presence'), 'unavailable'), ['unavailable', 'unavailable'])
  })

  it('is a message, presence or iq', () => {
    assert.throws(() => makeStanza({ from: romeo, to: juliet, el: xml('stream') }), /stream is no stanza/)
    assert.deepEqual(['message', 'presence', 'iq', 'Message', 'toString', ''].map(isKind), [
      ...[true, true, true],
      ...[false, false, false],
    ])
  })
})

describe('a stanza', () => {
  it('has an id, or none', () => {
    assert.equal(message().id, '1')
    assert.equal(makeStanza({ from: romeo, to: juliet, el: xml('message') }).id, '')
  })

  it('may carry another element', () => {
    const before = message()
    const el = xml('message', {})
    const after = before.carrying(el)

    assert.equal(after.el, el)
    assert.deepEqual([after.kind, after.type, after.from, after.to], [before.kind, before.type, before.from, before.to])
  })

  it('may go to somebody else, or come from him', () => {
    const before = message()
    const written = before.el.toString()
    const [readdressed, sent] = [before.readdressed(nurse), before.sentBy(romeo.bare)]

    assert.deepEqual([readdressed.to, readdressed.el.attrs.to], [nurse, `${nurse}`])
    assert.deepEqual([readdressed.from, readdressed.el.attrs.from], [romeo, `${romeo}`])
    assert.deepEqual([sent.from, sent.el.attrs.from], [romeo.bare, `${romeo.bare}`])
    assert.deepEqual([sent.to, sent.type, sent.id], [juliet, 'chat', '1'])
    assert.equal(before.el.toString(), written)
  })

  it('is addressed, or may be', () => {
    const toNobody = new Stanza('presence', 'available', romeo, undefined, xml('presence'))

    assert.deepEqual([isAddressed(message()), isAddressed(toNobody)], [true, false])
    assert.equal(addressedOr(message(), nurse).to, juliet)
    assert.deepEqual([addressedOr(toNobody, nurse).to, addressedOr(toNobody, nurse).el.attrs.to], [nurse, `${nurse}`])
  })
})
