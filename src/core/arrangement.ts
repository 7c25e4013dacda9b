import type { Element } from '../xml/index.js'
import type { Fields, Values } from './config.js'
import {
  type AnyModule,
  type Behaviour,
  type Contract,
  type Flows,
  type Hooks,
  type IqHandler,
  STAGES,
  type Stage,
  type Target,
} from './module.js'
import type { Step } from './pipeline.js'

/** A module that has been set up. */
export interface Loaded {
  readonly module: AnyModule
  /** What it was given; the values change only for one that takes its settings in place. */
  readonly config: Values<Fields>
  readonly behaviour: Behaviour
  /** Resolves when none of its tasks is running any more. */
  readonly stopTasks: () => Promise<unknown>
}

/** All that the loaded modules do together. It never changes: when modules do, another takes its place as a whole. */
export interface Arrangement {
  readonly loaded: readonly Loaded[]
  readonly handlers: ReadonlyMap<string, IqHandler>
  readonly offers: ReadonlyMap<Contract<unknown>, unknown>
  readonly steps: ReadonlyMap<keyof Flows, readonly Step<keyof Flows>[]>
  readonly server: readonly string[]
  readonly account: readonly string[]
  readonly streamFeatures: readonly Element[]
}

export const EMPTY: Arrangement = arrange([])

/** Puts modules together, in this order. Throws when two of them want to do the same thing. */
export function arrange(loaded: readonly Loaded[]): Arrangement {
  return {
    loaded,
    handlers: handlersOf(loaded),
    offers: offersOf(loaded),
    steps: stepsOf(loaded),
    server: loaded.flatMap(({ module }) => module.features ?? []),
    account: loaded.flatMap(({ module }) => module.accountFeatures ?? []),
    streamFeatures: loaded.flatMap(({ module }) => module.streamFeatures ?? []),
  }
}

export const handlerKey = (type: string, target: Target, name: string, ns: string): string =>
  `${type} ${target} {${ns}}${name}`

function handlersOf(loaded: readonly Loaded[]): Arrangement['handlers'] {
  const handlers = new Map<string, IqHandler>()
  for (const handler of loaded.flatMap(({ behaviour }) => behaviour.iq ?? [])) {
    for (const target of handler.targets) {
      const key = handlerKey(handler.type, target, handler.name, handler.ns)
      if (handlers.has(key)) throw new Error(`two modules answer ${key}`)
      handlers.set(key, handler)
    }
  }
  return handlers
}

function offersOf(loaded: readonly Loaded[]): Arrangement['offers'] {
  const offers = new Map<Contract<unknown>, unknown>()
  for (const { contract, implementation } of loaded.flatMap(({ behaviour }) => behaviour.offers ?? [])) {
    if (offers.has(contract)) throw new Error(`two modules offer ${contract.name}`)
    offers.set(contract, implementation)
  }
  return offers
}

/** Hooks by stage, then by the order of modules. */
function stepsOf(loaded: readonly Loaded[]): Arrangement['steps'] {
  const steps = new Map<keyof Flows, Step<keyof Flows>[]>()
  const stages = Object.keys(STAGES) as Stage[] // the type has no others
  for (const stage of stages) {
    for (const { module, behaviour } of loaded) {
      const hooks = Object.entries(behaviour.hooks ?? {}) as [keyof Hooks, Hooks[keyof Hooks]][] // as above
      for (const [flow, { [stage]: hook } = {}] of hooks) {
        if (!hook) continue
        const before = steps.get(flow) ?? []
        steps.set(flow, [...before, { module: module.name, stage, run: hook as Step<keyof Flows>['run'] }])
      }
    }
  }
  return steps
}
