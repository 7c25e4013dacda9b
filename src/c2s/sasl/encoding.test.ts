import assert from 'node:assert/strict'
import { decodeBase64, decodeText, encodeBase64, encodeText, strictBase64 } from './encoding.js'

describe('SASL encoding', () => {
  it('decodes base64', () => {
    for (const text of ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']) {
      const encoded = encodeBase64(encodeText(text))

      const decoded = decodeBase64(encoded)

      assert.equal(decoded && decodeText(decoded), text)
    }
  })

  it("takes '=' for empty data, but not inside a mechanism's own message", () => {
    assert.deepEqual(decodeBase64('='), new Uint8Array())
    assert.equal(strictBase64('='), undefined)
  })

  const malformed = {
    'a space': 'Zm 9v',
    'a line break': 'Zm9v\n',
    'missing padding': 'Zg',
    'too much padding': 'Zg===',
    'padding in the middle': 'Zg==Zg==',
    'bits beyond the data': 'Zh==',
    'a single digit': 'Z',
    'the alphabet of URLs': '-_-_',
    'letters beyond ASCII': 'Zm9é',
  }
  for (const [what, text] of Object.entries(malformed)) {
    it(`refuses base64 with ${what}`, () => assert.equal(decodeBase64(text), undefined))
  }

  it('encodes a view, not the memory around it', () => {
    const view = Uint8Array.from([0, 102, 111, 111, 0]).subarray(1, 4)

    assert.equal(encodeBase64(view), 'Zm9v')
  })

  it('refuses text that is not UTF-8 and keeps a byte order mark', () => {
    assert.equal(decodeText(Uint8Array.from([0xc0, 0xaf])), undefined)
    assert.equal(decodeText(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61])), '\ufeffa')
  })
})
