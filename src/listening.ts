import type { C2s } from './c2s/index.js'
import type { ComponentsGate } from './component/index.js'
import type { Config } from './config.js'
import { ConfigError } from './core/config.js'
import type { Log } from './core/log.js'
import { hasCode } from './core/system-error.js'
import type { Monitor } from './http/index.js'
import type { Address } from './settings.js'

/** Whose connections come in. */
export interface Gates {
  readonly c2s: C2s
  readonly components: ComponentsGate
  readonly monitor: Monitor
}

type Name = keyof Config['listen']

/** Who listens where; each gives back what ends it. What is not among them is not part of this version. */
const starters: { readonly [L in Name]?: (gates: Gates, at: Address) => Promise<() => void> } = {
  c2s: ({ c2s }, at) => c2s.listen(at, 'starttls'),
  'c2s-tls': ({ c2s }, at) => c2s.listen(at, 'tls'),
  component: ({ components }, at) => components.listen(at),
  metrics: ({ monitor }, at) => monitor.listen(at),
}

/** Whether a listener can come and go while the server runs. */
export const isListener = (name: string): boolean => Object.hasOwn(starters, name)

interface Place {
  readonly name: Name
  readonly at: Address
}

interface Open extends Place {
  readonly close: () => void
}

/** Other places to listen at, where that has begun. */
export interface Moved {
  /** Leaves those that are no more. */
  apply(): void
  /** Goes back to where it was. Rejects when somebody else was faster. */
  cancel(): Promise<void>
}

/** Where the server listens. */
export class Listeners {
  readonly #gates: Gates
  readonly #log: Log
  #open: readonly Open[]

  /** `open` is where it does already. */
  constructor(gates: Gates, log: Log, open: readonly Open[]) {
    this.#open = open
    this.#gates = gates
    this.#log = log
  }

  /** Begins to listen at those places where it does not. Rejects with a ConfigError, and has left none then. */
  async move(listen: Config['listen']): Promise<Moved> {
    const wanted = placesIn(listen)
    const leaving = this.#open.filter(open => !wanted.some(place => isSame(place, open)))
    const coming = wanted.filter(place => !this.#open.some(open => isSame(place, open)))
    // all addresses and one of them cannot be had at the same time
    const inTheWay = leaving.filter(({ at }) => coming.some(place => place.at.port === at.port))
    for (const { close } of inTheWay) close()
    const back = async (opened: readonly Open[]) => {
      for (const { close } of opened) close()
      const again = await Promise.all(inTheWay.map(place => this.#begin(place)))
      this.#open = [...this.#open.filter(open => !inTheWay.includes(open)), ...again.flat()]
    }
    const opened: Open[] = []
    try {
      for (const place of coming) opened.push(...(await this.#begin(place)))
    } catch (fault) {
      await back(opened)
      throw fault
    }
    return {
      apply: () => {
        for (const open of leaving) if (!inTheWay.includes(open)) open.close()
        this.#open = [...this.#open.filter(open => !leaving.includes(open)), ...opened]
      },
      cancel: () => back(opened),
    }
  }

  async #begin({ name, at }: Place): Promise<readonly Open[]> {
    const start = starters[name]
    if (!start) this.#log.warn({ listen: name, at }, 'nobody listens there: this version has nothing for it')
    return start ? [await begin({ name, at }, () => start(this.#gates, at))] : []
  }
}

const isSame = (a: Place, b: Place): boolean => a.name === b.name && a.at.host === b.at.host && a.at.port === b.at.port

export const placesIn = (listen: Config['listen']): readonly Place[] =>
  // the keys are what the type says: settings are read key by key
  (Object.keys(listen) as Name[]).flatMap(name => listen[name].map(at => ({ name, at })))

/** Listens where the server can be watched, before all else is there. Rejects with a ConfigError. */
export const listenFirst = (monitor: Monitor, { metrics }: Config['listen']): Promise<readonly Open[]> =>
  Promise.all(metrics.map(at => begin({ name: 'metrics', at }, () => monitor.listen(at))))

async function begin({ name, at }: Place, start: () => Promise<() => void>): Promise<Open> {
  try {
    return { name, at, close: await start() }
  } catch (fault) {
    throw cannotListen(name, at, fault)
  }
}

/** What to tell an operator about a place where nobody can listen. */
export function cannotListen(name: string, at: Address, fault: unknown): unknown {
  const say = COMPLAINTS.find(([code]) => hasCode(fault, code))?.[1]
  return say ? new ConfigError(`listen.${name}`, say(at)) : fault
}

const COMPLAINTS: readonly (readonly [code: string, say: (at: Address) => string])[] = [
  ['EADDRINUSE', at => `port ${at.port} on ${hostOf(at)} is in use: another program listens there`],
  [
    'EACCES',
    at => `port ${at.port} on ${hostOf(at)} is not for this user: ports below 1024 are the system administrator's`,
  ],
  ['EADDRNOTAVAIL', at => `port ${at.port} on ${hostOf(at)} cannot be had: this is no address of this machine`],
  ['ENOTFOUND', at => `port ${at.port} on ${hostOf(at)} cannot be had: nobody knows the address of this name`],
]

const hostOf = ({ host = 'all addresses' }: Address): string => host
