import assert from 'node:assert/strict'
import { readScripts, SCRIPTS } from '../wire/script.js'
import { Fuzzer, record } from './fuzz.js'
import { Mutator, random } from './mutate.js'
import { Target } from './target.js'

/** Of conversations by chance, in seconds. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 35)

describe('by chance', function () {
  this.timeout((SECONDS + 120) * 1000)
  let target: Target

  before(async () => {
    target = await Target.start({ config: { log: { level: 'warn' } } })
  })
  after(() => target?.dispose())

  it(`for ${SECONDS} seconds`, async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
    // of each specification some, others each time
    const scripts = readScripts(SCRIPTS).filter((_, index) => index % 12 === seed % 12)
    const sessions = await record(scripts, target)

    const { played, found } = await new Fuzzer(target, sessions).run(seed, SECONDS * 1000)

    console.log(`      FUZZ_SEED=${seed}: ${played} conversations, made of ${sessions.length}`)
    assert.ok(sessions.length > 50 && played > 100)
    assert.deepEqual(found, [], found.map(({ script }) => script).join('\n\n'))
  })

  it('is the same for the same seed', () => {
    const said = [[Buffer.from("<message to='juliet'><body>Ay me!</body></message>"), Buffer.from('<presence/>')]]
    const made = (seed: number) => {
      const mutator = new Mutator(random(seed), said)
      return Array.from({ length: 200 }, () => Buffer.concat(mutator.mutate(said[0] ?? [])).toString('latin1'))
    }

    assert.deepEqual(made(1), made(1))
    assert.notDeepEqual(made(1), made(2))
    assert.ok(new Set(made(1)).size > 150, 'they differ')
  })
})
