import { access, constants } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { isAnswered } from './admin/socket.js'
import type { Config } from './config.js'
import { systemClock } from './core/clock.js'
import { silentLog } from './core/log.js'
import { hasCode } from './core/system-error.js'
import { adviseOnDns, type Resolver, systemResolver } from './dns.js'
import { adminSocketIn, cannotUse, certificatesIn } from './folder.js'
import { cannotListen, placesIn } from './listening.js'
import type { Address } from './settings.js'
import { checkDatabase } from './storage/index.js'
import { inspectCertificate } from './tls/inspect.js'

/** What was found out about a configuration. */
export interface Checked {
  /** What keeps the server from starting, or its clients away: sentences for operators, or faults, most of them with one. */
  readonly problems: readonly unknown[]
  /** What could be better: sentences. */
  readonly advice: readonly string[]
}

/** Looks at all that a server with this configuration would need, and changes nothing. */
export async function check(config: Config, resolver: Resolver = systemResolver()): Promise<Checked> {
  const domains = [...config.domains.keys()]
  const [obstacles, certificates, dns] = await Promise.all([
    faultsOf(await obstaclesTo(config)),
    Promise.allSettled(domains.map(domain => certificateOf(domain, config))),
    Promise.all(domains.map(domain => adviseOnDns({ domain, services: servicesOf(config), resolver }))),
  ])
  const findings = certificates.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const unusable = certificates.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
  return {
    problems: [...obstacles, ...unusable, ...findings.flatMap(({ wrong }) => wrong)],
    advice: [...findings.flatMap(({ advice }) => advice), ...dns.flat()],
  }
}

async function faultsOf(checks: readonly Promise<void>[]): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(checks)
  return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
}

async function obstaclesTo(config: Config): Promise<readonly Promise<void>[]> {
  const checks = [checkFolder(config.data), checkDatabase({ ...config.storage, log: silentLog })]
  // the ports of a server that runs are in use, by itself
  if (await isAnswered(adminSocketIn(config))) return checks
  return [...checks, ...placesIn(config.listen).map(({ name, at }) => checkPort(name, at))]
}

const certificateOf = (domain: string, config: Config) =>
  inspectCertificate({
    domain,
    services: [...config.components.keys()].filter(service => service.endsWith(`.${domain}`)),
    configured: config.domains.get(domain),
    folder: certificatesIn(config),
    clock: systemClock,
  })

const servicesOf = ({ listen }: Config) => {
  const ports = (addresses: readonly Address[]) => addresses.map(({ port }) => port)
  return [
    { name: '_xmpps-client._tcp', what: 'clients that begin with TLS', ports: ports(listen['c2s-tls']) },
    { name: '_xmpp-client._tcp', what: 'clients that begin with STARTTLS', ports: ports(listen.c2s) },
  ]
}

/** The folder that is there, or else the one that it would be made in. */
async function checkFolder(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (fault) {
    const parent = path.dirname(folder)
    if (!hasCode(fault, 'ENOENT') || parent === folder) throw cannotUse(folder, fault)
    await checkFolder(parent)
  }
}

function checkPort(name: string, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', fault => reject(cannotListen(name, at, fault)))
    server.listen(at, () => server.close(() => resolve()))
  })
}
