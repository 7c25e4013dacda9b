import assert from 'node:assert/strict'
import { checkContext } from './context.js'
import { PrecisError } from './errors.js'
import { codePoints } from './properties.js'

/** RFC 5892 appendix A: each rule once right and once wrong, at least. */
const RULES: Readonly<Record<string, { readonly right: readonly string[]; readonly wrong: readonly string[] }>> = {
  'a zero width non-joiner after a virama or where letters join': {
    right: ['क\u094d\u200cष', 'ن\u200cا', 'ن\u064b\u200c\u064bا', 'ن\u200cن', '\ua872\u200cب', 'क\u094d\u200c'],
    wrong: ['a\u200cb', '\u200c', '\u200cا', 'ن\u200c', 'ا\u200cن', 'ن\u200c\u200cا', 'ن\u200ca', 'क\u200cष'],
  },
  'a zero width joiner after a virama': {
    right: ['क\u094d\u200dष', 'क\u094d\u200d', '\u1b13\u1b44\u200d'],
    wrong: ['क\u200dष', '\u200d', 'ن\u200dا', '👩\u200d🚀'],
  },
  'a middle dot between two l': {
    right: ['l·l', 'paral·lel', 'l·l·l'],
    wrong: ['·', 'l·', '·l', 'l·L', 'a·b', 'l··l'],
  },
  'a Greek lower numeral sign before Greek': {
    right: ['͵α', 'a͵ω'],
    wrong: ['͵', 'α͵', '͵a', '͵͵'],
  },
  'a Hebrew geresh after Hebrew': {
    right: ['ג׳', 'ג׳ב'],
    wrong: ['׳', '׳ג', 'a׳'],
  },
  'Hebrew gershayim after Hebrew': {
    right: ['צה״ל'],
    wrong: ['״', '״ל', 'a״'],
  },
  'a katakana middle dot in the company of kana or Han': {
    right: ['・ア', 'あ・', '漢・', 'a・b漢'],
    wrong: ['・', 'a・b', '・ー', 'α・'],
  },
  'Arabic-Indic digits without extended ones': {
    right: ['ب١٢', '١٢'],
    wrong: ['١۱', 'ب۱١'],
  },
  'extended Arabic-Indic digits without others': {
    right: ['ب۱۲', '۰۹'],
    wrong: ['۱٢', '٠۹'],
  },
}

describe('contextual rules', () => {
  for (const [rule, { right, wrong }] of Object.entries(RULES)) {
    it(`allow ${rule}`, () => {
      for (const text of right) checkContext(codePoints(text))
    })
    it(`allow only ${rule}`, () => {
      for (const text of wrong) assert.throws(() => checkContext(codePoints(text)), PrecisError, JSON.stringify(text))
    })
  }
})
