import { promises as dns } from 'node:dns'
import net from 'node:net'
import { domainToASCII } from 'node:url'
import { hasCode, reasonOf } from './core/system-error.js'

/** Where a SRV record leads to. RFC 2782 */
export interface Srv {
  readonly name: string
  readonly port: number
}

/** Who is asked about names. */
export interface Resolver {
  /** None when there is no such record. */
  srv(name: string): Promise<readonly Srv[]>
  /** None when the name has none. */
  addresses(name: string): Promise<readonly string[]>
}

/** What clients or servers look for below a domain. */
interface Service {
  /** `_xmpp-client._tcp` */
  readonly name: string
  /** For whom it is. */
  readonly what: string
  /** Where the server listens for it; none when that is off. */
  readonly ports: readonly number[]
}

export interface Asked {
  readonly domain: string
  readonly services: readonly Service[]
  readonly resolver: Resolver
  /** How long all questions together may take. */
  readonly longestMs?: number
}

/** The resolver of this machine. */
export function systemResolver(): Resolver {
  const resolver = new dns.Resolver({ timeout: 2000, tries: 2 })
  const orNone = <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> =>
    answer.catch(fault => {
      if (hasCode(fault, dns.NOTFOUND, dns.NODATA)) return []
      throw fault
    })
  return {
    srv: name => orNone(resolver.resolveSrv(name)),
    addresses: async name =>
      (await Promise.all([orNone(resolver.resolve4(name)), orNone(resolver.resolve6(name))])).flat(),
  }
}

const LONGEST_MS = 8000

/**
 * What is to be said about the SRV records of a domain, so that clients find the server (RFC 6120 §3.2.1, XEP-0368 §3):
 * each a sentence for operators, with the record to make. Nothing for names that are in no DNS.
 */
export async function adviseOnDns(asked: Asked): Promise<readonly string[]> {
  const { domain, longestMs = LONGEST_MS } = asked
  if (net.isIP(domain.replace(/^\[|\]$/g, '')) || domain === 'localhost' || domain.endsWith('.localhost')) return []
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`there was no answer within ${longestMs / 1000} seconds`)), longestMs)
  })
  try {
    return await Promise.race([ask(asked), late])
  } catch (fault) {
    return [`${domain}: DNS could not be asked: ${reasonOf(fault)}.`]
  } finally {
    clearTimeout(timer)
  }
}

async function ask(asked: Asked): Promise<readonly string[]> {
  const { services, resolver } = asked
  const domain = domainToASCII(asked.domain) || asked.domain
  const [own, ...found] = await Promise.all([
    resolver.addresses(domain),
    ...services.map(async service => ({ service, records: await resolver.srv(`${service.name}.${domain}`) })),
  ])
  const known = found.flatMap(({ records }) => records).find(({ name }) => name !== '')
  const host = known?.name ?? (own.length > 0 ? domain : undefined)
  const said = found.map(({ service, records }) => adviseOn({ service, records, domain, host, resolver }))
  return (await Promise.all(said)).flat().map(sentence => `${asked.domain}: ${sentence}`)
}

interface Found {
  readonly service: Service
  readonly records: readonly Srv[]
  readonly domain: string
  /** Where the server is, as far as DNS tells. */
  readonly host: string | undefined
  readonly resolver: Resolver
}

async function adviseOn(found: Found): Promise<readonly string[]> {
  const { service, records, domain, host, resolver } = found
  const { name, what, ports } = service
  const full = `${name}.${domain}`
  const targets = records.filter(({ name }) => name !== '')
  const toMake = ports.map(port => `\n  ${full}. 86400 IN SRV 0 5 ${port} ${host ?? 'NAME-OF-THIS-MACHINE'}.`).join('')
  if (ports.length === 0) {
    if (targets.length === 0) return []
    return [`the DNS record ${full} leads ${what} to ${placesOf(targets)}, and the server does not listen for them.`]
  }
  if (records.length === 0) return [`there is no DNS record for ${what}; make${toMake}`]
  if (targets.length === 0)
    return [`the DNS record ${full} says that there is nothing for ${what}; make instead${toMake}`]
  const fits = targets.some(({ port }) => ports.includes(port))
  const elsewhere = fits
    ? []
    : [
        `the DNS record ${full} leads ${what} to ${placesOf(targets)}, and the server listens at port ${ports.join(', ')}; make instead${toMake}`,
      ]
  const addresses = await Promise.all(targets.map(async ({ name }) => [name, await resolver.addresses(name)] as const))
  const lost = addresses.filter(([, addresses]) => addresses.length === 0)
  return [...elsewhere, ...lost.map(([name]) => `the DNS record ${full} leads to ${name}, which has no address.`)]
}

const placesOf = (records: readonly Srv[]): string => records.map(({ name, port }) => `${name}:${port}`).join(', ')
