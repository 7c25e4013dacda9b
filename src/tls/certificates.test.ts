import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import { openCertificates } from './certificates.js'

const DAY = 24 * 3600 * 1000

describe('certificates', () => {
  let folder: string
  let warnings: string[]
  let now: number

  const clock: Clock = { now: () => now, after: () => ({ cancel() {} }) }
  const log: Log = { debug() {}, info() {}, error() {}, warn: (_, text) => warnings.push(text), child: () => log }
  const file = (name: string) => path.join(folder, name)
  const read = (name: string) => readFileSync(file(name), 'utf8')
  const leafOf = (name: string) => new X509Certificate(read(name))
  const source = () => ({ folder, clock, log, every: () => 1000 })
  const open = (...domains: readonly string[]) =>
    openCertificates({ domains: new Map(domains.map(domain => [domain, undefined])), ...source() })
  const openConfigured = (certificate: string, key: string, domain = 'verona.example') =>
    openCertificates({
      domains: new Map([[domain, { certificate: file(certificate), key: file(key) }]]),
      ...source(),
    })
  const configError = (message: RegExp) => (fault: unknown) => {
    assert.ok(fault instanceof Error && fault.name === 'ConfigError', String(fault))
    assert.match(fault.message, message)
    assert.ok(!fault.message.includes('\n'), 'one sentence')
    return true
  }

  beforeEach(() => {
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'parlance-certs-')), 'certs')
    warnings = []
    now = Date.now()
  })

  afterEach(() => rmSync(path.dirname(folder), { recursive: true }))

  describe('that are missing', () => {
    it('are made once, and kept', async () => {
      await open('verona.example')
      const made = read('verona.example.crt')

      await open('verona.example')

      assert.equal(read('verona.example.crt'), made)
      assert.deepEqual(readdirSync(folder), ['verona.example.crt', 'verona.example.key'])
    })

    it('are made as clients want them', async () => {
      await open('verona.example')

      const leaf = leafOf('verona.example.crt')
      assert.equal(leaf.subjectAltName, 'DNS:verona.example')
      assert.equal(leaf.checkHost('verona.example'), 'verona.example')
      assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
      assert.ok(leaf.verify(leaf.publicKey))
      assert.equal(leaf.ca, false)
      assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'serverAuth')
      assert.ok(Date.parse(leaf.validFrom) < now, 'for clients whose clock is late')
      assert.ok(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom) <= 825 * DAY, "Apple's limit")
      assert.deepEqual(warnings, [])
    })

    it("are nobody else's to read", async () => {
      await open('verona.example')

      assert.equal(statSync(file('verona.example.key')).mode & 0o777, 0o600)
      assert.equal(statSync(folder).mode & 0o777, 0o700)
    })

    it('are made for names in any script, for addresses, and for names that are too long for a common name', async () => {
      const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`

      await open('bücher.example', '127.0.0.1', '[::1]', long)

      assert.equal(leafOf('bücher.example.crt').subjectAltName, 'DNS:xn--bcher-kva.example')
      assert.equal(leafOf('127.0.0.1.crt').subjectAltName, 'IP Address:127.0.0.1')
      assert.equal(leafOf('[::1].crt').checkIP('::1'), '::1')
      assert.equal(leafOf(`${long}.crt`).checkHost(long), long)
      assert.deepEqual(warnings, [])
    })

    it('are made for the key that is there', async () => {
      await open('verona.example')
      const key = read('verona.example.key')
      rmSync(file('verona.example.crt'))

      await open('verona.example')

      assert.equal(read('verona.example.key'), key)
    })

    it('are not made where nothing can be written', async () => {
      writeFileSync(folder, 'a file')

      await assert.rejects(
        open('verona.example'),
        configError(/verona\.example\.crt: a certificate for verona\.example cannot be made here: /),
      )
    })
  })

  describe('that we made', () => {
    it('are renewed before they expire, with the same key', async () => {
      await open('verona.example')
      const [old, key] = [leafOf('verona.example.crt'), read('verona.example.key')]
      now += 770 * DAY

      const { all } = await open('verona.example')

      assert.ok(Date.parse(leafOf('verona.example.crt').validTo) > Date.parse(old.validTo))
      assert.equal(read('verona.example.key'), key)
      assert.deepEqual([all[0]?.selfSigned, warnings], [true, []])
    })
  })

  describe('that are given', () => {
    beforeEach(() => open('verona.example'))

    it('are never changed, only warned about when they expire', async () => {
      const before = read('verona.example.crt')

      now = Date.parse(leafOf('verona.example.crt').validTo) - 10 * DAY
      await openConfigured('verona.example.crt', 'verona.example.key')
      now += 20 * DAY
      await openConfigured('verona.example.crt', 'verona.example.key')

      assert.deepEqual(warnings, ['the certificate expires soon', 'the certificate has expired'])
      assert.equal(read('verona.example.crt'), before)
    })

    it('are warned about when they are for other names', async () => {
      await openConfigured('verona.example.crt', 'verona.example.key', 'mantua.example')

      assert.deepEqual(warnings, ['the certificate is for other names'])
    })

    it('have to be there, and be what they should', async () => {
      writeFileSync(file('empty'), '')

      await assert.rejects(
        openConfigured('none', 'verona.example.key'),
        configError(/none: a certificate was expected here, but it cannot be read: no such file/),
      )
      await assert.rejects(
        openConfigured('verona.example.crt', 'none'),
        configError(/none: a private key was expected here, but/),
      )
      await assert.rejects(
        openConfigured('empty', 'verona.example.key'),
        configError(/empty: something else was found, a certificate in PEM form/),
      )
      await assert.rejects(
        openConfigured('verona.example.crt', 'empty'),
        configError(/empty: something else was found, a private key/),
      )
      await assert.rejects(openConfigured('verona.example.key', 'verona.example.crt'), configError(/a private key/))
    })

    it('have to fit each other', async () => {
      await open('mantua.example')

      await assert.rejects(
        openConfigured('verona.example.crt', 'mantua.example.key'),
        configError(/this key does not fit/),
      )
    })

    it('must not need a passphrase', async () => {
      const { privateKey } = generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'rosaline' },
      })
      writeFileSync(file('secret.key'), privateKey)

      await assert.rejects(
        openConfigured('verona.example.crt', 'secret.key'),
        configError(/a key with a passphrase was found/),
      )
    })

    it('may be in the folder where others are made, and are left alone there', async () => {
      copyFileSync(file('verona.example.crt'), file('mantua.example.crt'))
      copyFileSync(file('verona.example.key'), file('mantua.example.key'))
      rmSync(file('verona.example.key'))

      await open('mantua.example')

      assert.equal(read('mantua.example.crt'), read('verona.example.crt'))
      await assert.rejects(open('verona.example'), configError(/verona\.example\.key: a private key was expected here/))
    })

    it('cannot be read by a user who may not', async function () {
      if (process.getuid?.() === 0) this.skip() // root may
      chmodSync(file('verona.example.key'), 0)

      await assert.rejects(open('verona.example'), configError(/permission denied/))
    })
  })

  it('are found by the name that a client asks for, and the first is for everybody else', async () => {
    const certificates = await open('verona.example', 'bücher.example')
    const [verona, books] = certificates.all.map(({ context }) => context)
    const find = (name?: string) => certificates.find(name)

    assert.ok(verona && books && verona !== books)
    assert.equal(find('verona.example'), verona)
    assert.equal(find('Verona.EXAMPLE'), verona)
    assert.equal(find('xn--bcher-kva.example'), books)
    assert.equal(find('bücher.example'), books)
    assert.equal(find('conference.xn--bcher-kva.example'), books, 'a service of the domain')
    assert.equal(find('cher-kva.example'), verona)
    assert.equal(find('example'), verona)
    assert.equal(find('mantua.example'), verona)
    assert.equal(find(undefined), verona)
  })

  describe('on the wire', () => {
    /** What a client gets from a server with these certificates. */
    async function handshake<T>(
      options: tls.ConnectionOptions,
      look: (client: tls.TLSSocket) => T | Promise<T>,
    ): Promise<T> {
      const secureContext = (await open('verona.example')).find(undefined)
      const server = net.createServer(socket => {
        const secured = new tls.TLSSocket(socket, { isServer: true, ...(secureContext && { secureContext }) })
        secured.on('error', () => {}).resume()
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as net.AddressInfo // it listens on TCP
      const trusted = { servername: 'verona.example', ca: read('verona.example.crt') }
      const client = tls.connect({ host: '127.0.0.1', port, ...trusted, ...options })
      try {
        await once(client, 'secureConnect')
        return await look(client)
      } finally {
        client.destroy()
        server.close()
      }
    }

    it('are trusted by a client that knows them, with TLS 1.3 or 1.2', async () => {
      assert.equal(await handshake({}, client => client.getProtocol()), 'TLSv1.3')
      assert.equal(await handshake({ maxVersion: 'TLSv1.2' }, client => client.getProtocol()), 'TLSv1.2')
    })

    it('are not shown to a client that can only do what is not safe any more', async () => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
      await assert.rejects(
        handshake(old, () => {}),
        /protocol version/,
      )
      await assert.rejects(
        handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }, () => {}),
        /handshake failure/,
      )
    })

    it('are shown once: a client cannot make the server repeat the costly part', async () => {
      const renegotiated = await handshake(
        { maxVersion: 'TLSv1.2' },
        client =>
          new Promise(resolve => {
            client.on('error', resolve)
            client.renegotiate({}, fault => resolve(fault))
          }),
      )

      assert.match(String(renegotiated), /no renegotiation/)
    })
  })
})
