/** A small certification authority, for servers and clients of tests. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { generate } from 'selfsigned'

/** A certificate and its key, in PEM form. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

export interface Wanted {
  readonly by?: Issued
  /** Its DNS names; the first is its common name, too. */
  readonly names?: readonly string[]
  readonly isAuthority?: boolean
  readonly from?: number
  readonly until?: number
  readonly keyType?: 'rsa' | 'ec'
  /** Of an RSA key. */
  readonly bits?: number
  /** For clients and not for servers. */
  readonly isForClients?: boolean
}

const DAY = 24 * 3600 * 1000

/** A certificate that is good from yesterday for 90 days, unless something else is wanted. */
export async function issue(commonName: string, wanted: Wanted = {}): Promise<Issued> {
  const { by, names = [], isAuthority = false, keyType = 'ec', bits = 2048, isForClients = false } = wanted
  const from = wanted.from ?? Date.now() - DAY
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType,
    keySize: bits,
    algorithm: 'sha256',
    notBeforeDate: new Date(from),
    notAfterDate: new Date(wanted.until ?? from + 90 * DAY),
    ...(by && { ca: { cert: by.cert, key: by.key } }),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      ...(isAuthority ? [] : [{ name: 'extKeyUsage', serverAuth: !isForClients, clientAuth: isForClients } as const]),
      ...(names.length > 0
        ? [{ name: 'subjectAltName', altNames: names.map(value => ({ type: 2, value }) as const) } as const]
        : []),
    ],
  })
  return { cert: `${made.cert.trim()}\n`, key: `${made.private.trim()}\n` }
}

/** Root, intermediate and a certificate for these names: the file that a server gets has the last two in it. */
export async function issueChain(names: readonly string[], wanted: Omit<Wanted, 'by' | 'names'> = {}) {
  const tag = randomBytes(4).toString('hex')
  const { keyType = 'ec' } = wanted // whose key is of another kind cannot sign it here
  const root = await issue(`Root ${tag}`, { isAuthority: true, keyType })
  const intermediate = await issue(`Intermediate ${tag}`, { isAuthority: true, keyType, by: root })
  const leaf = await issue(names[0] ?? 'nobody', { ...wanted, names, by: intermediate })
  return { root, intermediate, leaf, chain: `${leaf.cert}${intermediate.cert}` }
}

/** Writes a pair as a renewal tool does that writes into the files themselves. */
export function writePair(files: { readonly certificate: string; readonly key: string }, chain: string, key: string) {
  writeFileSync(files.certificate, chain)
  writeFileSync(files.key, key)
}
