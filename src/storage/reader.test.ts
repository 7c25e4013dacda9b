import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { Reader, type ReaderOptions } from './reader.js'

describe('reader', () => {
  const lost = new Error('select - the connection is lost')
  const refused = new Error('select 1 / 0 - division by zero')
  let answers: (() => Promise<unknown>)[]
  let asked: number
  let isClosed: boolean

  const reader = (wait: number) => {
    const connections = {
      get isClosed() {
        return isClosed
      },
      use: () => {
        asked++
        return answers.shift()?.() ?? assert.fail('asked too often')
      },
    } as ReaderOptions['connections'] // what it is asked for has the type of its answer
    return new Reader({ connections, dialect: { isLost: fault => fault === lost }, wait })
  }
  const query = async () => 'nothing'
  const fails = (fault: Error) => () => Promise.reject(fault)
  const succeeds = async () => 'love'

  beforeEach(() => {
    answers = []
    asked = 0
    isClosed = false
  })

  it('asks again when the connection was lost', async () => {
    answers = [fails(lost), fails(lost), succeeds]

    assert.equal(await reader(10_000).read(query), 'love')
  })

  it('does not ask for ever, nor when it is closed', async () => {
    const failed = { name: 'DatabaseError', message: 'The database failed to read: the connection is lost.' }
    answers = Array.from({ length: 100 }, () => fails(lost))
    await assert.rejects(reader(20).read(query), failed)
    assert.ok(asked < 5)

    isClosed = true
    asked = 0
    await assert.rejects(reader(10_000).read(query), failed)
    assert.equal(asked, 1)
  })

  it('asks once what the database refuses', async () => {
    answers = [fails(refused)]

    await assert.rejects(reader(10_000).read(query), { name: 'DatabaseError', cause: refused })
    assert.equal(asked, 1)
  })

  it('refuses more than it can hold, until there is room', async () => {
    const many = reader(0)
    let answer = (_: unknown) => {}
    const answered = new Promise(resolve => {
      answer = resolve
    })
    answers = Array.from({ length: 10_001 }, () => () => answered)
    const reads = Array.from({ length: 10_000 }, () => many.read(query))
    await assert.rejects(many.read(query), { name: 'DatabaseError', message: /does not keep up/ })
    answer('love')
    await Promise.all(reads)
    await turn()

    assert.equal(await many.read(query), 'love')
  })
})
