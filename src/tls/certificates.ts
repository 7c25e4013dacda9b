import { createHash, type KeyObject, type X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type tls from 'node:tls'
import { domainToASCII } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.js'
import { ConfigError } from '../core/config.js'
import type { Log } from '../core/log.js'
import { type Authorities, inspectAuthorities, readAuthorities } from './authorities.js'
import { secureContext } from './context.js'
import { type Files, type Pair, readKey, readPair } from './pair.js'
import { isSelfMade, makePair } from './self-made.js'
import { FileWatch, markOf, type Seen } from './watch.js'

/** The certificate of one domain, ready to be shown. */
export interface Certificate {
  readonly domain: string
  /** Where it stands. */
  readonly file: string
  /** Nobody vouches for it: clients ask their users whether to trust it. */
  readonly selfSigned: boolean
  /** When it expires, in milliseconds since 1970. */
  readonly until: number
  readonly context: tls.SecureContext
  /** Who vouches for its clients' certificates; undefined where these are asked for none. */
  readonly authorities: Authorities | undefined
}

/** Certificates for other domains, read and ready. */
export interface Prepared {
  /** The domains that show another certificate then. */
  readonly changed: readonly string[]
  /** Puts them in force; streams that are there stay as they are. */
  apply(): void
}

/** The files that are configured for a domain: those of its certificate both or neither. */
export interface Named extends Partial<Files> {
  /** With those who vouch for the certificates of its clients. */
  readonly clientAuthorities?: string
}

export interface Source {
  /** The domains, prepared, with the files that are configured for them. */
  readonly domains: ReadonlyMap<string, Named | undefined>
  /** Where those of other domains are, and are made if they are missing. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

export interface Watched extends Source {
  /** How often files are looked at, in milliseconds. */
  readonly every: () => number
}

/** Where a domain's files are, and what holds for it besides. */
interface Place {
  readonly domain: string
  readonly files: Files
  /** Whether they are made when they are missing. */
  readonly isOurs: boolean
  readonly clientAuthorities: string | undefined
  /**
   * Whether TLS sessions can be resumed: nowhere, if clients of any domain are asked for certificates. OpenSSL lets the
   * first domain's context decide, would take what one domain's authorities said for what another's say, and does not
   * ask them anew.
   */
  readonly resumes: boolean
}

/** A certificate that is in force, and what it was read from. */
interface Entry {
  readonly certificate: Certificate
  readonly place: Place
  readonly leaf: X509Certificate
  /** The same for the same certificates and key. */
  readonly content: string
}

/** Reads every domain's certificate, and makes what is missing. Throws a ConfigError for files that cannot be used. */
export async function openCertificates(source: Watched): Promise<Certificates> {
  const certificates = new Certificates(source)
  const { apply } = await certificates.prepare(source.domains)
  apply()
  certificates.watch()
  return certificates
}

/** The certificates of all domains. Files that change are read anew; what cannot be used of them is not taken. */
export class Certificates {
  readonly #source: Watched
  readonly #watch: FileWatch
  #entries: ReadonlyMap<string, Entry> = new Map()
  #byName: ReadonlyMap<string, Certificate> = new Map()
  #inspectedAt: number

  constructor(source: Watched) {
    const { clock, every } = source
    this.#source = source
    this.#inspectedAt = clock.now()
    this.#watch = new FileWatch({
      clock,
      every,
      changed: domain => this.#takeUp(domain),
      looked: () => this.#inspect(),
    })
  }

  /** In the order of the domains. */
  get all(): readonly Certificate[] {
    return [...this.#entries.values()].map(({ certificate }) => certificate)
  }

  /**
   * What to show to a client that asks for this name: that of the domain, or of the one that it is below; the first
   * domain's when it asks for none, or for one that is not ours.
   */
  find(servername?: string): tls.SecureContext | undefined {
    return this.#shownFor(servername)?.context
  }

  /** Who vouches for the clients that are shown that certificate; undefined where these are asked for none. */
  authorities(servername?: string): Authorities | undefined {
    return this.#shownFor(servername)?.authorities
  }

  #shownFor(servername = ''): Certificate | undefined {
    for (let name: string | undefined = servername.toLowerCase(); name; name = parentOf(name)) {
      const found = this.#byName.get(name)
      if (found) return found
    }
    const [first] = this.#entries.values()
    return first?.certificate
  }

  /** Reads the certificates of these domains, and makes what is missing. Rejects with a ConfigError; nothing changes. */
  async prepare(domains: Source['domains']): Promise<Prepared> {
    const seen = new Map<string, Seen>()
    const resumes = [...domains.values()].every(named => named?.clientAuthorities === undefined)
    const read = [...domains].map(async ([domain, named]) => {
      const place = placeOf({ domain, named, folder: this.#source.folder, resumes })
      const isThere = !place.isOurs || existsSync(place.files.certificate)
      const files = pathsIn(place)
      const before = await markOf(files)
      const entry = this.#same(await this.#open(place))
      // what changes while it is read is looked at again
      seen.set(domain, { files, mark: isThere ? before : await markOf(files) })
      return [domain, entry] as const
    })
    const entries = new Map(await Promise.all(read))
    return {
      changed: [...entries]
        .filter(([domain, entry]) => !isLike(this.#entries.get(domain), entry))
        .map(([domain]) => domain),
      apply: () => {
        this.#put(entries)
        this.#watch.see(seen)
      },
    }
  }

  watch(): void {
    this.#watch.start()
  }

  stop(): void {
    this.#watch.stop()
  }

  #put(entries: ReadonlyMap<string, Entry>): void {
    this.#entries = entries
    // a client asks for the name in its ASCII form (RFC 6066 §3), and its stream header has the other
    this.#byName = new Map(
      this.all.flatMap(one => [one.domain, domainToASCII(one.domain)].map(name => [name, one] as const)),
    )
  }

  /** The one that is in force, if it is no other: TLS sessions can go on with it. */
  #same(entry: Entry): Entry {
    const old = this.#entries.get(entry.place.domain)
    return old && isLike(old, entry) && old.place.resumes === entry.place.resumes ? old : entry
  }

  async #open(place: Place): Promise<Entry> {
    const pair = place.isOurs ? await readOrMake(place, this.#source) : await readPair(place.files)
    const entry = entryOf(place, pair, await authoritiesOf(place))
    warn(entry, this.#source)
    return entry
  }

  /** The files of a domain have changed. */
  async #takeUp(domain: string): Promise<void> {
    const { log } = this.#source
    const old = this.#entries.get(domain)
    if (!old) return
    const { place } = old
    const { files, clientAuthorities: file } = place
    try {
      const before = await markOf(pathsIn(place))
      const entry = this.#same(entryOf(place, await readPair(files), await authoritiesOf(place)))
      // whoever writes them is not through: they will have changed once more
      if (entry === old || (await markOf(pathsIn(place))) !== before || this.#entries.get(domain) !== old) return
      this.#put(new Map([...this.#entries, [domain, entry]]))
      if (entry.content === old.content) log.info({ domain, file }, 'the authorities of clients are others now')
      else log.info({ domain, file: files.certificate, until: entry.leaf.validTo }, 'the certificate was renewed')
      warn(entry, this.#source)
    } catch (fault) {
      if (!(fault instanceof ConfigError)) throw fault
      const what = fault.path === file ? 'the file with the authorities of clients' : 'the certificate'
      log.warn({ domain, reason: fault.message }, `${what} has changed and cannot be used: the old one stays`)
    }
  }

  /** Once a day: a server may run for longer than a certificate is good. */
  async #inspect(): Promise<void> {
    const { clock, log } = this.#source
    if (clock.now() - this.#inspectedAt < DAY) return
    this.#inspectedAt = clock.now()
    for (const [domain, entry] of this.#entries) {
      try {
        if (isDue(entry.leaf, clock)) await readOrMake(entry.place, this.#source)
        else warn(entry, this.#source)
      } catch (fault) {
        log.warn({ domain, reason: String(fault) }, 'the certificate could not be renewed')
      }
    }
  }
}

/** What a name is below: `example.org` for `conference.example.org`. */
function parentOf(name: string): string | undefined {
  const dot = name.indexOf('.')
  return dot < 0 ? undefined : name.slice(dot + 1)
}

function placeOf({ domain, named = {}, folder, resumes }: Wanted): Place {
  const { certificate, key, clientAuthorities } = named
  const isOurs = certificate === undefined || key === undefined
  const files = isOurs ? filesIn(folder, domain) : { certificate, key }
  return { domain, files, isOurs, clientAuthorities, resumes }
}

interface Wanted {
  readonly domain: string
  readonly named: Named | undefined
  readonly folder: string
  readonly resumes: boolean
}

const pathsIn = ({ files, clientAuthorities }: Place): readonly string[] =>
  [files.certificate, files.key, clientAuthorities].filter(file => file !== undefined)

const authoritiesOf = async ({ clientAuthorities: file }: Place): Promise<Authorities | undefined> =>
  file === undefined ? undefined : readAuthorities(file)

/** Whether it is the same certificate, from the same files, with the same authorities for clients. */
const isLike = (old: Entry | undefined, entry: Entry): boolean =>
  old?.content === entry.content &&
  old.certificate.authorities?.id === entry.certificate.authorities?.id &&
  isDeepStrictEqual(pathsIn(old.place), pathsIn(entry.place))

function entryOf(place: Place, pair: Pair, authorities: Authorities | undefined): Entry {
  const { domain, files, resumes } = place
  const { leaf, chain, key } = pair
  const content = createHash('sha256')
    .update(chain)
    .update(key.export({ type: 'pkcs8', format: 'der' }))
    .digest('hex')
  const certificate = {
    domain,
    file: files.certificate,
    selfSigned: leaf.subject === leaf.issuer,
    until: Date.parse(leaf.validTo),
    context: secureContext(pair, files, { authorities, resumes }),
    authorities,
  }
  return { certificate, place, leaf, content }
}

async function readOrMake({ domain, files }: Place, { clock, log }: Source): Promise<Pair> {
  const make = async (key?: KeyObject) => {
    log.info({ domain, file: files.certificate }, 'a self-signed certificate is made')
    return makePair(domain, files, clock.now(), key)
  }
  if (!existsSync(files.certificate)) return make(existsSync(files.key) ? await readKey(files.key) : undefined)
  const pair = await readPair(files)
  return isDue(pair.leaf, clock) ? make(pair.key) : pair
}

const DAY = 24 * 3600 * 1000
const RENEWAL_DAYS = 60
export const WARNING_DAYS = 14

/** Whether it is ours to renew, and has not long to live. */
const isDue = (leaf: X509Certificate, clock: Clock): boolean => isSelfMade(leaf) && daysLeft(leaf, clock) < RENEWAL_DAYS

/** It may be wrong and still be what there is: whoever connects can decide better than we can. */
function warn({ certificate: { domain, file, authorities }, leaf }: Entry, { clock, log }: Source): void {
  for (const reason of authorities ? inspectAuthorities(authorities, clock).wrong : [])
    log.warn({ domain, reason }, 'clients of an authority are kept out')
  const days = daysLeft(leaf, clock)
  if (days < 0) log.warn({ domain, file, until: leaf.validTo }, 'the certificate has expired')
  else if (days < WARNING_DAYS) log.warn({ domain, file, until: leaf.validTo }, 'the certificate expires soon')
  if (!isFor(leaf, domain))
    log.warn({ domain, file, names: leaf.subjectAltName ?? '' }, 'the certificate is for other names')
}

/** Whether it says that it is for this name; true where nobody here can read whether it does. */
export function isFor(leaf: X509Certificate, domain: string): boolean {
  // an otherName may be an XmppAddr or SRVName (RFC 6120 §13.7.1.2)
  return leaf.checkHost(domainToASCII(domain)) !== undefined || /othername|IP Address/.test(leaf.subjectAltName ?? '')
}

export const daysLeft = (leaf: X509Certificate, clock: Pick<Clock, 'now'>): number =>
  (Date.parse(leaf.validTo) - clock.now()) / DAY

/** The files of a domain for which none are configured. */
export const filesIn = (folder: string, domain: string): Files => ({
  certificate: path.join(folder, `${domain}.crt`),
  key: path.join(folder, `${domain}.key`),
})
