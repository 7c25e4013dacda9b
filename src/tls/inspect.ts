import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import tls from 'node:tls'
import { domainToASCII } from 'node:url'
import type { Clock } from '../core/clock.js'
import { inspectAuthorities, readAuthorities } from './authorities.js'
import { daysLeft, filesIn, isFor, type Named, WARNING_DAYS } from './certificates.js'
import { secureContext } from './context.js'
import { type Pair, readPair } from './pair.js'
import { isSelfMade } from './self-made.js'

/** What is to be said about a certificate: each a sentence for operators. */
export interface Findings {
  /** Clients or other servers refuse it. */
  readonly wrong: readonly string[]
  /** It works, and could be better. */
  readonly advice: readonly string[]
}

interface Inspected {
  readonly domain: string
  /** Names below the domain that other servers or clients connect to as well. */
  readonly services: readonly string[]
  readonly configured: Named | undefined
  readonly folder: string
  readonly clock: Pick<Clock, 'now'>
}

const NOTHING: Findings = { wrong: [], advice: [] }

/**
 * Looks at the certificate of a domain, and at those who vouch for its clients, and makes nothing. Rejects with a
 * ConfigError when a server could not use them.
 */
export async function inspectCertificate(inspected: Inspected): Promise<Findings> {
  const { domain, configured, clock } = inspected
  const { clientAuthorities } = configured ?? {}
  const own = await inspectOwn(inspected)
  if (clientAuthorities === undefined) return own
  const { wrong, advice } = inspectAuthorities(await readAuthorities(clientAuthorities), clock)
  const say = (sentence: string) => `${domain}: ${sentence}`
  return { wrong: [...own.wrong, ...wrong.map(say)], advice: [...own.advice, ...advice.map(say)] }
}

async function inspectOwn({ domain, services, configured, folder, clock }: Inspected): Promise<Findings> {
  const { certificate, key } = configured ?? {}
  const isOurs = certificate === undefined || key === undefined
  const files = isOurs ? filesIn(folder, domain) : { certificate, key }
  if (isOurs && !existsSync(files.certificate)) return NOTHING // one is made
  const pair = await readPair(files)
  secureContext(pair, files)
  const wrong = [...inTime(pair, clock), ...forNames(pair, [domain]), ...ofUse(pair), ...weak(pair), ...chained(pair)]
  const own = isSelfMade(pair.leaf)
  const advice = [...soonOver(pair, clock), ...(own ? [] : forNames(pair, services)), ...trusted(pair)]
  const say = (sentence: string) => `${domain}: the certificate ${files.certificate} ${sentence}`
  return { wrong: wrong.map(say), advice: advice.map(say) }
}

const dayOf = (written: string): string => new Date(written).toISOString().slice(0, 10)

function inTime({ leaf }: Pair, clock: Pick<Clock, 'now'>): readonly string[] {
  if (daysLeft(leaf, clock) < 0) return [`expired on ${dayOf(leaf.validTo)}; get a new one.`]
  if (Date.parse(leaf.validFrom) > clock.now())
    return [`is not good before ${dayOf(leaf.validFrom)}; is the clock right?`]
  return []
}

/** What we have made is renewed by itself. */
function soonOver({ leaf }: Pair, clock: Pick<Clock, 'now'>): readonly string[] {
  const days = daysLeft(leaf, clock)
  if (isSelfMade(leaf) || days < 0 || days >= WARNING_DAYS) return []
  return [`expires in ${Math.ceil(days)} days, on ${dayOf(leaf.validTo)}; is it renewed?`]
}

function forNames({ leaf }: Pair, names: readonly string[]): readonly string[] {
  const missing = names.filter(name => !isFor(leaf, name)).map(name => domainToASCII(name) || name)
  if (missing.length === 0) return []
  const found = leaf.subjectAltName?.replaceAll('DNS:', '') ?? 'no name'
  return [
    `is for ${found} and not for ${missing.join(', ')}; get one with ${missing.length > 1 ? 'these names' : 'this name'} in it.`,
  ]
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** What it may be used for, where it says that. */
function ofUse({ leaf }: Pair): readonly string[] {
  const uses = leaf.keyUsage as readonly string[] | undefined // Node's type does not know that it may say nothing
  if (uses === undefined || uses.includes(SERVER_AUTH)) return []
  return ['is not made for servers: serverAuth is missing in its extended key usage.']
}

function weak({ leaf }: Pair): readonly string[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength = 0, namedCurve = '' } = {} } = leaf.publicKey
  if (type === 'rsa' && modulusLength < 2048)
    return [`has an RSA key of ${modulusLength} bits, 2048 is the least that clients accept; make a new key.`]
  if (type === 'ec' && !CURVES.includes(namedCurve))
    return [`has a key on the curve ${namedCurve}, which clients do not know; make a new key on P-256.`]
  if (type !== 'rsa' && type !== 'ec')
    return [`has a key of the kind ${type}, which clients do not know; make one on P-256.`]
  return []
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']

/** Each certificate in the file is to be signed with the next (RFC 8446 §4.4.2 lets clients expect no less). */
function chained({ leaf, others }: Pair): readonly string[] {
  let signed = leaf
  for (const next of others) {
    if (isSignedWith(signed, next)) {
      signed = next
      continue
    }
    const right = others.find(other => isSignedWith(signed, other))
    const name = nameOf(signed.issuer)
    if (right)
      return [
        `has the certificates that it is signed with in the wrong order: ${name} has to come behind ${nameOf(signed.subject)}.`,
      ]
    if (isSelfSigned(signed))
      return ['is followed by certificates that it is not signed with; leave only its chain in the file.']
    return [`is not complete: the certificate of ${name} is missing behind ${nameOf(signed.subject)}.`]
  }
  return []
}

/** Whether clients can find their way from the last certificate to one that they know. */
function trusted({ leaf, others }: Pair): readonly string[] {
  if (isSelfSigned(leaf))
    return ['is signed by nobody but itself: clients ask their users whether to trust it, and some refuse it.']
  const last = others.at(-1) ?? leaf
  if (isSelfSigned(last) || ROOTS().some(root => isSignedWith(last, root))) return []
  const name = nameOf(last.issuer)
  return [
    `ends with ${nameOf(last.subject)}, and ${name} is not known here: if it is not one that your users have installed, its certificate is missing in the file, behind the others.`,
  ]
}

/** Those that programs know without being told. */
const ROOTS = (): readonly X509Certificate[] => tls.rootCertificates.map(pem => new X509Certificate(pem))

const isSignedWith = (signed: X509Certificate, by: X509Certificate): boolean =>
  signed.checkIssued(by) && signed.verify(by.publicKey)

const isSelfSigned = (one: X509Certificate): boolean => one.subject === one.issuer

/** A name as people write it: the common name, or else all of it. */
const nameOf = (distinguished: string | undefined): string =>
  /^CN=(.*)$/m.exec(distinguished ?? '')?.[1] ?? distinguished?.replaceAll('\n', ', ') ?? 'an unknown one'
