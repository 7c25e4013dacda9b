import type { Element } from '../xml/index.js'
import type { Awaitable } from './awaitable.js'
import type { Fields, Values } from './config.js'
import { ConfigError, readFields } from './config.js'
import type { Log } from './log.js'
import {
  type Announced,
  type AnyModule,
  type Behaviour,
  type Command,
  type Context,
  type Contract,
  type Flows,
  type IqHandler,
  type Item,
  type Moments,
  STAGES,
  type Stage,
  type Target,
} from './module.js'
import type { Step } from './pipeline.js'
import type { Opened, Shapes, Storage } from './stores.js'

/** What the host cannot make itself: the world that modules live in. */
export type World = Omit<
  Context<Fields, Shapes>,
  'config' | 'stores' | 'every' | 'announce' | 'use' | 'tryUse' | 'announced'
> & {
  readonly storage: Storage
}

/** A module's section of the configuration: its fields' values, or false when it is switched off. */
export type ModuleSettings = Readonly<Record<string, unknown>>

interface Loaded {
  readonly module: AnyModule
  readonly behaviour: Behaviour
  /** Resolves when none of them is running any more. */
  readonly stopTasks: () => Promise<unknown>
}

/** Loads modules, and knows what they do: the pipeline's steps, iq handlers, commands, announcements. */
export class Host {
  readonly #loaded: Loaded[] = []
  readonly #handlers = new Map<string, IqHandler>()
  readonly #offers = new Map<Contract<unknown>, unknown>()
  readonly #steps = new Map<keyof Flows, Step<keyof Flows>[]>()
  readonly #log: Log
  readonly announced = {
    server: [] as string[],
    account: [] as string[],
    items: (domain: string): readonly Item[] =>
      this.#loaded.flatMap(({ behaviour }) => behaviour.items?.(domain) ?? []),
  } satisfies Announced
  readonly streamFeatures: Element[] = []

  constructor(log: Log) {
    this.#log = log
  }

  /** Sets up all modules that are not switched off, in the order of the list. */
  load(modules: readonly AnyModule[], settings: ModuleSettings, world: World): void {
    const configured = readModules(modules, settings)
    for (const { module } of configured) {
      this.announced.server.push(...(module.features ?? []))
      this.announced.account.push(...(module.accountFeatures ?? []))
      this.streamFeatures.push(...(module.streamFeatures ?? []))
    }
    for (const { module, config } of configured) this.#load(module, config, world)
    this.#arrange()
  }

  /** The steps of a flow, of some of its stages, in order. */
  steps<F extends keyof Flows>(flow: F, stages: readonly Stage[]): readonly Step<F>[] {
    const steps = this.#steps.get(flow) ?? []
    // what is under a flow was put there as hooks of this flow
    return steps.filter(({ stage }) => stages.includes(stage)) as unknown as readonly Step<F>[]
  }

  handler(type: string, target: Target, name: string, ns: string): IqHandler | undefined {
    return this.#handlers.get(handlerKey(type, target, name, ns))
  }

  commands(): readonly Command[] {
    return this.#loaded.flatMap(({ behaviour }) => behaviour.commands ?? [])
  }

  modules(): readonly AnyModule[] {
    return this.#loaded.map(({ module }) => module)
  }

  /** Tells the modules, one after the other. A module that fails is logged; the others still hear. */
  announce<M extends keyof Moments>(moment: M, subject: Moments[M], from = 0): Awaitable<void> {
    for (let i = from; i < this.#loaded.length; i++) {
      const loaded = this.#loaded[i]
      const hear = loaded?.behaviour.on?.[moment]
      if (!loaded || !hear) continue
      const report = (fault: unknown) => this.#report(fault, loaded.module.name, moment)
      try {
        const done = hear(subject)
        if (done instanceof Promise) return done.catch(report).then(() => this.announce(moment, subject, i + 1))
      } catch (fault) {
        report(fault)
      }
    }
  }

  use<T>(contract: Contract<T>): T {
    if (!this.#offers.has(contract)) throw new Error(`nobody offers ${contract.name}`)
    return this.#offers.get(contract) as T // `offer` put it there as a T
  }

  tryUse<T>(contract: Contract<T>): T | undefined {
    return this.#offers.get(contract) as T | undefined // as above
  }

  /** Stops all modules, the last one first, whether or not one of them fails to. */
  async stop(): Promise<void> {
    for (const { module, behaviour, stopTasks } of this.#loaded.toReversed()) {
      await stopTasks()
      try {
        await behaviour.stop?.()
      } catch (fault) {
        this.#report(fault, module.name, 'stop')
      }
    }
    this.#loaded.length = 0
  }

  #load(module: AnyModule, config: Values<Fields>, world: World): void {
    const log = world.log.child({ module: module.name })
    const tasks = new Set<() => Promise<void>>()
    const behaviour = module.setup({
      ...world,
      config,
      log,
      stores: openStores(module, world.storage),
      announced: this.announced,
      every: (ms, task) => this.#repeat(module.name, world, { ms, task, tasks }),
      announce: (moment, subject) => this.announce(moment, subject),
      use: contract => this.use(contract),
      tryUse: contract => this.tryUse(contract),
    })
    for (const handler of behaviour.iq ?? []) {
      for (const target of handler.targets) {
        const key = handlerKey(handler.type, target, handler.name, handler.ns)
        if (this.#handlers.has(key)) throw new Error(`two modules answer ${key}`)
        this.#handlers.set(key, handler)
      }
    }
    for (const { contract, implementation } of behaviour.offers ?? []) {
      if (this.#offers.has(contract)) throw new Error(`two modules offer ${contract.name}`)
      this.#offers.set(contract, implementation)
    }
    this.#loaded.push({ module, behaviour, stopTasks: () => Promise.all([...tasks].map(stop => stop())) })
  }

  /** Sorts the hooks by stage, then by the order of modules. */
  #arrange(): void {
    for (const stage of Object.keys(STAGES) as Stage[]) {
      for (const { module, behaviour } of this.#loaded) {
        for (const [flow, hooks] of Object.entries(behaviour.hooks ?? {})) {
          const hook = hooks?.[stage]
          if (!hook) continue
          const key = flow as keyof Flows
          const steps = this.#steps.get(key) ?? []
          this.#steps.set(key, [...steps, { module: module.name, stage, run: hook as Step<keyof Flows>['run'] }])
        }
      }
    }
  }

  #repeat(
    module: string,
    { clock }: World,
    { ms, task, tasks }: { ms: number; task: () => Awaitable<void>; tasks: Set<() => Promise<void>> },
  ): void {
    const turn = async () => {
      try {
        await task()
      } catch (fault) {
        this.#report(fault, module, 'task')
      }
      if (!stopped) timer = clock.after(ms, begin)
    }
    const begin = () => {
      running = turn()
    }
    let stopped = false
    let running = Promise.resolve()
    let timer = clock.after(ms, begin)
    tasks.add(() => {
      stopped = true
      timer.cancel()
      return running
    })
  }

  #report(fault: unknown, module: string, where: string): void {
    this.#log.error({ module, where, err: fault }, 'a module failed')
  }
}

const handlerKey = (type: string, target: Target, name: string, ns: string): string =>
  `${type} ${target} {${ns}}${name}`

/** The modules that are not switched off with their configuration. Throws a ConfigError for what is wrong in it. */
export function readModules(
  modules: readonly AnyModule[],
  settings: ModuleSettings,
): readonly { readonly module: AnyModule; readonly config: Values<Fields> }[] {
  const names = new Set(modules.map(({ name }) => name))
  for (const name of Object.keys(settings)) {
    if (!names.has(name))
      throw new ConfigError(`modules.${name}`, `there is no such module; known: ${[...names].join(', ')}`)
  }
  const on = modules.filter(({ name }) => settings[name] !== false)
  const onNames = new Set(on.map(({ name }) => name))
  return on.map(module => {
    for (const needed of module.needs ?? [])
      if (!onNames.has(needed)) throw new ConfigError(`modules.${needed}`, `${module.name} cannot do without it`)
    const written = settings[module.name] === true ? {} : settings[module.name]
    return { module, config: readFields(module.config ?? {}, written, `modules.${module.name}`) }
  })
}

function openStores(module: AnyModule, storage: Storage): Opened<Shapes> {
  const open = Object.entries(module.stores ?? {}).map(([name, { shape }]) => {
    const key = `${module.name}/${name}`
    if (shape === 'addresses') return [name, storage.addresses(key)] as const
    if (shape === 'log') return [name, storage.log(key)] as const
    return [name, shape === 'map' ? storage.map(key) : storage.value(key)] as const
  })
  return Object.fromEntries(open) as Opened<Shapes>
}
