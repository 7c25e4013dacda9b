import { Constructed, fromBER, ObjectIdentifier, Sequence } from 'asn1js'

/** A hash as node:crypto names it. */
export type Hash = 'sha224' | 'sha256' | 'sha384' | 'sha512'

/**
 * The hash that a certificate is identified by in tls-server-end-point (RFC 5929 §4.1): that of its signature, but
 * SHA-256 for MD5 and SHA-1. undefined for signatures that have no single hash, such as Ed25519, or that nobody knows.
 */
export function signatureHash(certificate: Uint8Array): Hash | undefined {
  const [, algorithm] = itemsOf(fromBER(certificate).result)
  const [oid, parameters] = itemsOf(algorithm)
  const name = nameOf(oid)
  return name === RSASSA_PSS ? hashOfPss(parameters) : SIGNATURES.get(name)
}

/** RFC 4055 §3.1: the hash is the first parameter, SHA-1 when it is left out. */
function hashOfPss(parameters: unknown): Hash | undefined {
  const tagged = itemsOf(parameters).find(item => item instanceof Constructed && item.idBlock.tagNumber === 0)
  if (tagged === undefined) return 'sha256'
  const [algorithm] = itemsOf(tagged)
  return HASHES.get(nameOf(itemsOf(algorithm)[0]))
}

const itemsOf = (value: unknown): readonly unknown[] =>
  value instanceof Sequence || value instanceof Constructed ? value.valueBlock.value : []

const nameOf = (value: unknown): string => (value instanceof ObjectIdentifier ? value.getValue() : '')

const RSASSA_PSS = '1.2.840.113549.1.1.10'

const SIGNATURES: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.113549.1.1.4', 'sha256'], // RSA with MD5
  ['1.2.840.113549.1.1.5', 'sha256'], // RSA with SHA-1
  ['1.2.840.113549.1.1.14', 'sha224'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.1', 'sha256'], // ECDSA with SHA-1
  ['1.2.840.10045.4.3.1', 'sha224'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
])

const HASHES: ReadonlyMap<string, Hash> = new Map([
  ['1.3.14.3.2.26', 'sha256'], // SHA-1
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])
