import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../core/config.js'
import { reasonOf } from '../core/system-error.js'

/** The PEM files of a certificate and its key. */
export interface Files {
  readonly certificate: string
  readonly key: string
}

/** A certificate and the key that fits it. */
export interface Pair {
  /** In PEM form, with the certificates that it is signed with. */
  readonly chain: string
  readonly leaf: X509Certificate
  /** What stands behind it in the file. */
  readonly others: readonly X509Certificate[]
  readonly key: KeyObject
}

/** Reads a certificate and its key. Throws a ConfigError unless both are there, whole, and fit each other. */
export async function readPair(files: Files): Promise<Pair> {
  const [chain, key] = await Promise.all([readPem(files.certificate, 'a certificate'), readKey(files.key)])
  const [leaf, ...others] = parseCertificates(chain, files.certificate)
  if (leaf.checkPrivateKey(key)) return { chain, leaf, others, key }
  const place = others.findIndex(other => other.checkPrivateKey(key)) + 2
  const reason = place < 2 ? '' : `; it fits the ${place}. there, which has to be the first`
  throw new ConfigError(files.key, `this key does not fit the certificate ${files.certificate}${reason}`)
}

export async function readKey(file: string): Promise<KeyObject> {
  const pem = await readPem(file, 'a private key')
  try {
    return createPrivateKey(pem)
  } catch {
    const found = /^(-----BEGIN|Proc-Type:).* ?ENCRYPTED/m.test(pem) ? 'a key with a passphrase' : 'something else'
    throw new ConfigError(file, `${found} was found, a private key without a passphrase in PEM form was expected`)
  }
}

type NotEmpty<T> = readonly [T, ...T[]]

/** All certificates of a text. Throws a ConfigError when there is none, or something else. */
export function parseCertificates(pem: string, file: string): NotEmpty<X509Certificate> {
  const blocks = pem.match(BLOCK) ?? []
  // somebody may be writing it: what is there so far may well be a certificate
  if (blocks.length !== pem.split(BEGIN).length - 1)
    throw new ConfigError(file, 'the last certificate ends in the middle')
  try {
    const [first, ...others] = blocks.map(block => new X509Certificate(block))
    if (first) return [first, ...others]
  } catch {
    // as below
  }
  throw new ConfigError(file, 'something else was found, a certificate in PEM form was expected')
}

const BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/
const BLOCK = new RegExp(`${BEGIN.source}[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----`, 'g')

/** The text of a file. Throws a ConfigError. */
export async function readPem(file: string, expected: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (fault) {
    throw new ConfigError(file, `${expected} was expected here, but it cannot be read: ${reasonOf(fault)}`)
  }
}
