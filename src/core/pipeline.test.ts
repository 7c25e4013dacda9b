import assert from 'node:assert/strict'
import fc from 'fast-check'
import { el } from '../../test/kit.js'
import { child } from '../xml/index.js'
import { itemNotFound, StanzaError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import { type Awaitable, isPromise } from './awaitable.js'
import { type Flows, STAGES, type Stage, TAKEN, type Verdict } from './module.js'
import { type Outcome, run, type Step } from './pipeline.js'

const romeo = parseJid('romeo@montague.example/orchard')
const juliet = parseJid('juliet@capulet.example')

const said = (body: string): Addressed =>
  makeStanza({ from: romeo, to: juliet, el: el`<message xmlns='jabber:client'><body>${body}</body></message>` })

const bodyOf = ({ stanza }: Met): string | undefined => child(stanza.el, 'body')?.getText()

type Met = Flows['toAccount']

const custody = { settled() {}, lost() {} }
const met = (stanza: Addressed): Met => ({ stanza, account: juliet, recipients: [], custody })

/** Hooks of modules called a, b and so on, and what is reported of them. */
class Hooks {
  readonly steps: Step<'toAccount'>[] = []
  /** What each hook met, as `a saw hello`. */
  readonly seen: string[] = []
  readonly reports: (readonly [fault: unknown, module: string, stage: Stage])[] = []

  /** Also when it only promises to do so, if it waits. */
  add(
    verdict: () => Awaited<Verdict>,
    { stage = 'check', waits = false }: { stage?: Stage; waits?: boolean } = {},
  ): this {
    const module = String.fromCharCode('a'.charCodeAt(0) + this.steps.length)
    const hook = (met: Met) => {
      this.seen.push(`${module} saw ${bodyOf(met)}`)
      return verdict()
    }
    const late = async (met: Met) => {
      await undefined
      return hook(met)
    }
    this.steps.push({ module, stage, run: waits ? late : hook })
    return this
  }

  run(stanza = said('hello')): Awaitable<Outcome<Met>> {
    return run(this.steps, met(stanza), (fault, { module, stage }) => this.reports.push([fault, module, stage]))
  }
}

const nothing = () => {}

const passed = (outcome: Outcome<Met>): Met => {
  assert.ok('passed' in outcome)
  return outcome.passed
}

describe('the pipeline', () => {
  it('leads a stanza through all hooks, one after the other', async () => {
    const hooks = new Hooks().add(nothing).add(nothing, { waits: true }).add(nothing)

    const outcome = await hooks.run()

    assert.deepEqual(hooks.seen, ['a saw hello', 'b saw hello', 'c saw hello'])
    assert.equal(bodyOf(passed(outcome)), 'hello')
  })

  it('passes what it was given when there are no hooks', () => {
    const given = met(said('hello'))

    assert.equal(passed(run([], given, assert.fail) as Outcome<Met>), given)
  })

  for (const waits of [false, true]) {
    describe(waits ? 'when a hook waits' : 'when no hook waits', () => {
      it('goes on with the stanza that a hook answers', async () => {
        const hooks = new Hooks()
          .add(nothing)
          .add(() => said('good morrow'), { waits })
          .add(nothing)

        const outcome = passed(await hooks.run())

        assert.deepEqual(hooks.seen, ['a saw hello', 'b saw hello', 'c saw good morrow'])
        assert.equal(bodyOf(outcome), 'good morrow')
      })

      it('keeps what else is known of the stanza when a hook answers another', async () => {
        const given = met(said('hello'))
        const hooks = new Hooks().add(() => said('good morrow'), { waits })

        const { account, recipients, custody } = passed(await run(hooks.steps, given, assert.fail))

        assert.deepEqual([account, custody], [given.account, given.custody])
        assert.equal(recipients, given.recipients)
      })

      it('ends with the hook that takes the stanza', async () => {
        const hooks = new Hooks()
          .add(nothing)
          .add(() => TAKEN, { waits })
          .add(nothing)

        assert.deepEqual(await hooks.run(), { taken: 'b' })
        assert.deepEqual(hooks.seen, ['a saw hello', 'b saw hello'])
      })

      for (const stage of Object.keys(STAGES) as Stage[]) {
        it(`ends with the hook that refuses the stanza, in the stage ${stage}`, async () => {
          const refusal = itemNotFound()
          const hooks = new Hooks().add(() => raise(refusal), { stage, waits }).add(nothing, { stage })

          assert.deepEqual(await hooks.run(), { refused: refusal, by: 'a' })
          assert.deepEqual(hooks.seen, ['a saw hello'])
          assert.deepEqual(hooks.reports, [])
        })

        if (STAGES[stage] === 'refuse')
          it(`refuses the stanza for a fault in the stage ${stage}, and tells the sender nothing of it`, async () => {
            const fault = new TypeError('undefined is not a function')
            const hooks = new Hooks().add(() => raise(fault), { stage, waits }).add(nothing, { stage })

            const outcome = await hooks.run()

            assert.ok('refused' in outcome && outcome.refused instanceof StanzaError)
            assert.deepEqual([outcome.by, outcome.refused.condition], ['a', 'internal-server-error'])
            assert.equal(outcome.refused.cause, fault)
            assert.doesNotMatch(`${outcome.refused.toElement()}`, /function|TypeError/)
            assert.deepEqual(hooks.seen, ['a saw hello'])
            assert.deepEqual(hooks.reports, [[fault, 'a', stage]])
          })
        else
          it(`carries on after a fault in the stage ${stage}, with the stanza as it was`, async () => {
            const fault = new TypeError('undefined is not a function')
            const hooks = new Hooks().add(() => raise(fault), { stage, waits }).add(nothing, { stage })

            assert.equal(bodyOf(passed(await hooks.run())), 'hello')
            assert.deepEqual(hooks.seen, ['a saw hello', 'b saw hello'])
            assert.deepEqual(hooks.reports, [[fault, 'a', stage]])
          })
      }

      it('takes nothing thrown for a fault too', async () => {
        const hooks = new Hooks().add(() => raise(undefined), { waits })

        const outcome = await hooks.run()

        assert.ok('refused' in outcome)
        assert.deepEqual(hooks.reports, [[undefined, 'a', 'check']])
      })
    })
  }

  it('makes no promise when no hook waits, whatever hooks answer', () => {
    for (const verdict of [
      nothing,
      () => said('good morrow'),
      () => TAKEN,
      () => raise(itemNotFound()),
      () => raise(1),
    ])
      assert.ok(!isPromise(new Hooks().add(nothing).add(verdict).add(nothing).run()))
  })

  it('runs the hooks after one that waited once each, though one of them fails', async () => {
    const hooks = new Hooks()
      .add(nothing, { stage: 'copy', waits: true })
      .add(() => raise(new Error('late')), { stage: 'copy' })
      .add(() => raise(new Error('later')), { stage: 'copy', waits: true })
      .add(nothing, { stage: 'copy' })

    passed(await hooks.run())

    assert.deepEqual(hooks.seen, ['a saw hello', 'b saw hello', 'c saw hello', 'd saw hello'])
    assert.deepEqual(
      hooks.reports.map(([, module]) => module),
      ['b', 'c'],
    )
  })

  it('comes to the same whether hooks wait or not', async () => {
    const verdicts = [
      nothing,
      () => said('good morrow'),
      () => TAKEN,
      () => raise(itemNotFound()),
      () => raise('fault'),
    ]
    const anyHook = fc.record({
      verdict: fc.constantFrom(nothing, nothing, nothing, ...verdicts),
      stage: fc.constantFrom(...(Object.keys(STAGES) as Stage[])),
      waits: fc.boolean(),
    })

    await fc.assert(
      fc.asyncProperty(fc.array(anyHook, { maxLength: 8 }), async given => {
        const [atOnce, perhapsLater] = [new Hooks(), new Hooks()]
        for (const { verdict, stage, waits } of given) {
          atOnce.add(verdict, { stage })
          perhapsLater.add(verdict, { stage, waits })
        }

        const outcome = shown(await perhapsLater.run())

        assert.deepEqual(outcome, shown(atOnce.run() as Outcome<Met>))
        assert.deepEqual(perhapsLater.seen, atOnce.seen)
        assert.deepEqual(perhapsLater.reports, atOnce.reports)
      }),
      { numRuns: 500 },
    )
  })
})

function raise(fault: unknown): never {
  throw fault
}

function shown(outcome: Outcome<Met>): unknown {
  if ('passed' in outcome) return bodyOf(outcome.passed)
  return 'refused' in outcome ? [outcome.by, outcome.refused.condition] : outcome
}
