import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Issued, issue, issueChain, type Wanted, writePair } from '../../test/authority.js'
import { silentLog } from '../core/log.js'
import { openCertificates } from './certificates.js'
import { inspectCertificate } from './inspect.js'

const DAY = 24 * 3600 * 1000

describe('what is said about a certificate', () => {
  let folder: string
  const clock = { now: Date.now }
  const files = () => ({ certificate: path.join(folder, 'verona.pem'), key: path.join(folder, 'verona.key') })
  const names = ['verona.example', 'conference.verona.example']

  const inspect = (chain: string, key: string, services: readonly string[] = []) => {
    writePair(files(), chain, key)
    return inspectCertificate({ domain: 'verona.example', services, configured: files(), folder, clock })
  }
  /** Without what is always said of an authority that nobody knows. */
  const wrongWith = async (chain: string, key: string) => (await inspect(chain, key)).wrong
  const issued = async (wanted: Omit<Wanted, 'by' | 'names'>, its: readonly string[] = names) => {
    const { chain, leaf } = await issueChain(its, wanted)
    return inspect(chain, leaf.key)
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-inspect-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  for (const keyType of ['ec', 'rsa'] as const)
    it(`is nothing but that its authority is unknown when all else is well (${keyType})`, async () => {
      const { wrong, advice } = await issued({ keyType })

      assert.deepEqual(wrong, [])
      assert.equal(advice.length, 1)
      assert.match(
        advice[0] ?? '',
        /^verona\.example: the certificate \S+verona\.pem ends with Intermediate \w+, and Root \w+ is not known here/,
      )
    })

  it('is nothing when the chain leads to an authority in the file', async () => {
    const { chain, root, leaf } = await issueChain(names)

    assert.deepEqual(await inspect(`${chain}${root.cert}`, leaf.key), { wrong: [], advice: [] })
  })

  it('is nothing when there is none: one is made', async () => {
    const found = await inspectCertificate({
      domain: 'verona.example',
      services: names,
      configured: undefined,
      folder,
      clock,
    })

    assert.deepEqual(found, { wrong: [], advice: [] })
    assert.ok(!existsSync(path.join(folder, 'verona.example.crt')))
  })

  it('is that clients ask about one that is self-made', async () => {
    const source = { folder, clock: { ...clock, after: () => ({ cancel() {} }) }, log: silentLog, every: () => 1000 }
    await openCertificates({ domains: new Map([['verona.example', undefined]]), ...source })

    const { wrong, advice } = await inspectCertificate({
      domain: 'verona.example',
      services: names,
      configured: undefined,
      folder,
      clock,
    })

    assert.deepEqual(wrong, [])
    assert.equal(advice.length, 1)
    assert.match(advice[0] ?? '', /is signed by nobody but itself: clients ask their users/)
  })

  it('is that it has expired, is not good yet, or expires soon', async () => {
    const now = Date.now()
    const past = await issued({ from: now - 40 * DAY, until: now - 10 * DAY })
    const future = await issued({ from: now + 2 * DAY, until: now + 90 * DAY })
    const soon = await issued({ until: now + 9.5 * DAY })

    const day = (at: number) => new Date(at).toISOString().slice(0, 10)
    assert.match(past.wrong.join(), new RegExp(`expired on ${day(now - 10 * DAY)}; get a new one\\.$`))
    assert.match(future.wrong.join(), new RegExp(`is not good before ${day(now + 2 * DAY)}`))
    assert.match(soon.advice[0] ?? '', new RegExp(`expires in 10 days, on ${day(now + 9.5 * DAY)}; is it renewed\\?$`))
    assert.deepEqual(soon.wrong, [])
  })

  it('is that it is for other names; and advice when a service is missing', async () => {
    const other = await issued({}, ['mantua.example', 'www.mantua.example'])
    const { chain, leaf } = await issueChain(['verona.example', '*.verona.example'])
    const wildcard = await inspect(chain, leaf.key, ['conference.verona.example'])
    const alone = await issueChain(['verona.example'])
    const missing = await inspect(alone.chain, alone.leaf.key, ['conference.verona.example', 'upload.verona.example'])

    assert.deepEqual(other.wrong, [
      `verona.example: the certificate ${files().certificate} is for mantua.example, www.mantua.example and not for verona.example; get one with this name in it.`,
    ])
    assert.ok(!wildcard.advice.join().includes('conference'))
    assert.deepEqual(missing.wrong, [])
    assert.match(
      missing.advice[0] ?? '',
      /is for verona\.example and not for conference\.verona\.example, upload\.verona\.example; get one with these names/,
    )
  })

  it('is that it is not for servers', async () => {
    assert.match((await issued({ isForClients: true })).wrong.join(), /is not made for servers: serverAuth is missing/)
  })

  it('is that its key is weak, or of a kind that clients do not know', async () => {
    const sized = await issued({ keyType: 'rsa', bits: 1024 })

    assert.match(sized.wrong.join(), /has an RSA key of 1024 bits, 2048 is the least/)
    assert.match(
      (await wrongWith(...STRANGE.curve)).join(),
      /has a key on the curve secp256k1, which clients do not know/,
    )
    assert.match((await wrongWith(...STRANGE.kind)).join(), /has a key of the kind ed25519, which clients do not know/)
  })

  describe('is that its chain', () => {
    let root: Issued
    let middle: Issued
    let lower: Issued
    let leaf: Issued

    before(async () => {
      root = await issue('Root', { isAuthority: true })
      middle = await issue('Middle', { isAuthority: true, by: root })
      lower = await issue('Lower', { isAuthority: true, by: middle })
      leaf = await issue('verona.example', { names, by: lower })
    })

    it('is good, root or not', async () => {
      for (const chain of [[leaf, lower, middle], [leaf, lower, middle, root], [leaf]])
        assert.deepEqual(await wrongWith(chain.map(({ cert }) => cert).join(''), leaf.key), [])
    })

    it('has a gap', async () => {
      assert.match(
        (await wrongWith(`${leaf.cert}${middle.cert}`, leaf.key)).join(),
        /is not complete: the certificate of Lower is missing behind verona\.example\.$/,
      )
    })

    it('is in the wrong order', async () => {
      assert.match(
        (await wrongWith(`${leaf.cert}${middle.cert}${lower.cert}`, leaf.key)).join(),
        /in the wrong order: Lower has to come behind verona\.example\.$/,
      )
    })

    it('has others behind its root', async () => {
      assert.match(
        (await wrongWith(`${leaf.cert}${lower.cert}${middle.cert}${root.cert}${lower.cert}`, leaf.key)).join(),
        /is followed by certificates that it is not signed with|in the wrong order/,
      )
    })

    it('begins with the wrong one', async () => {
      await assert.rejects(inspect(`${lower.cert}${leaf.cert}`, leaf.key), {
        name: 'ConfigError',
        message: /this key does not fit the certificate .*; it fits the 2\. there, which has to be the first$/,
      })
    })

    it('is advised about when it ends too early', async () => {
      const { advice } = await inspect(leaf.cert, leaf.key)
      assert.match(
        advice.join(),
        /ends with verona\.example, and Lower is not known here: .* its certificate is missing/,
      )
    })
  })

  it('is that the key is another', async () => {
    const [one, other] = [await issue('a', { names }), await issue('b', { names })]

    await assert.rejects(inspect(one.cert, other.key), { message: /this key does not fit the certificate/ })
  })
})

/** Certificates for verona.example, and their keys, of kinds that are not made in this project. */
const STRANGE = {
  curve: [
    `-----BEGIN CERTIFICATE-----
MIIBuDCCAV6gAwIBAgIUYCYlMDeUkOT5dcu4NIFhIx9Bw2IwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdmVyb25hLmV4YW1wbGUwIBcNMjYxMTI0MjMyNTU0WhgPMjEy
NjEwMzEyMzI1NTRaMBkxFzAVBgNVBAMMDnZlcm9uYS5leGFtcGxlMFYwEAYHKoZI
zj0CAQYFK4EEAAoDQgAEB51+fGiCTLt04H6U/EFT3rIO9TAwGC3hIIZJN5m1iiv0
waJxaVbEuXg8yRBBKCkHM4qixk1bleB14vQtnwYZQKOBhDCBgTAdBgNVHQ4EFgQU
jkcbTA6CmkgtzBQpOchrijDVlpEwHwYDVR0jBBgwFoAUjkcbTA6CmkgtzBQpOchr
ijDVlpEwDwYDVR0TAQH/BAUwAwEB/zAZBgNVHREEEjAQgg52ZXJvbmEuZXhhbXBs
ZTATBgNVHSUEDDAKBggrBgEFBQcDATAKBggqhkjOPQQDAgNIADBFAiAESuJcmFPe
pIezkxe5YcqQP83n6NOAwRWpSB9uAHy5ZQIhAI/klL6kdEy0rsgKTq2rEVAmY/nZ
XYbQYLcxgC1wA88h
-----END CERTIFICATE-----
`,
    `-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgx8jHuD2CKuBjD3XkDT8u
2AWxjeD590wJPmTp+K6GuGuhRANCAAQHnX58aIJMu3TgfpT8QVPesg71MDAYLeEg
hkk3mbWKK/TBonFpVsS5eDzJEEEoKQcziqLGTVuV4HXi9C2fBhlA
-----END PRIVATE KEY-----
`,
  ],
  kind: [
    `-----BEGIN CERTIFICATE-----
MIIBZDCCARagAwIBAgIUI2X9d3LHzHXW2s0o09+PA0GZR6QwBQYDK2VwMBkxFzAV
BgNVBAMMDnZlcm9uYS5leGFtcGxlMCAXDTI2MTEyNDIzMjU1NFoYDzIxMjYxMDMx
MjMyNTU0WjAZMRcwFQYDVQQDDA52ZXJvbmEuZXhhbXBsZTAqMAUGAytlcAMhAKyL
EOLPbHPNs6JMAbVWCaoH8tRFu0aj6X5Vk/uoQalIo24wbDAdBgNVHQ4EFgQUoSe4
2cuB1RW+FWHyc+FKZO2amYswHwYDVR0jBBgwFoAUoSe42cuB1RW+FWHyc+FKZO2a
mYswDwYDVR0TAQH/BAUwAwEB/zAZBgNVHREEEjAQgg52ZXJvbmEuZXhhbXBsZTAF
BgMrZXADQQDpHei5B8uTbb6NMSM/jBC+LHj+cFUmrBhpPMvdDr8C1Qailv77yc+g
6YGMBqrOl4IWzKKEZItjJMOFFNcRFJIE
-----END CERTIFICATE-----
`,
    `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIO4tskv5SLO6QJUoqTZQLBQPTT+hTef0T94F3RiB+OhO
-----END PRIVATE KEY-----
`,
  ],
} as const
