import type { X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Clock } from '../core/clock.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { xmppAddresses } from './certificate.js'
import { channelBindings, tlsUnique } from './channel-binding.js'
import type { Channel } from './login.js'
import type { Certified } from './sasl/mechanisms.js'

/** How TLS begins: when the client asks for it (RFC 6120 §5), or with the first byte (XEP-0368). */
export type Security = 'starttls' | 'tls'

/** The certificates of the domains. */
export interface Certificates {
  /** For the name that a client asks for; without a name, or one that is not ours, the first domain's. */
  find(servername: string | undefined): tls.SecureContext | undefined
  /**
   * Who vouches for the clients of that same domain; undefined where these are not asked for a certificate. A context
   * that goes with some, and all others of the same time, must not let TLS sessions be resumed.
   */
  authorities?(servername: string | undefined): Authorities | undefined
}

export interface Authorities {
  /** The same for the same. */
  readonly id: string
  readonly certificates: readonly X509Certificate[]
}

/** What a client has shown, for which the authorities of a domain vouch. */
interface Vouched {
  readonly authorities: string
  readonly addresses: readonly Jid[]
  /** In milliseconds since 1970. */
  readonly until: number
}

/** Speaks TLS with clients, and knows what they have shown of themselves under it. */
export class TlsServer {
  readonly #certificates: Certificates
  readonly #clock: Pick<Clock, 'now'>
  readonly #vouched = new WeakMap<Duplex, Vouched>()

  constructor({ certificates, clock }: { readonly certificates: Certificates; readonly clock: Pick<Clock, 'now'> }) {
    this.#certificates = certificates
    this.#clock = clock
  }

  /**
   * Resolves when the handshake is done. No client is turned away for its certificate: one that nobody vouches for is
   * as good as none, and there are passwords.
   */
  secure(socket: Duplex, how: Security): Promise<Duplex> {
    const certificates = this.#certificates
    const context = certificates.find(undefined)
    let authorities = certificates.authorities?.(undefined)
    const secured = new tls.TLSSocket(socket, {
      isServer: true,
      ...(context && { secureContext: context }),
      ...(authorities && { requestCert: true, rejectUnauthorized: false }),
      SNICallback: (name, answer) => {
        const others = certificates.authorities?.(name)
        if (others || authorities) engineOf(secured).setVerifyMode?.(others !== undefined, false)
        authorities = others
        answer(null, certificates.find(name))
      },
      ...(how === 'tls' && { ALPNProtocols: ['xmpp-client'] }),
    })
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error('the connection was closed'))
      secured.once('error', reject).once('close', lost)
      secured.once('secure', () => {
        // these would be kept for as long as the connection; until it is listened to, nobody minds an error
        secured.off('error', reject).off('close', lost).on('error', ignore)
        if (authorities) this.#note(secured, authorities)
        resolve(secured)
      })
    })
  }

  /** What it has to say for a login to a domain. */
  seenOn(socket: Duplex, domain: string): Omit<Channel, 'isPrivate'> {
    return {
      bindings: channelBindings(socket),
      tlsUnique: tlsUnique(socket),
      certified: this.#certified(socket, domain),
    }
  }

  /**
   * Whom of a domain's users the client at the other end is, by its certificate; undefined when it has shown none that
   * counts there: what vouches for users of one domain does not do so for those of another, nor after it was exchanged.
   */
  #certified(socket: Duplex, domain: string): Certified | undefined {
    const vouched = this.#vouched.get(socket)
    if (!vouched || vouched.authorities !== this.#certificates.authorities?.(domain)?.id) return undefined
    const { addresses, until } = vouched
    const users = new Set(addresses.filter(jid => jid.domain === domain).map(({ local }) => local))
    return users.size > 0 && this.#clock.now() < until ? { users: [...users], until } : undefined
  }

  #note(socket: tls.TLSSocket, authorities: Authorities): void {
    const certificate = socket.getPeerX509Certificate()
    // OpenSSL keeps a verdict with a session, whoever vouched for it then, and Node takes none for a good one under TLS 1.3
    if (!certificate || socket.isSessionReused() || engineOf(socket).verifyError?.() !== null) return
    const addresses = xmppAddresses(certificate.raw).flatMap(text => accountIn(text) ?? [])
    this.#vouched.set(socket, { authorities: authorities.id, addresses, until: endOf(certificate, authorities) })
  }
}

/**
 * What Node keeps to itself, but for servers of its own making, which cannot say which connection became which: OpenSSL's
 * verdict on the certificate (null for a good one), and whether one is asked for. Without them nobody is believed.
 */
interface Engine {
  verifyError?(): Error | null
  setVerifyMode?(asks: boolean, rejects: boolean): void
}

const engineOf = (socket: tls.TLSSocket): Engine => Object(Reflect.get(socket, '_handle'))

/** An account's address, and no other: a resource is not an account's name. */
function accountIn(text: string): Jid | undefined {
  const jid = tryParseJid(text)
  return jid?.local && !jid.resource ? jid : undefined
}

/** When a certificate or one that it is signed with expires, the first of them (RFC 6120 §13.7.2.3). */
function endOf(certificate: X509Certificate, { certificates }: Authorities): number {
  let until = Number.POSITIVE_INFINITY
  let next: X509Certificate | undefined = certificate
  for (let i = 0; next && i < LONGEST_CHAIN; i++) {
    const signed: X509Certificate = next
    until = Math.min(until, Date.parse(signed.validTo))
    const isLast = certificates.some(({ fingerprint256 }) => fingerprint256 === signed.fingerprint256)
    next = isLast ? undefined : (signer(signed, certificates) ?? signed.issuerCertificate)
  }
  return until
}

const signer = (signed: X509Certificate, among: readonly X509Certificate[]): X509Certificate | undefined =>
  among.find(one => signed.checkIssued(one) && signed.verify(one.publicKey))

/** OpenSSL goes no further. */
const LONGEST_CHAIN = 100

const ignore = (): void => {}
