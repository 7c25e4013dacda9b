import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { idna, precis } from './properties.js'
import { UNICODE } from './tables.js'

const GENERATOR = 'scripts/precis-tables.mjs'

describe('the tables of Unicode', () => {
  const here = process.versions.unicode
  const when = here === UNICODE ? it : it.skip // another Unicode makes other tables
  when(`are what their generator makes of Unicode ${UNICODE} (this Node has ${here})`, () => {
    const generated = execFileSync(process.execPath, [GENERATOR], { encoding: 'utf8' })

    assert.equal(generated, readFileSync('src/xmpp/precis/tables.ts', 'utf8'))
  })

  it('have the categories of RFC 8264 §9', () => {
    const categories: Readonly<Record<string, readonly [letter: string, codePoints: readonly number[]]>> = {
      'exceptions that are valid': ['P', [0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007]],
      'exceptions by context': ['C', [0xb7, 0x375, 0x5f3, 0x5f4, 0x660, 0x669, 0x6f0, 0x6f9, 0x30fb]],
      'exceptions that are not': ['D', [0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3035, 0x303b]],
      unassigned: ['U', [0x378, 0x530, 0x2fe0, 0x1fefe]],
      'ASCII but the blank': ['P', [0x21, 0x30, 0x41, 0x5f, 0x7e]],
      'join controls': ['C', [0x200c, 0x200d]],
      'old Hangul jamo': ['D', [0x1100, 0x1160, 0x11ff, 0xa960, 0xa97c, 0xd7b0, 0xd7fb]],
      ignorable: ['D', [0xad, 0x34f, 0x115f, 0x180b, 0x200b, 0x2060, 0xfe0f, 0xfeff, 0xfffe, 0x1ffff, 0xe0001]],
      controls: ['D', [0, 9, 0x1f, 0x7f, 0x9f]],
      'of compatibility': ['F', [0xa0, 0xaa, 0xbd, 0x132, 0x1c5, 0x2163, 0x212b, 0xf900, 0xfb01, 0xff21, 0x958]],
      'letters and digits': ['P', [0xe9, 0x100, 0x301, 0x3b1, 0x903, 0x966, 0x4e00, 0xac00, 0x10400, 0x323b0]],
      'other letters and digits': ['F', [0x1f88, 0x16ee, 0xbc, 0x2180, 0x488]],
      spaces: ['F', [0x20, 0x1680, 0x2002, 0x3000]],
      symbols: ['F', [0xa9, 0xac, 0x2603, 0x265a, 0x1f600, 0x1faea]],
      punctuation: ['F', [0xa1, 0xa7, 0x2014, 0x2040, 0x3001]],
      others: ['D', [0x600, 0x2028, 0x2029, 0xd800, 0xdfff, 0xe000, 0x10fffd]],
    }
    for (const [category, [letter, found]] of Object.entries(categories))
      for (const cp of found) assert.equal(precis.of(cp), letter, `${category}: ${cp.toString(16)}`)
  })

  it('have the categories of RFC 5892 §2', () => {
    const letters: Readonly<Record<string, readonly number[]>> = {
      P: [0x2d, 0x30, 0x61, 0xdf, 0xe9, 0x131, 0x3c2, 0x13a0, 0x3007, 0x4e00],
      M: [0x301, 0x591, 0x903, 0x1b44],
      C: [0xb7, 0x200c, 0x200d, 0x30fb, 0x660],
      D: [
        0x20, 0x2e, 0x41, 0x5f, 0x7f, 0xa0, 0xc9, 0x345, 0x378, 0x640, 0x1e9e, 0x1f80, 0x20d0, 0x2163, 0xab70, 0x1d242,
      ],
    }
    for (const [letter, found] of Object.entries(letters))
      for (const cp of found) assert.equal(idna.of(cp), letter, cp.toString(16))
  })

  it('take for unassigned what an older Node would not map as a newer one does', () => {
    for (const cp of [0x897, 0x1c89, 0xa7dc, 0x10d50, 0x113c2, 0x16ea0, 0x1e5ee]) {
      assert.equal(precis.of(cp), 'U')
      assert.equal(idna.of(cp), 'D')
    }
  })
})
