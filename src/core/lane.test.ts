import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { settled } from '../../test/kit.js'
import { type Awaitable, follow } from './awaitable.js'
import { Gates } from './fixture.test.js'
import { Lane, type Rest } from './lane.js'

type Event = readonly [what: 'first' | 'second' | 'through' | 'rest' | 'alone' | 'finished' | 'answered', work: number]

/** Work for a lane, of which everything that happens is written down. */
class Desk {
  readonly lane = new Lane()
  readonly gates = new Gates()
  readonly events: Event[] = []
  readonly kinds: Come['kind'][] = []

  come({ kind, firstWaits = false, secondWaits = false, rest }: Come): void {
    const work = this.kinds.push(kind) - 1
    const note = (what: Event[0]) => void this.events.push([what, work])
    const finish = (waits: boolean) => follow(this.gates.wait(undefined, waits), () => note('finished'))
    const first = () => {
      note('first')
      return this.gates.wait(work, firstWaits)
    }
    const second = (result: number): Awaitable<Rest | void> => {
      assert.equal(result, work)
      note('second')
      return follow(this.gates.wait(undefined, secondWaits), () => {
        note('through')
        if (!rest) return note('finished')
        return () => {
          note('rest')
          return finish(rest === 'waits')
        }
      })
    }
    const alone = () => {
      note('alone')
      return finish(secondWaits)
    }
    follow(kind === 'alone' ? this.lane.alone(alone) : this.lane.overlapping(first, second), () => note('answered'))
  }

  in(what: Event[0]): number[] {
    return this.events.filter(event => event[0] === what).map(([, work]) => work)
  }

  at(what: Event[0], work: number): number {
    return this.events.findIndex(event => event[0] === what && event[1] === work)
  }
}

interface Come {
  readonly kind: 'overlapping' | 'alone'
  readonly firstWaits?: boolean
  readonly secondWaits?: boolean
  readonly rest?: 'waits' | 'is done at once' | undefined
}

type Step = { readonly come: Come } | { readonly open: number } | { readonly turns: number }

const come = fc.record({
  kind: fc.constantFrom('overlapping', 'overlapping', 'alone' as const),
  firstWaits: fc.boolean(),
  secondWaits: fc.boolean(),
  rest: fc.constantFrom('waits', 'is done at once', undefined),
})

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ come }) },
    { weight: 2, arbitrary: fc.record({ open: fc.nat(9) }) },
    // turns of the microtask queue, so that work comes while promises are on their way
    { weight: 1, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 8 }) }) },
  ),
  { minLength: 1, maxLength: 40 },
)

async function perform(script: readonly Step[]): Promise<Desk> {
  const desk = new Desk()
  for (const step of script) {
    if ('come' in step) desk.come(step.come)
    else if ('open' in step) desk.gates.open(step.open)
    else for (let turn = 0; turn < step.turns; turn++) await undefined
  }
  await desk.gates.openAll()
  return desk
}

describe('a lane', () => {
  const anyOrder = (check: (desk: Desk) => void) => () =>
    fc.assert(
      fc.asyncProperty(steps, async script => check(await perform(script))),
      { numRuns: 1000 },
    )

  it(
    'finishes everything once, and is idle then',
    anyOrder(desk => {
      const all = desk.kinds.map((_, work) => work)
      const inOrder = (work: number[]) => work.sort((a, b) => a - b)

      assert.deepEqual(inOrder(desk.in('finished')), all)
      assert.deepEqual(inOrder(desk.in('answered')), all)
      assert.equal(
        desk.lane.overlapping(
          () => 1,
          () => {},
        ),
        undefined,
      )
      assert.equal(
        desk.lane.alone(() => {}),
        undefined,
      )
    }),
  )

  it(
    'does second halves one after the other in the order in which the work came, and begins all else in it',
    anyOrder(desk => {
      const overlapping = desk.kinds.flatMap((kind, work) => (kind === 'overlapping' ? [work] : []))
      const halves = desk.events.filter(([what]) => what === 'second' || what === 'through')

      assert.deepEqual(desk.in('first'), overlapping)
      assert.deepEqual(
        halves,
        overlapping.flatMap(work => [
          ['second', work],
          ['through', work],
        ]),
      )
      assert.deepEqual(
        desk.in('rest'),
        desk.in('rest').sort((a, b) => a - b),
      )
    }),
  )

  it(
    'lets work that may not overlap see everything before it finished and nothing after it begun',
    anyOrder(desk => {
      for (const [work, kind] of desk.kinds.entries()) {
        if (kind !== 'alone') continue
        const [begin, end] = [desk.at('alone', work), desk.at('finished', work)]
        for (let other = 0; other < desk.kinds.length; other++) {
          if (other < work) assert.ok(desk.at('finished', other) < begin, `${other} is finished before ${work} begins`)
          if (other > work) {
            const began = desk.at(desk.kinds[other] === 'alone' ? 'alone' : 'first', other)
            assert.ok(began > end, `${other} begins after ${work} is finished`)
          }
        }
      }
    }),
  )

  it(
    'does not answer before the work is finished, nor before it is through with all that came before',
    anyOrder(desk => {
      for (const [work, kind] of desk.kinds.entries()) {
        const answered = desk.at('answered', work)
        assert.ok(desk.at('finished', work) < answered)
        for (let other = 0; other < work && kind === 'overlapping'; other++)
          assert.ok(desk.at(desk.kinds[other] === 'alone' ? 'finished' : 'through', other) < answered)
      }
    }),
  )

  it('lets first halves overlap', () => {
    const desk = new Desk()

    for (let work = 0; work < 3; work++) desk.come({ kind: 'overlapping', firstWaits: true })

    assert.deepEqual(desk.events, [
      ['first', 0],
      ['first', 1],
      ['first', 2],
    ])
  })

  it('lets rests overlap with everything that may', () => {
    const desk = new Desk()
    desk.come({ kind: 'overlapping', rest: 'waits' })
    desk.come({ kind: 'overlapping', rest: 'waits' })
    desk.come({ kind: 'overlapping' })

    assert.deepEqual(desk.in('through'), [0, 1, 2])
    assert.deepEqual(desk.in('answered'), [2])
  })

  it('does without promises when nothing waits', () => {
    const desk = new Desk()
    for (let work = 0; work < 4; work++)
      desk.come({ kind: work % 2 ? 'alone' : 'overlapping', rest: 'is done at once' })

    assert.deepEqual(desk.in('answered'), [0, 1, 2, 3])
  })

  it('takes work that comes out of work', async () => {
    const lane = new Lane()
    const begun: string[] = []
    const more = (name: string) =>
      lane.overlapping(
        () => Promise.resolve(name),
        () => void begun.push(name),
      )

    lane.overlapping(
      () => Promise.resolve('outer'),
      name => {
        begun.push(name)
        more('inner')
      },
    )
    more('next')
    await settled()

    assert.deepEqual(begun, ['outer', 'next', 'inner'])
  })

  it('keeps nothing of what is finished, even when it never comes to rest', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const lane = new Lane()
    const results: WeakRef<object>[] = []
    let finishOne = () => {}
    /** Is finished when the next one has come. */
    const rest = () =>
      new Promise<void>(resolve => {
        const finishLast = finishOne
        finishOne = resolve
        finishLast()
      })
    const pass = () =>
      lane.overlapping(
        () => {
          const result = {}
          results.push(new WeakRef(result))
          return Promise.resolve(result)
        },
        () => rest,
      )

    for (let work = 0; work < 200; work++) {
      pass()
      await settled()
    }
    collect()

    assert.ok(results.slice(0, 190).every(result => result.deref() === undefined))
    finishOne()
  })
})
