import { isDeepStrictEqual } from 'node:util'
import type { C2s } from './c2s/index.js'
import type { ComponentsGate } from './component/index.js'
import { type Config, settings } from './config.js'
import { ConfigError } from './core/config.js'
import type { Host, Reloaded } from './core/host.js'
import { CommandError, type Result } from './core/module.js'
import { reasonOf } from './core/system-error.js'
import { isListener, type Listeners } from './listening.js'
import type { LeveledLog } from './log.js'
import type { Certificates } from './tls/certificates.js'

/** A setting by its place in the file: a section and what is in it, or something at the top. */
interface Key {
  readonly section: keyof Config
  readonly field: string | undefined
}

/** What can change while the server runs; all else is read at its start. Listeners come and go, too. */
const LIVE: ReadonlySet<string> = new Set([
  'domains',
  'tls.required',
  'tls.reread',
  'admins',
  'auth.iterations',
  'auth.anonymous',
  'log.level',
  ...namesIn('limits'),
  'components',
  ...namesIn('componentLimits'),
  'modules',
])

/** A server that runs, as far as other settings concern it. */
export interface Running {
  /** What is in force. Its sections stay the same objects: who was given one reads what holds now. */
  readonly config: Config
  /** Its domains, for everybody who was given them. */
  readonly domains: Set<string>
  readonly certificates: Certificates
  readonly listeners: Listeners
  readonly host: Host
  readonly components: ComponentsGate
  readonly c2s: C2s
  readonly log: LeveledLog
  /** Reads the configuration anew. Throws a ConfigError. */
  readonly load: () => Config
  /** For whoever supervises the server. */
  readonly notify: { reloading(): void; ready(): void }
}

/** A configuration of one's own, whose sections can be changed. */
export function livingCopy(config: Config): Config {
  const sections = Object.entries(settings).filter(([, { fields }]) => fields)
  const copies = sections.map(([name]) => [name, { ...Object(config[name as keyof Config]) }])
  return { ...config, ...Object.fromEntries(copies) }
}

/**
 * Reads the configuration anew and puts it in force, one time after the other. All of it or nothing: rejects with a
 * CommandError that says in a sentence what is wrong, and everything is as it was. What comes back tells what has
 * changed, and what will at the next start only.
 */
export function createReload(running: Running): () => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const reloaded = last.then(() => reload(running))
    last = reloaded.catch(() => {})
    return reloaded
  }
}

async function reload(running: Running): Promise<Result> {
  const { log, notify } = running
  notify.reloading()
  try {
    const news = await take(running)
    log.info(news, 'the configuration was read anew')
    return report(news)
  } catch (fault) {
    if (!(fault instanceof ConfigError)) log.error({ err: fault }, 'the configuration was not taken')
    const reason = fault instanceof ConfigError ? fault.message : `it cannot be put in force: ${reasonOf(fault)}`
    log.warn({ reason }, 'the configuration was not taken: nothing has changed')
    throw new CommandError(`${reason}; nothing was changed.`, { cause: fault })
  } finally {
    notify.ready()
  }
}

/** What a reload has brought. */
interface News {
  /** By their places in the file. */
  readonly changed: readonly string[]
  readonly waiting: readonly string[]
  /** The domains that show other certificates. */
  readonly certificates: readonly string[]
  readonly modules: Omit<Reloaded, 'stopped'>
}

async function take(running: Running): Promise<News> {
  const { config, certificates, listeners, c2s, log } = running
  const fresh = running.load()
  const keys = differences(config, fresh)
  const live = keys.filter(isLive)
  const prepared = await certificates.prepare(fresh.domains)
  const moved = await listeners.move({ ...config.listen, ...listening(fresh) })
  const gone = [...running.domains].filter(domain => !fresh.domains.has(domain))
  let reloaded: Reloaded
  try {
    reloaded = exchange(running, fresh)
  } catch (fault) {
    await moved.cancel()
    throw fault
  }
  // from here on nothing can go wrong, and until all is in force nothing waits
  moved.apply()
  prepared.apply()
  for (const key of live) put(config, fresh, key)
  log.level = config.log.level
  for (const domain of gone) c2s.endDomain(domain)
  const { stopped, ...modules } = reloaded
  await stopped
  const waiting = keys.filter(key => !isLive(key))
  return { changed: live.map(written), waiting: waiting.map(written), certificates: prepared.changed, modules }
}

/** The domains, modules and components of another configuration take the place of those that are there, or none does. */
function exchange({ domains, host, components, config }: Running, fresh: Config): Reloaded {
  const old = [...domains]
  replace(domains, fresh.domains.keys())
  try {
    const reloaded = host.reload(fresh.modules)
    try {
      components.configure(fresh.components)
      return reloaded
    } catch (fault) {
      components.configure(config.components)
      host.reload(config.modules)
      throw fault
    }
  } catch (fault) {
    replace(domains, old)
    throw fault
  }
}

function replace(set: Set<string>, by: Iterable<string>): void {
  const members = [...by]
  set.clear()
  for (const member of members) set.add(member)
}

/** All keys that have another value. */
function differences(now: Config, fresh: Config): readonly Key[] {
  const keys = Object.entries(settings).flatMap(([name, { fields }]): readonly Key[] => {
    const section = name as keyof typeof settings // it was just found there
    return fields ? Object.keys(fields).map(field => ({ section, field })) : [{ section, field: undefined }]
  })
  return keys.filter(key => !isDeepStrictEqual(valueIn(now, key), valueIn(fresh, key)))
}

const valueIn = (config: Config, { section, field }: Key): unknown =>
  field === undefined ? config[section] : Object(config[section])[field]

function put(config: Config, fresh: Config, key: Key): void {
  const { section, field } = key
  if (field === undefined) Object.assign(config, { [section]: fresh[section] })
  else Object.assign(Object(config[section]), { [field]: valueIn(fresh, key) })
}

const written = ({ section, field }: Key): string => (field === undefined ? section : `${section}.${field}`)

const isLive = (key: Key): boolean => (key.section === 'listen' ? isListener(key.field ?? '') : LIVE.has(written(key)))

/** Where those listen that can come and go. */
const listening = ({ listen }: Config): Partial<Config['listen']> =>
  Object.fromEntries(Object.entries(listen).filter(([name]) => isListener(name)))

function namesIn(section: 'limits' | 'componentLimits'): readonly string[] {
  return Object.keys(settings[section].fields ?? {}).map(field => `${section}.${field}`)
}

function report({ changed, waiting, certificates, modules: { on, off, changed: others } }: News): Result {
  const lists: readonly (readonly [what: string, items: readonly string[]])[] = [
    ['Changed', changed],
    ['Modules on', on],
    ['Modules off', off],
    ['Modules changed', others],
    ['Certificates', certificates],
    ['Needs a restart', waiting],
  ]
  const facts = lists.filter(([, items]) => items.length > 0).map(([what, items]) => [what, items.join(', ')])
  if (facts.length === 0) return 'Nothing has changed.'
  return [
    changed.length + certificates.length > 0 ? 'In force.' : 'Nothing that can change while the server runs.',
    { facts: Object.fromEntries(facts) },
  ]
}
