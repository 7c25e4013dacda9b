import { Constructed, fromBER, ObjectIdentifier, OctetString, Sequence, Utf8String } from 'asn1js'
import { decodeText } from './sasl/encoding.js'

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
  const tagged = itemsOf(parameters).find(item => isTagged(item, 0))
  if (tagged === undefined) return 'sha256'
  const [algorithm] = itemsOf(tagged)
  return HASHES.get(nameOf(itemsOf(algorithm)[0]))
}

/**
 * The addresses that a certificate names as id-on-xmppAddr in its subjectAltName, as they are written there (RFC 6120
 * §13.7.1.4). None of a certificate that has two lists of names, which RFC 5280 §4.2 forbids.
 */
export function xmppAddresses(certificate: Uint8Array): readonly string[] {
  const [tbs] = itemsOf(fromBER(certificate).result)
  const [extensions] = itemsOf(itemsOf(tbs).find(item => isTagged(item, 3)))
  const [names, ...others] = itemsOf(extensions).filter(one => nameOf(itemsOf(one)[0]) === SUBJECT_ALT_NAME)
  const value = itemsOf(names).at(-1) // whether it is critical may stand before
  if (!(value instanceof OctetString) || others.length > 0) return []
  return itemsOf(fromBER(value.valueBlock.valueHexView).result).flatMap(addressIn)
}

/** RFC 5280 §4.2.1.6: an otherName is the first choice of a GeneralName. */
function addressIn(name: unknown): readonly string[] {
  const [type, value] = isTagged(name, 0) ? itemsOf(name) : []
  const [text] = isTagged(value, 0) ? itemsOf(value) : []
  if (nameOf(type) !== XMPP_ADDR || !(text instanceof Utf8String)) return []
  const address = decodeText(text.valueBlock.valueHexView)
  return address === undefined ? [] : [address]
}

const isTagged = (value: unknown, tag: number): boolean =>
  value instanceof Constructed && value.idBlock.tagClass === CONTEXT && value.idBlock.tagNumber === tag

const itemsOf = (value: unknown): readonly unknown[] =>
  value instanceof Sequence || value instanceof Constructed ? value.valueBlock.value : []

const nameOf = (value: unknown): string => (value instanceof ObjectIdentifier ? value.getValue() : '')

/** The class of tags whose meaning depends on where they stand. */
const CONTEXT = 3

const SUBJECT_ALT_NAME = '2.5.29.17'
const XMPP_ADDR = '1.3.6.1.5.5.7.8.5'
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
