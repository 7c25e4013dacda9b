import { randomBytes } from 'node:crypto'
import type { Ending } from './admin/lifecycle.js'
import { AdminSocket } from './admin/socket.js'
import { createC2s } from './c2s/index.js'
import { Busy } from './c2s/sasl/limiter.js'
import { createComponents } from './component/index.js'
import type { Config } from './config.js'
import { passwords, withFarewell } from './core/accounts.js'
import { appointedAdmins } from './core/admins.js'
import type { Awaitable } from './core/awaitable.js'
import { LocalBus } from './core/bus.js'
import { systemClock } from './core/clock.js'
import { LocalDirectory } from './core/directory.js'
import { Host } from './core/host.js'
import type { Log } from './core/log.js'
import { Metrics } from './core/metrics.js'
import { type Administration, type Command, type Outbound, offer } from './core/module.js'
import { Router } from './core/router.js'
import { Services, services as servicesContract } from './core/services.js'
import { adminSocketIn, certificatesIn, prepareFolder } from './folder.js'
import { Monitor, Readiness } from './http/index.js'
import { type Gates, Listeners, listenFirst } from './listening.js'
import { type LeveledLog, openLog } from './log.js'
import { modules } from './modules/index.js'
import type { Notify } from './notify.js'
import { deriver, operatorCommands } from './operating.js'
import { createReload, livingCopy } from './reload.js'
import { openDatabase } from './storage/index.js'
import { type Certificate, openCertificates } from './tls/certificates.js'
import { resourceConstraint } from './xmpp/errors.js'

/** A server that runs. */
export interface Server {
  readonly log: Log
  readonly certificates: readonly Certificate[]
  /** Reads the configuration anew; what came of it is in the log. Never rejects. */
  reload(): Promise<void>
  /** Says goodbye to everybody and closes everything; what was promised to be kept is kept. */
  stop(): Promise<void>
}

/** What a server needs of the program that it is part of. */
export interface Surroundings {
  /** Reads the configuration anew. Throws a ConfigError. */
  readonly load: () => Config
  readonly notify: Notify
  /** An operator wants the server to end; the program stops it then. */
  readonly end: (how: Ending) => void
}

/** Builds a server, all of it, and lets it listen. Rejects with a sentence for the operator, and has left nothing open. */
export async function startServer(config: Config, surroundings: Surroundings): Promise<Server> {
  const log = openLog(config.log.level)
  const closers: Closer[] = []
  try {
    return await build(
      { config: livingCopy(config), log, closers, bus: new LocalBus(), clock: systemClock },
      surroundings,
    )
  } catch (fault) {
    await closeAll(closers, log)
    throw fault
  }
}

/** In the order in which they were opened; they are closed in the opposite one. */
type Closer = readonly [what: string, close: () => Awaitable<void>]

async function closeAll(closers: readonly Closer[], log: Log): Promise<void> {
  for (const [what, close] of closers.toReversed()) {
    try {
      await close()
    } catch (err) {
      log.error({ what, err }, 'closing failed')
    }
  }
}

/** What everything is built with. */
interface Site {
  /** In force: a reload changes what is in it. */
  readonly config: Config
  readonly log: LeveledLog
  readonly closers: Closer[]
  readonly bus: LocalBus
  readonly clock: typeof systemClock
}

async function build(site: Site, { load, notify, end }: Surroundings): Promise<Server> {
  const { config, log, closers } = site
  const admin = await openAdmin(site)
  const { monitor, watched, metrics, readiness } = await openMonitor(site)
  const kept = await openKept(site)
  const own: Command[] = []
  const core = assemble(site, kept, () => own)
  const gates = { ...(await openGates(site, kept, core)), monitor }
  const listeners = new Listeners(gates, log, watched)
  const reload = createReload({ ...core, ...gates, ...site, ...kept, listeners, load, notify })
  own.push(
    ...operatorCommands({ ...core, ...site, ...kept, accounts: core.accounts, reload, load, end }),
    ...gates.components.commands(),
  )
  const { apply } = await listeners.move(config.listen)
  apply()
  metrics.add(...kept.database.metrics, ...core.router.metrics, ...gates.c2s.metrics, ...gates.components.metrics)
  readiness.started(() => kept.database.check())
  admin.offer(core.administration.commands)
  closers.push(['commands', () => admin.withdraw()])
  log.info({ domains: [...core.domains], listen: config.listen, data: config.data }, 'started')

  let stopped: Promise<void> | undefined
  let reloading = Promise.resolve()
  closers.push(['reload', () => reloading])
  const logged = () => {} // what came of it
  return {
    log,
    certificates: kept.certificates.all,
    reload() {
      if (!stopped) reloading = reload().then(logged, logged)
      return reloading
    },
    stop() {
      log.info({}, 'stopping')
      readiness.stopping()
      stopped ??= closeAll(closers, log).then(() => log.info({}, 'stopped'))
      return stopped
    },
  }
}

/** The first of all: it keeps two servers from the same folder. */
async function openAdmin({ config, log, closers }: Site): Promise<AdminSocket> {
  await prepareFolder(config.data)
  const admin = await AdminSocket.open({ file: adminSocketIn(config), log })
  closers.push(['admin socket', () => admin.close()])
  return admin
}

/** What the server can be watched by, from the beginning to the end. */
async function openMonitor({ config, log, closers, clock }: Site) {
  const metrics = new Metrics()
  const readiness = new Readiness(clock)
  const monitor = new Monitor({ metrics, readiness, limits: config.http, clock, log })
  closers.push(['monitor', () => monitor.close()])
  return { metrics, readiness, monitor, watched: await listenFirst(monitor, config.listen) }
}

type Kept = Awaited<ReturnType<typeof openKept>>

/** What the data folder has in it. */
async function openKept({ config, log, closers, bus, clock }: Site) {
  const database = await openDatabase({ ...config.storage, bus, clock, log })
  closers.push(['database', () => database.close()])
  const folder = certificatesIn(config)
  const { domains } = config
  const certificates = await openCertificates({ domains, folder, clock, log, every: () => config.tls.reread })
  closers.push(['certificates', () => certificates.stop()])
  return { database, certificates }
}

type Core = ReturnType<typeof assemble>

/** What stanzas go through: modules and router. Nothing comes in yet. */
function assemble({ config, log, closers, bus, clock }: Site, { database }: Kept, own: () => readonly Command[]) {
  const directory = new LocalDirectory()
  const host = new Host(log)
  const accounts = withFarewell(database.accounts, account => host.announce('erasing', account))
  const services = new Services()
  host.provide(offer(servicesContract, services))
  host.provide(offer(passwords, { derive: password => deriver(config)(password).catch(refuseBusy) }))
  const administration: Administration = {
    commands: () => [...own(), ...host.commands()],
    isAdmin: account =>
      config.admins.some(admin => admin.equals(account.bare)) ||
      (host.tryUse(appointedAdmins)?.isAppointed(account.bare) ?? false),
    admins: () => config.admins,
  }
  const domains = new Set(config.domains.keys())
  const world = { accounts, bus, clock, domains, administration, log, randomId }
  // the router is made with the host, and modules send nothing before
  const outbound: Outbound = { route: stanza => router.route(stanza) }
  host.load(modules, config.modules, { ...world, router: outbound, sessions: directory, storage: database.storage })
  closers.push(['modules', () => host.stop()])
  const router = new Router({ ...world, host, directory, services })
  return { ...world, directory, host, services, router }
}

/** The ways in, at which nobody listens yet. */
async function openGates(
  { config, closers }: Site,
  { certificates, database }: Kept,
  core: Core,
): Promise<Omit<Gates, 'monitor'>> {
  const components = createComponents({ ...core, settings: config.components, limits: config.componentLimits })
  closers.push(['components', () => components.stop()])
  const c2s = createC2s({
    ...core,
    certificates,
    limits: config.limits,
    get tlsRequired() {
      return config.tls.required
    },
    get iterations() {
      return config.auth.iterations
    },
    get anonymous() {
      return config.auth.anonymous
    },
    serverSecret: await database.secret('sasl'),
  })
  closers.push(['clients', () => c2s.stop()])
  return { components, c2s }
}

/** Too many passwords wait for their turn: whoever comes with one more may try again later. */
function refuseBusy(fault: unknown): never {
  throw fault instanceof Busy ? resourceConstraint(undefined, { cause: fault }) : fault
}

const randomId = (): string => randomBytes(16).toString('base64url')
