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
  readonly key: KeyObject
}

/** Reads a certificate and its key. Throws a ConfigError unless both are there and fit each other. */
export async function readPair(files: Files): Promise<Pair> {
  const [chain, key] = await Promise.all([readPem(files.certificate, 'a certificate'), readKey(files.key)])
  const leaf = parseCertificate(chain, files.certificate)
  if (!leaf.checkPrivateKey(key))
    throw new ConfigError(files.key, `this key does not fit the certificate ${files.certificate}`)
  return { chain, leaf, key }
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

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new ConfigError(file, 'something else was found, a certificate in PEM form was expected')
  }
}

async function readPem(file: string, expected: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (fault) {
    throw new ConfigError(file, `${expected} was expected here, but it cannot be read: ${reasonOf(fault)}`)
  }
}
