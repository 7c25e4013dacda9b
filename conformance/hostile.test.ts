/** Attacks. Others are not disturbed meanwhile, and afterwards the server is there and has not grown. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { Target } from './hostile/target.js'
import { play } from './wire/player.js'
import { readScripts, SCRIPTS } from './wire/script.js'

describe('by attacks', function () {
  this.timeout(60_000)
  let target: Target

  before(async () => {
    target = await Target.start()
  })
  after(() => target?.dispose())

  for (const script of readScripts(path.join(SCRIPTS, '..', 'hostile', 'scripts'))) {
    it(`${script.title} (${script.name})`, async () => {
      const { failure, transcript } = await target.withstands(() => play(script, target.stage))

      assert.equal(failure, undefined, transcript.map(line => line.slice(0, 2000)).join('\n'))
    })
  }

  it('says nothing of a bug of its own', () => {
    assert.deepEqual(target.bugs, [])
  })
})
