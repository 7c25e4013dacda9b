/** A small certification authority, for servers and clients of tests. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import {
  type BaseBlock,
  BitString,
  Boolean as BooleanValue,
  Constructed,
  fromBER,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  OctetString,
  Primitive,
  Sequence,
  Set as SetOf,
  Utf8String,
} from 'asn1js'
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

/** What a client's certificate says. */
export interface WantedOfClient {
  /** By whom it is signed, with a key on a curve; by itself if nobody is named. */
  readonly by?: Issued
  /** Its xmppAddrs. */
  readonly addresses?: readonly string[]
  readonly emails?: readonly string[]
  /** XmppAddrs in a second list of names, which there must not be. */
  readonly moreAddresses?: readonly string[]
  /** Its extended key usage; none if it says nothing. */
  readonly use?: 'clientAuth' | 'serverAuth'
  readonly from?: number
  readonly until?: number
}

/** The same for a client: with otherNames, which the library for the others does not know. */
export function issueForClient({
  by,
  addresses = [],
  emails = [],
  moreAddresses = [],
  use,
  ...wanted
}: WantedOfClient): Issued {
  const from = wanted.from ?? Date.now() - DAY
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const subject = nameOf('A client')
  const names = [
    ...addresses.map(xmppAddr),
    ...emails.map(email => new Primitive({ idBlock: context(1), valueHex: bytes(email) })),
  ]
  const extensions = [
    extension('2.5.29.19', sequence(), true), // no authority
    ...(use ? [extension('2.5.29.37', sequence(new ObjectIdentifier({ value: USES[use] })))] : []),
    ...(names.length > 0 ? [alternatives(names)] : []),
    ...(moreAddresses.length > 0 ? [alternatives(moreAddresses.map(xmppAddr))] : []),
  ]
  const contents = { subject, from, until: wanted.until ?? from + 90 * DAY, extensions }
  return { cert: written(contents, key, by), key }
}

/** Another certificate of an authority, which ends at another time: what it has signed is signed with both. */
export function reissue(authority: Issued, until: number): Issued {
  const extensions = [extension('2.5.29.19', sequence(new BooleanValue({ value: true })), true)]
  const contents = { subject: subjectOf(authority), from: until - DAY, until, extensions }
  return { cert: written(contents, authority.key), key: authority.key }
}

interface Contents {
  readonly subject: BaseBlock
  readonly from: number
  readonly until: number
  readonly extensions: readonly BaseBlock[]
}

/** In PEM form, signed by itself if by nobody else. */
function written({ subject, from, until, extensions }: Contents, key: string, by?: Issued): string {
  const tbs = sequence(
    new Constructed({ idBlock: context(0), value: [new Integer({ value: 2 })] }), // version 3
    Integer.fromBigInt(BigInt(`0x7${randomBytes(8).toString('hex')}`)),
    ECDSA_WITH_SHA256(),
    by ? subjectOf(by) : subject,
    sequence(timeOf(from), timeOf(until)),
    subject,
    read(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    new Constructed({ idBlock: context(3), value: [sequence(...extensions)] }),
  )
  return pem('CERTIFICATE', signed(tbs, by?.key ?? key))
}

/** A revocation list, good for a day or so. */
export function revocationList(by: Issued, revoked: readonly Issued[], until = Date.now() + DAY): string {
  const entries = revoked.map(({ cert }) => {
    const serial = BigInt(`0x${new X509Certificate(cert).serialNumber}`)
    return sequence(Integer.fromBigInt(serial), timeOf(Date.now() - DAY))
  })
  const tbs = sequence(
    new Integer({ value: 1 }), // version 2
    ECDSA_WITH_SHA256(),
    subjectOf(by),
    timeOf(Date.now() - DAY),
    timeOf(until),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  )
  return pem('X509 CRL', signed(tbs, by.key))
}

const USES = { clientAuth: '1.3.6.1.5.5.7.3.2', serverAuth: '1.3.6.1.5.5.7.3.1' }

const ECDSA_WITH_SHA256 = () => sequence(new ObjectIdentifier({ value: '1.2.840.10045.4.3.2' }))

function signed(tbs: Sequence, key: string): Buffer {
  const signature = sign('sha256', Buffer.from(tbs.toBER()), key)
  return Buffer.from(sequence(tbs, ECDSA_WITH_SHA256(), new BitString({ valueHex: signature })).toBER())
}

/** RFC 6120 §13.7.1.4 */
const xmppAddr = (address: string) =>
  new Constructed({
    idBlock: context(0),
    value: [
      new ObjectIdentifier({ value: '1.3.6.1.5.5.7.8.5' }),
      new Constructed({ idBlock: context(0), value: [new Utf8String({ value: address })] }),
    ],
  })

const alternatives = (names: readonly BaseBlock[]) => extension('2.5.29.17', sequence(...names))

const extension = (id: string, value: BaseBlock, isCritical = false) =>
  sequence(
    new ObjectIdentifier({ value: id }),
    ...(isCritical ? [new BooleanValue({ value: true })] : []),
    new OctetString({ valueHex: value.toBER() }),
  )

const nameOf = (commonName: string) =>
  sequence(
    new SetOf({
      value: [sequence(new ObjectIdentifier({ value: '2.5.4.3' }), new Utf8String({ value: commonName }))],
    }),
  )

/** As it is written in the certificate: RFC 5280 §7.1 compares more than it, OpenSSL need not. */
function subjectOf({ cert }: Issued): BaseBlock {
  const certificate = read(new X509Certificate(cert).raw)
  const [tbs] = certificate instanceof Sequence ? certificate.valueBlock.value : []
  const subject = tbs instanceof Sequence ? tbs.valueBlock.value[5] : undefined
  if (!subject) throw new TypeError('a certificate has a subject')
  return subject
}

const sequence = (...value: readonly BaseBlock[]) => new Sequence({ value: [...value] })
// in whole seconds (RFC 5280 §4.1.2.5.2)
const timeOf = (ms: number) => new GeneralizedTime({ valueDate: new Date(Math.floor(ms / 1000) * 1000) })
const context = (tagNumber: number) => ({ tagClass: 3, tagNumber })
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const read = (der: Uint8Array) => fromBER(der).result

const pem = (what: string, der: Buffer) =>
  [`-----BEGIN ${what}-----`, ...(der.toString('base64').match(/.{1,64}/g) ?? []), `-----END ${what}-----`, ''].join(
    '\n',
  )

/** Writes a pair as a renewal tool does that writes into the files themselves. */
export function writePair(files: { readonly certificate: string; readonly key: string }, chain: string, key: string) {
  writeFileSync(files.certificate, chain)
  writeFileSync(files.key, key)
}
