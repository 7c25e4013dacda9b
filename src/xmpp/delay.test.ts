import assert from 'node:assert/strict'
import { type Element, parseElement, serialise } from '../xml/index.js'
import { delayed } from './delay.js'
import { parseJid } from './jid.js'

const verona = parseJid('verona.example')
const at = Date.UTC(2026, 10, 24, 19, 5, 7, 123)
const STAMP = "<delay xmlns='urn:xmpp:delay' from='verona.example' stamp='2026-11-24T19:05:07.123Z'/>"

const message = (inner: string): Element => parseElement(`<message xmlns='jabber:client'>${inner}</message>`)

const delay = (inner: string): string => serialise(delayed(message(inner), verona, at))

const read = (inner: string): string => serialise(message(inner))

describe('a delay (XEP-0203)', () => {
  it('is put at the end of what was kept back', () => {
    assert.equal(delay('<body>Hark</body>'), read(`<body>Hark</body>${STAMP}`))
  })

  it('stays as it is when the same has said so before', () => {
    const earlier = STAMP.replace('19:05', '18:00')

    assert.equal(delay(earlier), read(earlier))
  })

  it('stays as it is when another has said so too', () => {
    const other = STAMP.replace('verona', 'padua')

    assert.equal(delay(other + STAMP), read(other + STAMP))
    assert.equal(delay(STAMP + other), read(STAMP + other))
  })

  it('is put beside those of others', () => {
    const other = STAMP.replace('verona', 'padua')
    const nobodys = STAMP.replace("from='verona.example' ", '')
    const different = STAMP.replace('urn:xmpp:delay', 'urn:example:delay')

    for (const inner of [other, nobodys, different]) assert.equal(delay(inner), read(inner + STAMP))
  })

  it('leaves the element that it was given as it was', () => {
    const given = message('<body>Hark</body>')

    delayed(given, verona, at)

    assert.equal(serialise(given), read('<body>Hark</body>'))
  })
})
