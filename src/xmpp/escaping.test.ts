import assert from 'node:assert/strict'
import fc from 'fast-check'
import { escapeLocal, isEscaped, unescapeLocal } from './escaping.js'
import { prepareLocal } from './jid.js'

/** The tables and examples of XEP-0106, as people write a local part and as it is escaped. */
const TABLES: Readonly<Record<string, readonly (readonly [written: string, escaped: string])[]>> = {
  'the characters (§3.2, §3.3)': [
    ['a b', 'a\\20b'],
    ['"', '\\22'],
    ['&', '\\26'],
    ["'", '\\27'],
    ['/', '\\2f'],
    [':', '\\3a'],
    ['<', '\\3c'],
    ['>', '\\3e'],
    ['@', '\\40'],
    ['\\5c', '\\5c5c'],
  ],
  'native addresses (§5.1)': [
    ['space cadet', 'space\\20cadet'],
    ['call me "ishmael"', 'call\\20me\\20\\22ishmael\\22'],
    ['at&t guy', 'at\\26t\\20guy'],
    ["d'artagnan", 'd\\27artagnan'],
    ['/.fanboy', '\\2f.fanboy'],
    ['::foo::', '\\3a\\3afoo\\3a\\3a'],
    ['<foo>', '\\3cfoo\\3e'],
    ['user@host', 'user\\40host'],
    ['c:\\net', 'c\\3a\\net'],
    ['c:\\\\net', 'c\\3a\\\\net'],
    ['c:\\cool stuff', 'c\\3a\\cool\\20stuff'],
    ['c:\\5commas', 'c\\3a\\5c5commas'],
  ],
  'addresses of other networks (§3.3, §5.2 to §5.7)': [
    ['tréville@musketeers.lit', 'tréville\\40musketeers.lit'],
    ["here's_a_wild_&_/cr%zy/_address", 'here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address'],
    [
      `here's_a_wild_&_/cr%zy/_address_for:<wv>("IMPS")`,
      'here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address_for\\3a\\3cwv\\3e(\\22IMPS\\22)',
    ],
    ['\\3and\\2is\\5cool', '\\5c3and\\2is\\5c5cool'],
    [
      "CN=D'Artagnan Saint-Andr\\E9,O=Example & Company, Inc.,DC=example,DC=com",
      'CN=D\\27Artagnan\\20Saint-Andr\\E9,O=Example\\20\\26\\20Company,\\20Inc.,DC=example,DC=com',
    ],
    [`somenick!user"&'/:<>\\3address`, 'somenick!user\\22\\26\\27\\2f\\3a\\3c\\3e\\5c3address'],
  ],
  'what is no escape (§4.3)': [
    ['\\2plus\\2is\\4', '\\2plus\\2is\\4'],
    ['foo\\bar', 'foo\\bar'],
    ['foob\\41r', 'foob\\41r'],
    ['\\2F\\3A\\5C', '\\2F\\3A\\5C'],
    ['\\', '\\'],
  ],
  'escapes of escapes (§4.1, rule 7)': [
    ['\\27', '\\5c27'],
    ['\\5c27', '\\5c5c27'],
    ['\\\\27', '\\\\5c27'],
  ],
}

describe('a local part as people write it', () => {
  for (const [table, rows] of Object.entries(TABLES)) {
    describe(table, () => {
      for (const [written, escaped] of rows)
        it(`${written} is ${escaped}`, () => {
          assert.equal(escapeLocal(written), escaped)
          assert.equal(unescapeLocal(escaped), written)
          assert.equal(isEscaped(escaped), true)
          assert.equal(prepareLocal(escaped), escaped.toLowerCase())
        })
    })
  }

  for (const text of [' ', ' romeo', 'romeo ', ' romeo '])
    it(`does not begin or end with a space: '${text}'`, () => assert.equal(escapeLocal(text), undefined))

  for (const local of ['\\20', '\\20romeo', 'romeo\\20', 'foo\\5cbar', 'foo\\5c', '\\5c2F'])
    it(`is not what ${local} stands for, which would look like another`, () => assert.equal(isEscaped(local), false))

  it('has one local part of its own, which has nothing in it that none may have', () => {
    const char = fc.constantFrom(...'\\\\\\20234567acef "&\'/:<>@')
    fc.assert(
      fc.property(
        fc.array(char).map(chars => chars.join('')),
        text => {
          const escaped = escapeLocal(text)
          if (escaped === undefined) return /^ | $/.test(text)
          return unescapeLocal(escaped) === text && isEscaped(escaped) && !/[ "&'/:<>@]/.test(escaped)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
