import { constants, type KeyObject, type X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'
import { domainToASCII } from 'node:url'
import type { Clock } from '../core/clock.js'
import { ConfigError } from '../core/config.js'
import type { Log } from '../core/log.js'
import { reasonOf } from '../core/system-error.js'
import { type Files, type Pair, readKey, readPair } from './pair.js'
import { isSelfMade, makePair } from './self-made.js'

/** The certificate of one domain, ready to be shown. */
export interface Certificate {
  readonly domain: string
  /** Where it stands. */
  readonly file: string
  /** Nobody vouches for it: clients ask their users whether to trust it. */
  readonly selfSigned: boolean
  readonly context: tls.SecureContext
}

/** The certificates of all domains. */
export interface Certificates {
  /** What to show to a client that asks for this name; the first domain's when it asks for none, or for another's. */
  find(servername: string | undefined): tls.SecureContext | undefined
  readonly all: readonly Certificate[]
}

export interface Source {
  /** The domains, prepared, with the files that are configured for them. */
  readonly domains: ReadonlyMap<string, Files | undefined>
  /** Where those of other domains are, and are made if they are missing. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

/** Reads every domain's certificate, and makes what is missing. Throws a ConfigError for files that cannot be used. */
export async function openCertificates(source: Source): Promise<Certificates> {
  const all = await Promise.all([...source.domains.keys()].map(domain => openCertificate(domain, source)))
  // a client asks for the name in its ASCII form (RFC 6066 §3), and its stream header has the other
  const byName = new Map(all.flatMap(one => [one.domain, domainToASCII(one.domain)].map(name => [name, one] as const)))
  return { all, find: (name = '') => (byName.get(name.toLowerCase()) ?? all[0])?.context }
}

/** Throws a ConfigError for what `openCertificates` could not use. Makes nothing. */
export async function checkCertificates({ domains, folder }: Pick<Source, 'domains' | 'folder'>): Promise<void> {
  for (const [domain, configured] of domains) {
    const files = configured ?? filesIn(folder, domain)
    if (configured || existsSync(files.certificate)) secureContext(await readPair(files), files)
  }
}

async function openCertificate(domain: string, source: Source): Promise<Certificate> {
  const configured = source.domains.get(domain)
  const files = configured ?? filesIn(source.folder, domain)
  const pair = configured ? await readPair(configured) : await readOrMake(domain, files, source)
  warn(domain, files, pair.leaf, source)
  const selfSigned = pair.leaf.subject === pair.leaf.issuer
  return { domain, file: files.certificate, selfSigned, context: secureContext(pair, files) }
}

async function readOrMake(domain: string, files: Files, { clock, log }: Source): Promise<Pair> {
  const make = async (key?: KeyObject) => {
    log.info({ domain, file: files.certificate }, 'a self-signed certificate is made')
    return makePair(domain, files, clock.now(), key)
  }
  if (!existsSync(files.certificate)) return make(existsSync(files.key) ? await readKey(files.key) : undefined)
  const pair = await readPair(files)
  return isSelfMade(pair.leaf) && daysLeft(pair.leaf, clock) < RENEWAL_DAYS ? make(pair.key) : pair
}

const RENEWAL_DAYS = 60
const WARNING_DAYS = 14

/** It may be wrong and still be what there is: whoever connects can decide better than we can. */
function warn(domain: string, { certificate: file }: Files, leaf: X509Certificate, { clock, log }: Source): void {
  const days = daysLeft(leaf, clock)
  if (days < 0) log.warn({ domain, file, until: leaf.validTo }, 'the certificate has expired')
  else if (days < WARNING_DAYS) log.warn({ domain, file, until: leaf.validTo }, 'the certificate expires soon')
  const names = leaf.subjectAltName ?? ''
  // an otherName may be an XmppAddr or SRVName (RFC 6120 §13.7.1.2), which nobody here can read
  const named = leaf.checkHost(domainToASCII(domain)) !== undefined || /othername|IP Address/.test(names)
  if (!named) log.warn({ domain, file, names }, 'the certificate is for other names')
}

const daysLeft = (leaf: X509Certificate, clock: Clock): number =>
  (Date.parse(leaf.validTo) - clock.now()) / (24 * 3600 * 1000)

const filesIn = (folder: string, domain: string): Files => ({
  certificate: path.join(folder, `${domain}.crt`),
  key: path.join(folder, `${domain}.key`),
})

function secureContext({ chain, key }: Pair, { certificate: file }: Files): tls.SecureContext {
  try {
    return tls.createSecureContext({
      cert: chain,
      key: key.export({ type: 'pkcs8', format: 'pem' }),
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    })
  } catch (fault) {
    throw new ConfigError(file, `TLS cannot use this certificate: ${reasonOf(fault)}`)
  }
}

/** Authenticated encryption and forward secrecy only (RFC 9325 §4.2). The client chooses: it knows what it does fast. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
