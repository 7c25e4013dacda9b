import { isDeepStrictEqual } from 'node:util'
import type { Element } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import { type Arrangement, arrange, EMPTY, handlerKey, type Loaded } from './arrangement.js'
import type { Awaitable } from './awaitable.js'
import type { Fields, Values } from './config.js'
import { ConfigError, readFields } from './config.js'
import type { Log } from './log.js'
import type {
  Announced,
  AnyModule,
  Command,
  Context,
  Contract,
  Flows,
  IqHandler,
  Moments,
  Offer,
  Stage,
  Target,
} from './module.js'
import type { Step } from './pipeline.js'
import { services } from './services.js'
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

/** What other settings have changed, by the names of modules. */
export interface Reloaded {
  readonly on: readonly string[]
  readonly off: readonly string[]
  /** On before and after, with other settings. */
  readonly changed: readonly string[]
  /** Resolves when those that were taken back are through with what they were doing. */
  readonly stopped: Promise<void>
}

/** Loads modules, and knows what they do: the pipeline's steps, iq handlers, commands, announcements. */
export class Host {
  readonly #log: Log
  #modules: readonly AnyModule[] = []
  #world: World | undefined
  #now: Arrangement = EMPTY
  readonly #followers: (() => void)[] = []
  readonly #provided = new Map<Contract<unknown>, unknown>()
  readonly announced: Announced = announcedIn(
    () => this.#now,
    domain => this.tryUse(services)?.items(domain) ?? [],
  )
  /** Always the same list, with what the loaded modules have in it. */
  readonly streamFeatures: Element[] = []

  constructor(log: Log) {
    this.#log = log
  }

  /** Sets up all modules that are not switched off, in the order of the list. */
  load(modules: readonly AnyModule[], settings: ModuleSettings, world: World): void {
    this.#modules = modules
    this.#world = world
    this.reload(settings)
  }

  /**
   * Takes other settings. Modules that are off now are taken back with all that they had registered, others are set up;
   * those whose settings are others are set up anew, unless they take them in place. What sessions have in slots stays.
   * All or nothing: when it throws, a ConfigError or what a module threw at its set-up, everything is as it was.
   */
  reload(settings: ModuleSettings): Reloaded {
    const before = new Map(this.#now.loaded.map(one => [one.module.name, one]))
    const fresh: Loaded[] = []
    const inPlace: (readonly [Loaded, Values<Fields>])[] = []
    try {
      const loaded = readModules(this.#modules, settings).map(({ module, config }) => {
        const old = before.get(module.name)
        const isSame = old && isDeepStrictEqual(old.config, config)
        if (old && !isSame && module.settingsInPlace) inPlace.push([old, config])
        if (old && (isSame || module.settingsInPlace)) return old
        const one = this.#setUp(module, config)
        fresh.push(one)
        return one
      })
      this.#replace(arrange(loaded))
    } catch (fault) {
      void this.#stop(fresh)
      throw fault
    }
    for (const [{ config }, values] of inPlace) Object.assign(config, values)
    return this.#changes([...before.values()], [...fresh, ...inPlace.map(([one]) => one)])
  }

  /** Calls this now, and whenever modules have changed since: what was asked for before may not hold any more. */
  follow(follower: () => void): void {
    this.#followers.push(follower)
    follower()
  }

  /** The steps of a flow, of some of its stages, in order. */
  steps<F extends keyof Flows>(flow: F, stages: readonly Stage[]): readonly Step<F>[] {
    const steps = this.#now.steps.get(flow) ?? []
    // what is under a flow was put there as hooks of this flow
    return steps.filter(({ stage }) => stages.includes(stage)) as unknown as readonly Step<F>[]
  }

  handler(type: string, target: Target, name: string, ns: string): IqHandler | undefined {
    return this.#now.handlers.get(handlerKey(type, target, name, ns))
  }

  /** The children of the stream features after login. */
  streamFeaturesOf(domain: string): readonly Element[] {
    const ofDomain = this.#now.loaded.flatMap(({ behaviour }) => behaviour.streamFeatures?.(domain) ?? [])
    return [...this.streamFeatures, ...ofDomain]
  }

  commands(): readonly Command[] {
    return this.#now.loaded.flatMap(({ behaviour }) => behaviour.commands ?? [])
  }

  modules(): readonly AnyModule[] {
    return this.#now.loaded.map(({ module }) => module)
  }

  /** The loaded modules with their settings, as they are written. */
  settings(): readonly { readonly module: AnyModule; readonly written: Readonly<Record<string, string>> }[] {
    return this.#now.loaded.map(({ module, config }) => {
      const fields = Object.entries(module.config ?? {})
      return { module, written: Object.fromEntries(fields.map(([name, field]) => [name, field.format(config[name])])) }
    })
  }

  /** What the loaded modules know about an account, for operators. One that fails is logged. */
  async facts(account: Jid): Promise<Readonly<Record<string, string>>> {
    const known = this.#now.loaded.map(async ({ module, behaviour }) => {
      try {
        return await behaviour.facts?.(account)
      } catch (fault) {
        this.#report(fault, module.name, 'facts')
        return undefined
      }
    })
    return Object.assign({}, ...(await Promise.all(known)))
  }

  /** Tells the modules, one after the other. A module that fails is logged; the others still hear. */
  announce<M extends keyof Moments>(moment: M, subject: Moments[M]): Awaitable<void> {
    return this.#announce(this.#now.loaded, moment, subject, 0)
  }

  /** Offers modules what is none: what the server is made of, and stays when they come and go. */
  provide({ contract, implementation }: Offer): void {
    this.#provided.set(contract, implementation)
  }

  use<T>(contract: Contract<T>): T {
    const offered = this.tryUse(contract)
    if (offered === undefined) throw new Error(`nobody offers ${contract.name}`)
    return offered
  }

  tryUse<T>(contract: Contract<T>): T | undefined {
    return (this.#now.offers.get(contract) ?? this.#provided.get(contract)) as T | undefined // `offer` put it there as a T
  }

  /** Stops all modules, the last one first, whether or not one of them fails to. */
  async stop(): Promise<void> {
    await this.#stop(this.#now.loaded)
    this.#replace(EMPTY)
  }

  #replace(arrangement: Arrangement): void {
    this.#now = arrangement
    this.streamFeatures.splice(0, Infinity, ...arrangement.streamFeatures)
    for (const follow of this.#followers) follow()
  }

  #changes(before: readonly Loaded[], touched: readonly Loaded[]): Reloaded {
    const names = (loaded: readonly Loaded[]) => loaded.map(({ module }) => module.name)
    const [was, is, other] = [names(before), names(this.#now.loaded), names(touched)]
    return {
      on: is.filter(name => !was.includes(name)),
      off: was.filter(name => !is.includes(name)),
      changed: is.filter(name => was.includes(name) && other.includes(name)),
      stopped: this.#stop(before.filter(one => !this.#now.loaded.includes(one))),
    }
  }

  #announce<M extends keyof Moments>(
    loaded: readonly Loaded[],
    moment: M,
    subject: Moments[M],
    from: number,
  ): Awaitable<void> {
    for (let i = from; i < loaded.length; i++) {
      const one = loaded[i]
      const hear = one?.behaviour.on?.[moment]
      if (!one || !hear) continue
      const report = (fault: unknown) => this.#report(fault, one.module.name, moment)
      try {
        const done = hear(subject)
        if (done instanceof Promise)
          return done.catch(report).then(() => this.#announce(loaded, moment, subject, i + 1))
      } catch (fault) {
        report(fault)
      }
    }
  }

  async #stop(loaded: readonly Loaded[]): Promise<void> {
    for (const { module, behaviour, stopTasks } of loaded.toReversed()) {
      await stopTasks()
      try {
        await behaviour.stop?.()
      } catch (fault) {
        this.#report(fault, module.name, 'stop')
      }
    }
  }

  #setUp(module: AnyModule, config: Values<Fields>): Loaded {
    const world = this.#world
    if (!world) throw new Error('no modules are loaded')
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
    return { module, config, behaviour, stopTasks: () => Promise.all([...tasks].map(stop => stop())) }
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

const announcedIn = (now: () => Arrangement, serviceItems: Announced['items']): Announced => ({
  get server() {
    return now().server
  },
  get account() {
    return now().account
  },
  items: domain => [
    ...now().loaded.flatMap(({ behaviour }) => behaviour.items?.(domain) ?? []),
    ...serviceItems(domain),
  ],
  info: domain => now().loaded.flatMap(({ behaviour }) => behaviour.info?.(domain) ?? []),
  accountInfo: (account, asker) =>
    Promise.all(now().loaded.flatMap(({ behaviour }) => behaviour.accountInfo?.(account, asker) ?? [])),
  node(name, inquiry) {
    for (const { behaviour } of now().loaded) {
      const node = behaviour.node?.(name, inquiry)
      if (node) return node
    }
    return undefined
  },
  adHoc: () => now().loaded.flatMap(({ behaviour }) => behaviour.adHoc ?? []),
})

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
    if (shape === 'archive') return [name, storage.archive(key)] as const
    return [name, shape === 'map' ? storage.map(key) : storage.value(key)] as const
  })
  return Object.fromEntries(open) as Opened<Shapes>
}
