import assert from 'node:assert/strict'
import { FakeClock } from '../../test/kit.js'
import { Readiness } from './readiness.js'

describe('readiness', () => {
  let clock: FakeClock
  let readiness: Readiness

  beforeEach(() => {
    clock = new FakeClock()
    readiness = new Readiness(clock)
  })

  it('comes with the end of the start, and ends with the beginning of the stop', async () => {
    assert.equal(await readiness.problem(), 'The server is starting.')
    readiness.started(async () => {})
    assert.equal(await readiness.problem(), undefined)
    readiness.stopping()
    assert.equal(await readiness.problem(), 'The server is stopping.')
  })

  it('does not come any more when the stop was faster', async () => {
    readiness.stopping()
    readiness.started(async () => {})

    assert.equal(await readiness.problem(), 'The server is stopping.')
  })

  it('is gone while the database cannot be read, and comes back', async () => {
    let isThere = true
    readiness.started(async () => {
      if (!isThere) throw new Error('the disk is in Mantua')
    })

    isThere = false
    assert.equal(await readiness.problem(), 'The database cannot be read.')
    isThere = true
    assert.equal(await readiness.problem(), undefined)
  })

  it('is gone when the question itself fails, and comes back', async () => {
    let isThere = false
    readiness.started(() => {
      if (!isThere) throw new Error('no connection')
      return Promise.resolve()
    })

    assert.equal(await readiness.problem(), 'The database cannot be read.')
    isThere = true
    assert.equal(await readiness.problem(), undefined)
  })

  it('does not wait for ever for the database, and asks it once however many want to know', async () => {
    let asked = 0
    let answer = () => {}
    readiness.started(() => {
      asked++
      return new Promise<void>(resolve => {
        answer = resolve
      })
    })

    const problems = Promise.all([readiness.problem(), readiness.problem()])
    await clock.pass(2000)
    const third = readiness.problem()

    assert.deepEqual(await problems, ['The database does not answer.', 'The database does not answer.'])
    assert.equal(asked, 1)
    answer()
    assert.equal(await third, undefined)
  })
})
