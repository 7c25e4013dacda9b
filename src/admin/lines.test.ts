import assert from 'node:assert/strict'
import { readLines } from './lines.js'

const linesOf = async (chunks: readonly (string | Uint8Array)[], maxBytes = 100) => {
  const lines: string[] = []
  async function* source() {
    yield* chunks
  }
  for await (const line of readLines(source(), maxBytes)) lines.push(line)
  return lines
}

describe('lines', () => {
  it('come as they were written, however they are cut', async () => {
    const bytes = Buffer.from('Romeo\n\nJulia ❤\r\nlast')
    const bytewise = [...bytes].map(byte => Uint8Array.of(byte))

    for (const chunks of [[bytes], bytewise, ['Romeo\n\nJulia', ' ❤\r\nlast']])
      assert.deepEqual(await linesOf(chunks), ['Romeo', '', 'Julia ❤', 'last'])
    assert.deepEqual(await linesOf(['x\n']), ['x'])
    assert.deepEqual(await linesOf([]), [])
  })

  it('are not kept when they are too long, whether or not their end comes', async () => {
    assert.deepEqual(await linesOf(['abc\nabc'], 3), ['abc', 'abc'])
    await assert.rejects(linesOf(['abcd\n'], 3), { message: 'A line has more than 3 bytes.' })
    await assert.rejects(linesOf(['ab', 'cd'], 3), { message: 'A line has more than 3 bytes.' })
    await assert.rejects(linesOf(['ab', 'cd\n'], 3), { message: 'A line has more than 3 bytes.' })
  })

  it('are text', async () => {
    await assert.rejects(linesOf([Uint8Array.of(0xff, 0x0a)]), { message: 'A line is no UTF-8.' })
  })
})
