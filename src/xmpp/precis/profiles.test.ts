import assert from 'node:assert/strict'
import { opaqueString, PrecisError, preparePassword, usernameCaseMapped } from './index.js'
import { codePoints, precis } from './properties.js'

const refuses = (profile: (text: string) => string, text: string): void =>
  assert.throws(() => profile(text), PrecisError, JSON.stringify(text))

describe('UsernameCaseMapped', () => {
  it('takes the names that RFC 8265 §3.5 has for examples', () => {
    const names = { 'juliet@example.com': 'juliet@example.com', fussball: 'fussball', fußball: 'fußball', π: 'π' }
    for (const [name, prepared] of Object.entries({ ...names, Σ: 'σ', σ: 'σ', ς: 'ς' }))
      assert.equal(usernameCaseMapped(name), prepared)
  })

  it('refuses the strings that RFC 8265 §3.5 has for examples', () => {
    for (const name of ['foo bar', 'henryⅣ', '∞']) refuses(usernameCaseMapped, name)
  })

  it('maps width before all else', () => {
    assert.equal(usernameCaseMapped('Ｊｕｌｉｅｔ'), 'juliet')
    assert.equal(usernameCaseMapped('ｶﾞ'), 'ガ')
    refuses(usernameCaseMapped, 'ﾲ') // U+3142 is a compatibility character itself
    refuses(usernameCaseMapped, 'a\u3000b')
    refuses(usernameCaseMapped, '￣')
  })

  it('maps case by code point', () => {
    assert.equal(usernameCaseMapped('ΟΔΥΣΣΕΥΣ'), 'οδυσσευσ')
    assert.equal(usernameCaseMapped('GROẞ'), 'groß')
    assert.equal(usernameCaseMapped('İ'), 'i\u0307')
    assert.equal(usernameCaseMapped('\u{10400}'), '\u{10428}')
    assert.equal(usernameCaseMapped('Ꭰ'), 'ꭰ')
  })

  it('composes', () => {
    for (const [written, prepared] of [
      ['e\u0301', 'é'],
      ['E\u0316\u0301', 'é\u0316'],
      ['\u212b', 'å'],
      ['\u1112\u1161\u11ab', '한'],
      ['\u09df', '\u09af\u09bc'],
    ] as const)
      assert.equal(usernameCaseMapped(written), prepared)
  })

  it('refuses what becomes allowed only by its case', () => {
    refuses(usernameCaseMapped, 'ᾈ') // titlecase
    refuses(usernameCaseMapped, 'ϴ') // a compatibility character
    refuses(usernameCaseMapped, 'ǅ')
  })

  it('refuses names that mix directions', () => {
    assert.equal(usernameCaseMapped('שלום1'), 'שלום1')
    for (const name of ['שלוםa', 'aשלום', '1שלום', 'שלום-', '١ب', 'ب١1']) refuses(usernameCaseMapped, name)
  })

  it('refuses what Unicode 17 does not have, and the newest that is mapped', () => {
    for (const name of ['\u0378', '\u{10d50}', '\u{16ea0}', 'a\u0897', '\u{1fffe}', '\ud800', 'a\udc00'])
      refuses(usernameCaseMapped, name)
  })

  it('gives only what it takes', () => {
    for (let cp = 0x21; cp <= 0x10ffff; cp++) {
      if (!'PC'.includes(precis.of(cp))) continue
      const char = String.fromCodePoint(cp)
      const lower = char.toLowerCase().normalize('NFC')
      assert(
        codePoints(lower).every(c => 'PC'.includes(precis.of(c))),
        `U+${cp.toString(16)}`,
      )
      assert.equal(lower.toLowerCase().normalize('NFC'), lower, `U+${cp.toString(16)}`)
    }
  })
})

describe('OpaqueString', () => {
  it('takes the passwords that RFC 8265 §4.3 has for examples', () => {
    for (const password of ['correct horse battery staple', 'Correct Horse Battery Staple', 'πßå', 'Jack of ♦s'])
      assert.equal(opaqueString(password), password)
    assert.equal(opaqueString('foo\u1680bar'), 'foo bar')
  })

  it('refuses the strings that RFC 8265 §4.3 has for examples', () => {
    refuses(preparePassword, '')
    refuses(opaqueString, 'my cat is a \tby')
  })

  it('has passwords no longer than the parts of addresses', () => {
    for (const password of ['♦'.repeat(341), 'x'.repeat(1023)]) assert.equal(preparePassword(password), password)
    for (const password of ['♦'.repeat(342), 'x'.repeat(1024)]) refuses(preparePassword, password)
  })

  it('has one kind of space', () => {
    for (const space of '\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000')
      assert.equal(opaqueString(`a${space}b`), 'a b')
    for (const other of ['\u200b', '\u2028', '\u2029', '\u180e']) refuses(opaqueString, `a${other}b`)
  })

  it('keeps case, width and direction', () => {
    for (const text of ['Ｊuliet', 'ᾈ', 'Ⅳ', 'aשלום-', '½', 'ﬁ', '🫪']) assert.equal(opaqueString(text), text)
  })

  it('composes', () => {
    assert.equal(opaqueString('e\u0301'), 'é')
    assert.equal(opaqueString('\u1112\u1161\u11ab'), '한')
    refuses(opaqueString, '\u1112')
  })

  it('has the contextual rules', () => {
    assert.equal(opaqueString('paral·lel'), 'paral·lel')
    refuses(opaqueString, 'a·b')
  })
})
