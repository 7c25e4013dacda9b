import assert from 'node:assert/strict'
import { StreamKit } from '../../test/stream-kit.js'

/** What Juliet gets of what Romeo says in a stream with this header. */
async function heard(header: string, stanza: string): Promise<string | undefined> {
  const verona = await StreamKit.start()
  const juliet = await verona.binds('juliet/chamber')
  const romeo = verona.connects()
  await romeo.opens()
  await romeo.logsIn('romeo', `to='verona.example' version='1.0' ${header}`)
  await romeo.binds('balcony')
  romeo.send(stanza)
  return (await juliet.takes('message')).attrs['xml:lang']
}

describe('the language of a stream (RFC 6120 §8.1.5)', () => {
  const message = `<message to='juliet@verona.example/chamber'><body>Giulietta</body></message>`

  it('is that of what its client sends', async () => {
    assert.equal(await heard("xml:lang='it-CH'", message), 'it-CH')
  })

  it('is not that of what says another', async () => {
    assert.equal(await heard("xml:lang='it'", message.replace('<message', "<message xml:lang='de'")), 'de')
  })

  it('is not said where it is the one that everybody takes for granted', async () => {
    assert.equal(await heard("xml:lang='en'", message), undefined)
    assert.equal(await heard('', message), undefined)
  })

  it('is none if it is no tag of a language', async () => {
    for (const none of ['', 'i t', '-', `x${'-abcdefgh'.repeat(4)}`])
      assert.equal(await heard(`xml:lang='${none}'`, message), undefined)
  })
})
