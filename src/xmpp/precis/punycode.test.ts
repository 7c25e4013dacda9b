import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codePoints } from './properties.js'
import { decodePunycode, encodePunycode } from './punycode.js'

/** RFC 3492 §7.1, in lower case. */
const SAMPLES: Readonly<Record<string, string>> = {
  'ليهمابتكلموشعربي؟': 'egbpdaj6bu4bxfgehfvwxn',
  他们为什么不说中文: 'ihqwcrb4cv8a8dqg056pqjye',
  他們爲什麽不說中文: 'ihqwctvzc91f659drss3x8bo0yb',
  pročprostěnemluvíčesky: 'proprostnemluvesky-uyb24dma41a',
  למההםפשוטלאמדבריםעברית: '4dbcagdahymbxekheh6e0a7fei0b',
  почемужеонинеговорятпорусски: 'b1abfaaepdrnnbgefbadotcwatmq2g4l',
  porquénopuedensimplementehablarenespañol: 'porqunopuedensimplementehablarenespaol-fmd56a',
  tạisaohọkhôngthểchỉnóitiếngviệt: 'tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g',
  '3年b組金八先生': '3b-ww4c5e180e575a65lsy2b',
  'hello-another-way-それぞれの場所': 'hello-another-way--fc4qua05auwb3674vfr0b',
  パフィーdeルンバ: 'de-jg4avhby1noc0d',
  そのスピードで: 'd9juau41awczczp',
  '-> $1.00 <-': '-> $1.00 <--',
}

describe('Punycode', () => {
  for (const [text, encoded] of Object.entries(SAMPLES))
    it(`writes and reads ${text}`, () => {
      assert.equal(encodePunycode(codePoints(text)), encoded)
      assert.equal(String.fromCodePoint(...(decodePunycode(encoded) ?? [])), text)
    })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 63 }), points => {
        assert.deepEqual(decodePunycode(encodePunycode(points)), points)
      }),
    )
  })

  it('refuses what nobody writes', () => {
    for (const text of ['a-b!', 'é', '99999999', 'abc-9', 'A', 'a-b-9'])
      assert.equal(decodePunycode(text), undefined, text)
  })

  it('reads anything without harm', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 59 }), text => {
        const points = decodePunycode(text)
        assert(points === undefined || points.every(cp => cp <= 0x10ffff))
      }),
    )
  })
})
