import assert from 'node:assert/strict'
import { KEY_BYTES, keyOf, storedKey, textOf } from './keys.js'

describe('keys', () => {
  const TEXTS = {
    'an address': 'juliet@capulet.example',
    'an empty text': '',
    'a text as long as may be': 'é'.repeat(KEY_BYTES / 2),
    'a longer one': 'é'.repeat(KEY_BYTES / 2 + 1),
    'one that is longer by a character': `${'x'.repeat(KEY_BYTES)}y`,
    'one of the same beginning': `${'x'.repeat(KEY_BYTES)}z`,
    'half a character': '\ud83d',
    'the other half': '\ude00',
    'a zero': 'a\0b',
    'what is between blanks': ' a ',
    'what looks like a digest': keyOf('x'.repeat(5000)),
  }

  for (const [name, text] of Object.entries(TEXTS)) {
    it(`gives ${name} back`, () => {
      assert.equal(textOf(storedKey(text)), text)
    })
  }

  it('makes keys that differ, and fit', () => {
    const keys = Object.values(TEXTS).map(keyOf)

    assert.equal(new Set(keys).size, keys.length)
    for (const key of keys) assert.ok(Buffer.byteLength(key) <= KEY_BYTES, `${Buffer.byteLength(key)} bytes`)
  })

  it('leaves short texts readable', () => {
    assert.deepEqual(storedKey('juliet@capulet.example'), { key: 'juliet@capulet.example', whole: null })
  })
})
