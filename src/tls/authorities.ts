import { createHash, type X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import type { Clock } from '../core/clock.js'
import { ConfigError } from '../core/config.js'
import { reasonOf } from '../core/system-error.js'
import type { Findings } from './inspect.js'
import { parseCertificates, readPem } from './pair.js'

/** Those who vouch for the certificates of clients. */
export interface Authorities {
  readonly file: string
  /** The same for the same certificates and lists. */
  readonly id: string
  readonly certificates: readonly X509Certificate[]
  /** In PEM form, what they have revoked: if there is one list, there has to be one of each. */
  readonly revoked: readonly string[]
}

/** Reads them, and their revocation lists. Throws a ConfigError unless all that is there is whole and can be used. */
export async function readAuthorities(file: string): Promise<Authorities> {
  const pem = await readPem(file, 'a certificate')
  const certificates = parseCertificates(pem, file)
  const revoked = pem.match(LIST) ?? []
  if (revoked.length !== pem.split(BEGIN).length - 1)
    throw new ConfigError(file, 'the last revocation list ends in the middle')
  const id = createHash('sha256')
  for (const { raw } of certificates) id.update(raw)
  for (const list of revoked) id.update(list)
  const authorities = { file, id: id.digest('hex'), certificates, revoked }
  try {
    tls.createSecureContext(trusting(authorities))
  } catch (fault) {
    throw new ConfigError(file, `TLS cannot use these authorities: ${reasonOf(fault)}`)
  }
  return authorities
}

const BEGIN = '-----BEGIN X509 CRL-----'
const LIST = new RegExp(`${BEGIN}[^-]+-----END X509 CRL-----`, 'g')

/** What TLS is told of them. An authority in the file is trusted whoever it is signed with: it was chosen. */
export const trusting = ({ certificates, revoked }: Authorities): tls.SecureContextOptions => ({
  ca: certificates.map(one => one.toString()),
  ...(revoked.length > 0 && { crl: [...revoked] }),
  allowPartialTrustChain: true,
})

/** What is to be said about them: each a sentence for operators. */
export function inspectAuthorities({ file, certificates }: Authorities, clock: Pick<Clock, 'now'>): Findings {
  const name = (one: X509Certificate) => `${one.subject.replaceAll('\n', ', ')} in ${file}`
  const expired = certificates.filter(one => Date.parse(one.validTo) < clock.now())
  const plain = certificates.filter(one => !one.ca)
  return {
    wrong: expired.map(one => `${name(one)} expired on ${dayOf(one.validTo)}: nobody can log in who needs its word.`),
    advice: plain.map(one => `${name(one)} is no authority: it vouches for nobody but its owner.`),
  }
}

const dayOf = (written: string): string => new Date(written).toISOString().slice(0, 10)
