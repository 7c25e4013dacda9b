import assert from 'node:assert/strict'
import { hasRightToLeft, satisfiesBidiRule } from './bidi.js'
import { codePoints } from './properties.js'

const satisfies = (text: string): boolean => satisfiesBidiRule(codePoints(text))

describe('the Bidi Rule', () => {
  it('is for texts with letters or digits that are written from right to left', () => {
    for (const text of ['אב', 'abא', 'ب', '١', 'ߊ', '\u{10800}']) assert(hasRightToLeft(codePoints(text)), text)
    for (const text of ['', 'ab1', 'é', '۱', '漢', '\u0301', '-']) assert(!hasRightToLeft(codePoints(text)), text)
  })

  it('wants a letter first (condition 1)', () => {
    for (const text of ['a', 'א', 'ب']) assert(satisfies(text), text)
    for (const text of ['1', '1א', '١ب', '-a', '\u05b8א', '·']) assert(!satisfies(text), text)
  })

  it('wants no letters from left to right among others (condition 2)', () => {
    for (const text of ['א1ב', 'א-ב', 'א#+,ב', 'ب١ب', 'א\u05b8ב']) assert(satisfies(text), text)
    for (const text of ['אaב', 'אb', 'ب漢ب']) assert(!satisfies(text), text)
  })

  it('wants letters or digits last, whatever marks they have (condition 3)', () => {
    // the words that IDNA2003 could not write: RFC 5893 §4.1 in Dhivehi, §4.2 in Yiddish
    for (const text of ['ކޮންޕީޓަރު', 'יִוואָ', 'א1', 'ب١', 'ب۱', 'א\u05b8\u05b8']) assert(satisfies(text), text)
    for (const text of ['א-', 'א!', 'א,\u05b8']) assert(!satisfies(text), text)
  })

  it('wants European or Arabic digits (condition 4)', () => {
    for (const text of ['ب1۲', 'ب١٢']) assert(satisfies(text), text)
    for (const text of ['ب1١', 'ب١۲']) assert(!satisfies(text), text)
  })

  it('wants no letters from right to left among others (condition 5)', () => {
    for (const text of ['ab', 'a1', 'a-b', 'a۱', 'a#b']) assert(satisfies(text), text)
    for (const text of ['aא', 'aאb', 'a١b']) assert(!satisfies(text), text)
  })

  it('wants letters or digits last from left to right too (condition 6)', () => {
    for (const text of ['a1\u0301', 'a', 'a\u0301']) assert(satisfies(text), text)
    for (const text of ['a-', 'ab!', 'a-\u0301']) assert(!satisfies(text), text)
  })
})
