import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { domainToASCII } from 'node:url'
import { ConfigError } from '../core/config.js'
import { reasonOf } from '../core/system-error.js'
import { type Files, type Pair, readPair } from './pair.js'

const DAY = 24 * 3600 * 1000

/**
 * Apple's systems refuse a server certificate that is valid for longer, even one that its user trusts
 * (https://support.apple.com/en-us/103769). They ask for its other properties, too: SHA-2, a subjectAltName with the DNS
 * name, and serverAuth.
 */
const VALID = 825 * DAY

/** Clocks of clients are not always right. */
const EARLIER = DAY

const ORGANIZATION = 'Self-made by Parlance'

/** Whether it is one that `makePair` has made, so that it is ours to replace. */
export const isSelfMade = ({ subject, issuer }: X509Certificate): boolean =>
  subject === issuer && subject.split('\n').includes(`O=${ORGANIZATION}`)

/**
 * Makes a certificate that nobody has signed and puts it into these files. A key that is there already is taken again,
 * so that clients that remember the key know it.
 */
export async function makePair(domain: string, files: Files, now: number, key?: KeyObject): Promise<Pair> {
  try {
    const made = await generate(domain, now, key)
    await mkdir(path.dirname(files.key), { recursive: true, mode: 0o700 })
    // the key first: a key without a certificate gets one at the next start
    if (!key) await replace(files.key, made.private)
    await replace(files.certificate, `${made.cert}\n`)
  } catch (fault) {
    throw new ConfigError(files.certificate, `a certificate for ${domain} cannot be made here: ${reasonOf(fault)}`)
  }
  return readPair(files)
}

/** ECDSA, because a handshake costs the server a fraction of what it does with RSA; P-256, because everybody has it. */
async function generate(domain: string, now: number, key: KeyObject | undefined) {
  const { generate } = await import('selfsigned') // takes a while to load, and is needed once in two years
  const name = domainToASCII(domain) || domain
  return generate(
    [
      // a common name has room for 64 characters (RFC 5280 appendix A.1); nobody has to read it (RFC 6125 §6.4.4)
      ...(name.length <= 64 ? [{ name: 'commonName', value: name }] : []),
      { name: 'organizationName', value: ORGANIZATION },
    ],
    {
      keyType: key?.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec',
      algorithm: 'sha256',
      notBeforeDate: new Date(now - EARLIER),
      notAfterDate: new Date(now - EARLIER + VALID),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: [altName(name)] },
      ],
      ...(key && { keyPair: toPem(key) }),
    },
  )
}

// the library knows no otherName; for a certificate with a DNS name nobody needs an XmppAddr (RFC 6120 §13.7.1.2)
function altName(name: string) {
  const address = name.replace(/^\[|\]$/g, '')
  return net.isIP(address) ? ({ type: 7, ip: address } as const) : ({ type: 2, value: name } as const)
}

const toPem = (key: KeyObject) => ({
  privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
})

/** Whoever reads the file meanwhile gets all of the old one or all of the new one. */
async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  await rm(temporary, { force: true })
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}
