import { internalServerError, StanzaError } from '../xmpp/errors.js'
import { Stanza } from '../xmpp/stanza.js'
import { type Awaitable, isPromise } from './awaitable.js'
import { type Flows, type Hook, STAGES, type Stage, TAKEN, type Verdict } from './module.js'

/** A hook in its place. */
export interface Step<F extends keyof Flows> {
  readonly module: string
  readonly stage: Stage
  readonly run: Hook<F>
}

/** What became of a stanza on its way through hooks. */
export type Outcome<M> =
  | { readonly passed: M }
  | { readonly refused: StanzaError; readonly by: string }
  | { readonly taken: string }

/** A fault, which is ours: not a refusal. */
export type Report = (fault: unknown, step: { readonly module: string; readonly stage: Stage }) => void

/**
 * Leads a stanza through hooks, one after the other. It answers at once unless a hook takes its time: stanzas that
 * nobody waits for cost no promise.
 */
export function run<F extends keyof Flows>(
  steps: readonly Step<F>[],
  met: Flows[F],
  report: Report,
): Awaitable<Outcome<Flows[F]>> {
  return runFrom(0, steps, met, report)
}

function runFrom<F extends keyof Flows>(
  first: number,
  steps: readonly Step<F>[],
  met: Flows[F],
  report: Report,
): Awaitable<Outcome<Flows[F]>> {
  for (let i = first; i < steps.length; i++) {
    const step = steps[i]
    if (step === undefined) break
    let verdict: Verdict
    try {
      verdict = step.run(met)
    } catch (fault) {
      const outcome = failed(fault, step, report)
      if (outcome) return outcome
      continue
    }
    if (verdict === undefined) continue
    if (isPromise(verdict)) {
      return verdict.then(
        later => conclude(later, step) ?? runFrom(i + 1, steps, follow(later, met), report),
        fault => failed(fault, step, report) ?? runFrom(i + 1, steps, met, report),
      )
    }
    const outcome = conclude(verdict, step)
    if (outcome) return outcome
    met = follow(verdict, met)
  }
  return { passed: met }
}

/** What a verdict makes of the stanza; undefined when it goes on. */
function conclude(
  verdict: Awaited<Verdict>,
  { module }: { readonly module: string },
): { readonly taken: string } | undefined {
  return verdict === TAKEN ? { taken: module } : undefined
}

function follow<M extends { readonly stanza: Stanza }>(verdict: Awaited<Verdict>, met: M): M {
  return verdict instanceof Stanza ? { ...met, stanza: verdict } : met
}

/** What a thrown fault makes of the stanza; undefined when the stage carries on. */
function failed<F extends keyof Flows>(fault: unknown, step: Step<F>, report: Report): Outcome<Flows[F]> | undefined {
  if (fault instanceof StanzaError) return { refused: fault, by: step.module }
  report(fault, step)
  return STAGES[step.stage] === 'refuse'
    ? { refused: internalServerError(undefined, { cause: fault }), by: step.module }
    : undefined
}
