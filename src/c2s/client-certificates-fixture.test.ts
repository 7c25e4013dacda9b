// Verona with somebody who vouches for clients, for the tests beside this file. It ends in .test.ts so that it stays out of the build.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type tls from 'node:tls'
import { type Issued, issue, issueForClient, reissue, type WantedOfClient } from '../../test/authority.js'
import { FakeClock } from '../../test/kit.js'
import { mechanismsOf } from '../../test/scram-client.js'
import { conditionOf, type Wire } from '../../test/stream-client.js'
import { StreamKit, type StreamKitOptions } from '../../test/stream-kit.js'
import { silentLog } from '../core/log.js'
import { type Certificates, type Named, openCertificates } from '../tls/certificates.js'
import type { Element } from '../xml/index.js'
import { SASL } from '../xmpp/ns.js'

export const JULIET = 'juliet@verona.example'
export const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Certificates of domains in a folder, and two authorities that issue others to clients. */
export class City {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'parlance-clients-'))
  #certificates: Certificates | undefined

  static async found(): Promise<City> {
    const prince = await issue('The Prince of Verona', { isAuthority: true })
    return new City(prince, await issue('A friar of Mantua', { isAuthority: true }))
  }

  private constructor(
    readonly prince: Issued,
    readonly friar: Issued,
  ) {}

  falls(): void {
    this.#certificates?.stop()
    rmSync(this.#folder, { recursive: true })
  }

  /** Has these authorities vouch for clients of a domain; what a configuration says then. */
  names(domain: string, pem: string): Named {
    const clientAuthorities = path.join(this.#folder, `${domain}.clients`)
    writeFileSync(clientAuthorities, pem)
    return { clientAuthorities }
  }

  /** The first domain is the one that is shown to who asks for none. */
  async opens(domains: Readonly<Record<string, string | undefined>>): Promise<Certificates> {
    const named = Object.entries(domains).map(
      ([domain, pem]) => [domain, pem === undefined ? undefined : this.names(domain, pem)] as const,
    )
    this.#certificates = await openCertificates({
      domains: new Map(named),
      folder: this.#folder,
      clock: { now: Date.now, after: () => ({ cancel() {} }) },
      log: silentLog,
      every: () => 1000,
    })
    return this.#certificates
  }

  /** Where the Prince vouches for who lives in Verona. */
  async starts(options: StreamKitOptions = {}): Promise<StreamKit> {
    const certificates = options.certificates ?? (await this.opens({ 'verona.example': this.prince.cert }))
    return StreamKit.start({ tlsRequired: true, ...options, certificates })
  }

  /** OpenSSL looks at the world's clock, and the server at its own: this is when for it the Prince's time is over. */
  async startsEnding(ms: number): Promise<StreamKit> {
    const { cert } = reissue(this.prince, new FakeClock().now() + ms)
    const ending = { id: 'the Prince', certificates: [new X509Certificate(cert)] }
    const real = await this.opens({ 'verona.example': this.prince.cert })
    const certificates = { find: (name: string | undefined) => real.find(name), authorities: () => ending }
    return this.starts({ certificates, limits: { idle: Number.MAX_SAFE_INTEGER } })
  }

  /** By the Prince, with Juliet's address in it, unless something else is wanted. */
  issues(wanted: WantedOfClient = {}): Issued {
    return issueForClient({ by: this.prince, addresses: [JULIET], use: 'clientAuth', ...wanted })
  }
}

/** A client under TLS, and what it is offered. */
export async function comes(verona: StreamKit, options: tls.ConnectionOptions = {}, attrs?: string) {
  const wire = verona.connects({ isLocal: false })
  await wire.opens(attrs)
  await wire.secures({ servername: 'verona.example', ...options })
  return { wire, features: await wire.opens(attrs) }
}

export const isOffered = (features: Element): boolean => mechanismsOf(features).includes('EXTERNAL')

/** What a client is told that says this, or that it says nothing. */
export async function answer(wire: Wire, words = '='): Promise<string> {
  wire.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>${words}</auth>`)
  const last = await wire.anyOf('success', 'failure')
  return last.name === 'success' ? 'success' : conditionOf(last)
}
