import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { settled } from '../../test/kit.js'
import { Turn } from './turn.js'
import { Writer } from './writer.js'

describe('writer', () => {
  it('writes what was said in a turn in one piece, and the trailer behind it', async () => {
    const { writer, pieces } = setUp({ trailer: '<r/>' })

    for (const words of ['O ', 'Romeo, ', 'Romeo']) writer.write(words)
    assert.deepEqual([pieces, writer.backlog], [[], 14])
    await settled()
    writer.write('!')
    await settled()

    assert.deepEqual([pieces, writer.backlog], [['O Romeo, Romeo<r/>', '!<r/>'], 0])
  })

  it('writes nothing when there is nothing to say', async () => {
    const { writer, pieces } = setUp()

    writer.write('')
    await settled()

    assert.deepEqual(pieces, [])
  })

  it('tells who asked that it is written, in order, and that there is room', async () => {
    const { writer, heard } = setUp()

    for (const name of ['romeo', 'juliet']) writer.write(name, isWritten => heard.push(`${name} ${isWritten}`))
    await settled()

    assert.deepEqual(heard, ['romeo true', 'juliet true', 'wake'])
  })

  it('tells that it never will be when the other end is gone', async () => {
    const { writer, heard, pieces, socket } = setUp()

    writer.write('romeo', isWritten => heard.push(`romeo ${isWritten}`))
    socket.destroy()
    writer.write('juliet', isWritten => heard.push(`juliet ${isWritten}`))
    await settled()

    assert.deepEqual([pieces, heard], [[], ['juliet false', 'romeo false']])
  })

  it('goes on with another socket', async () => {
    const [plain, secured] = [setUp(), setUp()]
    plain.writer.write('in the open')
    plain.writer.flush()

    plain.writer.moveTo(secured.socket)
    plain.writer.write('under the balcony')
    await settled()

    assert.deepEqual([plain.pieces, secured.pieces], [['in the open'], ['under the balcony']])
  })

  it('hands a fault of its author to it', async () => {
    const { writer, heard } = setUp({
      get trailer(): string {
        throw new Error('the pen is broken')
      },
    })

    writer.write('romeo')
    await settled()

    assert.deepEqual(heard, ['Error: the pen is broken'])
  })
})

function setUp(words: { readonly trailer: string } = { trailer: '' }) {
  const pieces: string[] = []
  const heard: string[] = []
  const socket = new Writable({
    write(piece, _, done) {
      pieces.push(String(piece))
      done()
    },
  })
  const author = {
    trailer: () => words.trailer,
    wake: () => heard.push('wake'),
    fail: (fault: unknown) => heard.push(String(fault)),
  }
  return { writer: new Writer(socket, author, new Turn()), pieces, heard, socket }
}
