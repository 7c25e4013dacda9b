import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { issue, issueForClient, type WantedOfClient } from '../../test/authority.js'
import { type Hash, signatureHash, xmppAddresses } from './certificate.js'

describe('certificate', () => {
  for (const [signature, hash, certificate] of certificates())
    it(`signed by ${signature} is identified by ${hash ?? 'no hash'}`, () => {
      assert.equal(signatureHash(Buffer.from(certificate, 'base64')), hash)
    })

  it('that is none has no hash', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('no certificate'), Buffer.from('3000', 'hex')])
      assert.equal(signatureHash(bytes), undefined)
  })
})

describe('the addresses in a certificate', () => {
  const found = (wanted: WantedOfClient) => xmppAddresses(new X509Certificate(issueForClient(wanted).cert).raw)

  const cases: readonly (readonly [what: string, wanted: WantedOfClient])[] = [
    ['are none of one that names nobody', {}],
    ['are none of one for an email address', { emails: ['juliet@verona.example'] }],
    ['are its one XmppAddr', { addresses: ['juliet@verona.example'] }],
    ['are all its XmppAddrs', { addresses: ['juliet@verona.example', 'JULIET@mantua.example/tomb', 'verona.example'] }],
    ['are its XmppAddrs among other names', { addresses: ['juliet@verona.example'], emails: ['nurse@verona.example'] }],
    ['may be in any script', { addresses: ['джульетта@верона.example'] }],
    ['are as they are written, whatever that is', { addresses: ['', 'no address', 'juliet@verona.example\0'] }],
  ]
  for (const [what, wanted] of cases) it(what, () => assert.deepEqual(found(wanted), wanted.addresses ?? []))

  it('are read of one that OpenSSL has made', () => {
    assert.deepEqual(xmppAddresses(Buffer.from(MADE_BY_OPENSSL, 'base64')), ['juliet@verona.example'])
  })

  it('are none of one that has two lists of them, whichever OpenSSL would take', () => {
    const twice = issueForClient({ addresses: ['juliet@verona.example'], moreAddresses: ['romeo@verona.example'] })

    assert.deepEqual(xmppAddresses(Buffer.from(twice.cert.replace(/-----[^-]+-----|\n/g, ''), 'base64')), [])
  })

  it('are none where there is no UTF-8', () => {
    const { raw } = new X509Certificate(issueForClient({ addresses: ['juliet@verona.example'] }).cert)
    raw[raw.indexOf('juliet')] = 0xff

    assert.deepEqual(xmppAddresses(raw), [])
  })

  it('are none of a certificate for servers, and of what is no certificate', async () => {
    const { cert } = await issue('verona.example', { names: ['verona.example'] })
    assert.deepEqual(xmppAddresses(new X509Certificate(cert).raw), [])
    for (const bytes of [Buffer.alloc(0), Buffer.from('no certificate'), Buffer.from('3000', 'hex')])
      assert.deepEqual(xmppAddresses(bytes), [])
  })

  it('are no fault wherever it is cut off', () => {
    const { raw } = new X509Certificate(issueForClient({ addresses: ['juliet@verona.example'] }).cert)
    for (let length = 0; length < raw.length; length++) assert.deepEqual(xmppAddresses(raw.subarray(0, length)), [])
  })
})

const MADE_BY_OPENSSL =
  'MIIBvDCCAWKgAwIBAgIUVJAOs8kOA9uKIK1bH7HmLXFwgjUwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCQ0EwHhcNMjYxMTI1MDE1NTE2WhcNMzYxMTIyMDE1NTE2WjARMQ8wDQYDVQQDDAZqdWxpZXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQU6UEh0eKFEzG9Sw4aDsVIbQf0gika8GVxaY3ELrezcLQUyDtGIMAXkOpPWjUCtQwGlrIGC3tPWoIVuNjFUnobo4GbMIGYMEEGA1UdEQEB/wQ3MDWgIwYIKwYBBQUHCAWgFwwVanVsaWV0QHZlcm9uYS5leGFtcGxlgg52ZXJvbmEuZXhhbXBsZTATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUmZ+jjtSXVg3N8gQEMcFuFWEu6oMwHwYDVR0jBBgwFoAUb2FtABymjQQJOSvJKylXj/GxzjswCgYIKoZIzj0EAwIDSAAwRQIhAOzTEAmS1zipHQkiWGo24jp0xZFWIfoA2xMl65ejqQ+NAiBYson6aS8Aft0xbO2Cd6Zl8hcQVr5/mVkS6aDiK2KNBw=='

/** Made by OpenSSL, one for each kind of signature. */
function certificates(): readonly (readonly [signature: string, hash: Hash | undefined, certificate: string])[] {
  return [
    [
      'RSA with MD5',
      'sha256',
      'MIIB9jCCAV+gAwIBAgIUYcz1qmvnELsJIRYoOX5Uu2AcPrEwDQYJKoZIhvcNAQEEBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjFaGA8yMTI2MTAzMTIzMzcyMVowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAwWoxXk/JwjFKZP293Ufm4cQEt9GMY+qwah8mKafzoV/zxdoX+swkMSsXmSKyhUhll+ATkN3PnBcg4NJtiQk0OzXAlT+HQ5IIc1BiT1RZRfFWxlw05DwZFiwD2LEtxMpD0ukS9W8Lxb0WclaJzDS7Ozi8cA/+Mbo85fmAwfAWTYcCAwEAAaNTMFEwHQYDVR0OBBYEFH82R22mkRPLuz4EGDK9CBKXzkFmMB8GA1UdIwQYMBaAFH82R22mkRPLuz4EGDK9CBKXzkFmMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEEBQADgYEARRwPMDlKJy5L3TpKV8BFilQnWVEzb2NR8EsdnX863AnA3VN/C/YIAOGnKJsz3/YeoO/q0yJHyB6LMKEfmBs5AGU4v5AwgM/ZPe91LMB2vEvXK4FgxuDWxQh9nzjTIjY86Qp4ewkaHwBxsA1WJiqlB86fI08JDS/e90f1oRi+Xzo=',
    ],
    [
      'RSA with SHA-1',
      'sha256',
      'MIIB9jCCAV+gAwIBAgIUJdbdWwpYmQtu6HSK2eG72AeEfnswDQYJKoZIhvcNAQEFBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjFaGA8yMTI2MTAzMTIzMzcyMVowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAzk9Gcv+vXyQHDcBxO1LFPlymjx3UFvfo4IesfGZCAYq3db6ByxZ0DsKoL1lhXID6M5ZTwPfUO78HZABZ7bZbOiu//ULPvnx1a1os9fiVjOMxW3mCmUuwOxfBPHYRP2pYpDs/DP7g/e6dGgzgy8QzY+t4ilI3MLuPNkatKSmZrgECAwEAAaNTMFEwHQYDVR0OBBYEFPW1Q1u1PIxLr1DG/KEE6mtUmfXJMB8GA1UdIwQYMBaAFPW1Q1u1PIxLr1DG/KEE6mtUmfXJMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEFBQADgYEAd0QySxfztts7BViG5pv/5qex8smQ4YU3hfNMMb9dbQdGn5C1hRGAO41ORAK7U/Rh5Yie90YAv2v9U3jwKRV0DfqgEdLlyrkHBvuzTujiBaQ04gd2g+S9h/gm3xVngKzoCeyOhSx1KnsNntlwTKCpaBNE9eWVa4gMWyI9O2Ee3sE=',
    ],
    [
      'RSA with SHA-224',
      'sha224',
      'MIIB9jCCAV+gAwIBAgIUT1Cw6XB2smYpQZ//6vhy+9LNJnkwDQYJKoZIhvcNAQEOBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAuBp4nlQDHgDT3p3heU+jxBQ6iJoIaX6as59c+2mE0tEtUEMiNIJfJQffJUre5B2evWol9SDyjeEUGvd4OTYy1g0QkmdWGYLUTsqT/llLYuPcsXaXyrDiBTv3H23FOmYMGd3Sb/HTdTchDJKUzhVRI63AvrzyKSDbEz1gmTNzt70CAwEAAaNTMFEwHQYDVR0OBBYEFAmXRm+3iOVfPnfDn+Zy/wpmcTMfMB8GA1UdIwQYMBaAFAmXRm+3iOVfPnfDn+Zy/wpmcTMfMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEOBQADgYEAK0kI5v9osMzBKkt9B3VZewgXIxGyK/qF2AnW6FRNTdcodi+gaQlaGN0l5zv0DSEWuDv3vf+Ovz7KFweVTyW2GqWhnW5uNFPXO6vVQw2jtrS9f1dsUKbTpMeuKZS5P3TKpz29kaLiBBTPEJXaHiPfrUl+9/tR3qEdueX7uaH8K+c=',
    ],
    [
      'RSA with SHA-256',
      'sha256',
      'MIIB9jCCAV+gAwIBAgIURxVbbQAdEXUn3Y1AOp4tzd401QQwDQYJKoZIhvcNAQELBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjFaGA8yMTI2MTAzMTIzMzcyMVowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA3NxvWpVRO/0fKxbIuiEzzNqOxLIyFv5rZ1rN6RWUpsBGiiPlCaNl1CVZwNM7eFZM/9jEFiBznsRzezg9LPogbEqzgvyh0JqAKyr4lp6ZASy63OOeep1NkgDyZNlqCdjfCiOpPKrrEVA3dWJPU6gE7rqxLfcJZbbNZ0ti8O2RVtkCAwEAAaNTMFEwHQYDVR0OBBYEFET2LLlcHA935Bg9t7CoQ0MQ6+7DMB8GA1UdIwQYMBaAFET2LLlcHA935Bg9t7CoQ0MQ6+7DMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAWKY7P3d40It8CiENmMsgP37yAvRN2v19MKLogqtLtjA4UGWzm1kYo4Xsm2+UEh7DRfBU9IAJnppY0uNE4ihM6AbUoiucaepLkfGwZRuhvynoVXM9YKIMLTW5wI3DYighzg4HfezBHmgNhH8gVlZZMoga13BNE1y9S0s4JmjX4mg=',
    ],
    [
      'RSA with SHA-384',
      'sha384',
      'MIIB9jCCAV+gAwIBAgIUY2gCpL3hfWM8Buzk96kRaXP9RIMwDQYJKoZIhvcNAQEMBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjFaGA8yMTI2MTAzMTIzMzcyMVowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA7Tk3lmNbGp6GrG+E6M+uxcv0A2a8RSqdKkl1eZ1WPRD5ZMdZi2F3bd4X+chBphXR53ifxmYfjrmLv9rE8lw9zC1IEIypIJU72djILtNRXBaDcaBXbLNswi60i01Sn6nwPNnPpqSoOuwFkVS5hFQGeFYRCn/cdq2LTrx7y7u+bBkCAwEAAaNTMFEwHQYDVR0OBBYEFGaijhaT2ZJYHx0mJIvvHTGsZEkuMB8GA1UdIwQYMBaAFGaijhaT2ZJYHx0mJIvvHTGsZEkuMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEMBQADgYEABz2Q47uACQidFNpedwhZMANuTHMTXs447OxSSh6Pv0NgIoaRHPJkKXgeD3+S4+S6DpNTgVSjuVUo8dd59KzLkOiOf1dKXtPAbW96FBa8Dr63kPzYvbiB1uzmdY5b8mrm8RVj376niQJplCx5jzU0eEL13F7YkctNOIUcbxW1jU8=',
    ],
    [
      'RSA with SHA-512',
      'sha512',
      'MIIB9jCCAV+gAwIBAgIURSHgkV6IHb+xma+5fy4Y/M6JzDUwDQYJKoZIhvcNAQENBQAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA59F3O1HSGpr0dBJ0RK5k4sjk+EZEn3l+rCuyRbqofSgxZ7nFVCfYT4pB4cqfOPgOgMoOsaUOWhde6GXR8cYJsmi4IDiYwoa91kcMWow8RvSTRo3oLyrzTYgbt92PuRaKx7PJMy716vF0DaG89yukBhBLIgOX2VaeN4o8YKylB28CAwEAAaNTMFEwHQYDVR0OBBYEFFf7I3PQgmKXXQoI0I+u/4bkWX7HMB8GA1UdIwQYMBaAFFf7I3PQgmKXXQoI0I+u/4bkWX7HMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQENBQADgYEALVbUjh+FVmaJe4bfrpPOg96170hlfhDI7tjFesjNYUSubeo4A6g7GCAcxgC0Im8Omy6pAR2e5dQ02LujMfNmcLNea2okjrzPpjqJ6p4fVE0OvSon0shR5QMYHEWbJwVQt1xkObdtH3o73X+KlpX59zVJrBTkZ4fKm2j+5ZP9qK0=',
    ],
    [
      'RSA-PSS with SHA-1',
      'sha256',
      'MIIB9jCCAV+gAwIBAgIUDwcxPD3AnOPmv1XhnPf8XKnNsegwDQYJKoZIhvcNAQEKMAAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA4AxlJ7sgW0p7FKQ8W9lOBjwIx8TvKgu6/8bfYRXWkB6cSKajLwde/1XMowTKPEiVvsEmY+/eHSmHVghqB0QysGBZkuNiaW3o3FuNLWCN4jjkOoQSGwIEf2sc6jbFbNmISUFZGRYCuiOTt8DxuBHvA72n7XL4nGA36Dm+bTYFukMCAwEAAaNTMFEwHQYDVR0OBBYEFJapGsS66G/AkCIoyF5fSS99QJjWMB8GA1UdIwQYMBaAFJapGsS66G/AkCIoyF5fSS99QJjWMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEKMAADgYEAymC4pyz6eh2gWb8WVAbASxs4l06JUQculE6rbIOWZ+VZxd11VS3trnaJyQV8M2bUYYZPDQsal14RKaghbfjfQIgGfSRKX9doy4ebOolCzpfu4iOKjadyqGKVJw2u9wY9TZQcrJzpkidVY3JzTV0CBgis/wTVml/r9prte9bYrOE=',
    ],
    [
      'RSA-PSS with SHA-384',
      'sha384',
      'MIICXjCCAZOgAwIBAgIUJZSS8bWVndQpxbic7TE6SChTn58wQQYJKoZIhvcNAQEKMDSgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIFAKIDAgFOMAwxCjAIBgNVBAMMAXYwIBcNMjYxMTI0MjMzNzIyWhgPMjEyNjEwMzEyMzM3MjJaMAwxCjAIBgNVBAMMAXYwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAONd+JBpXgCpuc9hGrkxtWUr4WdO0B4YdcD5fR9/Yrk+4xQUJFFCFKfEaDIhs7Ht8AP19ECI4zoJXqfQo6u3Szjj7rCLSKMakBrEkZPhXt7YslqxhY1qLXss4ULTeie3JirnSrbKNB+H1Go4VOjNpBTanyKG8mK6TW3lmWjK178xAgMBAAGjUzBRMB0GA1UdDgQWBBTDkXUZkyVAme1TDbY17m6cZAR6wjAfBgNVHSMEGDAWgBTDkXUZkyVAme1TDbY17m6cZAR6wjAPBgNVHRMBAf8EBTADAQH/MEEGCSqGSIb3DQEBCjA0oA8wDQYJYIZIAWUDBAICBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAICBQCiAwIBTgOBgQDdJ8x+GpU7qqyuvu0+1GyhXxBSrzylmcsRudYU4NzEERk3hv4eTeE2lqFO/fcv/57qSaE/BYxKdnsgROmhZMUtQ1p+vA6b1KnzR6kuV4SPzstkAOMISUbLFNfyOdVnODcPnNxUCDfBNJyclH6lcqPX85QxMd3qAihHcKmvqDuD2A==',
    ],
    [
      'ECDSA with SHA-1',
      'sha256',
      'MIIBbTCCARSgAwIBAgIUJdFvD0p9hqpGzj5xMMB8w3C9eEAwCQYHKoZIzj0EATAMMQowCAYDVQQDDAF2MCAXDTI2MTEyNDIzMzcyMloYDzIxMjYxMDMxMjMzNzIyWjAMMQowCAYDVQQDDAF2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnY6TcB3qDgjS92Rbgpgs+W16hdz3GaE9BeFDTi32Q1njyFCuF8/1A29ccTDrxW2oZ7qSc8LRODQieVi6VDk/eKNTMFEwHQYDVR0OBBYEFF+v2lz23Wzn/pHuAXf69nr8uZy6MB8GA1UdIwQYMBaAFF+v2lz23Wzn/pHuAXf69nr8uZy6MA8GA1UdEwEB/wQFMAMBAf8wCQYHKoZIzj0EAQNIADBFAiAnxFoLiNnlPHi402WAmBYebDDvW8rP3OyanJB/xNWTBwIhAK/IaIFmBHH/f79mnCjWIwbvobukF/3amtVGhfQGj3hy',
    ],
    [
      'ECDSA with SHA-224',
      'sha224',
      'MIIBcDCCARWgAwIBAgIUSl9ZGj4Vhcd9mnb44xoMW6wtTg8wCgYIKoZIzj0EAwEwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN0ffSyzzgf6lVFHGDktSxRcN9S51COStdBlkCQL0QBTUztKNs7/5V3PcpdmlnfFucgwFf8gXQAqQkV0C0XRtlijUzBRMB0GA1UdDgQWBBQU3dIh9mFNRUy3zImCIE7NjLYfTDAfBgNVHSMEGDAWgBQU3dIh9mFNRUy3zImCIE7NjLYfTDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMBA0kAMEYCIQDic306zW4LjMxA5yosOeaVuFl+y1o/E6HdkV87L4elpwIhANyag0NioWsk22wFJnIVIY9Zyilv0vXN8qv2pK0aqZ4X',
    ],
    [
      'ECDSA with SHA-256',
      'sha256',
      'MIIBbzCCARWgAwIBAgIUAI20K1P1kLm3t31Nc1xF5303VGAwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG8vbnw3/lFULi+NO3KZ2Gmx+Wdlc3DnKmKV8SZn4moX7Bh6zPbG8YN6H8PKv7EgSrs8rFaBMC8FjTwP+C0+MFOjUzBRMB0GA1UdDgQWBBSvBdVT+VzJLKtyXUz+OG8sWJgL+DAfBgNVHSMEGDAWgBSvBdVT+VzJLKtyXUz+OG8sWJgL+DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC5nPaB+97Xbv+e4KFzYAsUNXNw+fN/O7c0sPWgP1xLpQIgAIiknTDcl7vEerSAyx5MEcrcIqDvfPdQRR9/d4VkR+0=',
    ],
    [
      'ECDSA with SHA-384',
      'sha384',
      'MIIBbzCCARWgAwIBAgIUWEMwsUIWVyNbSCwKaHPfiZ+IbH8wCgYIKoZIzj0EAwMwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEo7uQ359Ya2keL64o4Ll5+AX58PqTQ1f27Hdq0Df1TyrHIoTfjUayf34N1zPOMVRGLgbXneo5VBA0qryDIbIHajUzBRMB0GA1UdDgQWBBQC0MaVzu3KXS4+j9byzfphryrXnDAfBgNVHSMEGDAWgBQC0MaVzu3KXS4+j9byzfphryrXnDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMDA0gAMEUCIDRpGKNQ+ywFWHb9P0Rd4I3Rd9GtMYXHA9Z4c8OjBGIxAiEA88PdhLlnmkVgLDe/pS8H0aq/L9jGp+puE2sdcrDKbF0=',
    ],
    [
      'ECDSA with SHA-512',
      'sha512',
      'MIIBbzCCARWgAwIBAgIUeQTilmm2CyIrnUoq0ZwhMcFfI9swCgYIKoZIzj0EAwQwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPsL+KqH76laBtCafUxMKovV8s9IXpca1i2AqA5STbtYuUJ6h4aEEEt7a4PfDmuiZuwQnQrIQtWaTlVp+4JBfT2jUzBRMB0GA1UdDgQWBBS04dPchKOLvPe+7FRyuSftUsJcYjAfBgNVHSMEGDAWgBS04dPchKOLvPe+7FRyuSftUsJcYjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMEA0gAMEUCIQCFKHfnpJGt02FAdytMv+LrU9eScAuN1MqSsSwXBVmJ/wIgX5dEMa0EfTX2zZXKDaIElXfpZXRNWNvOnWe6IrNikpk=',
    ],
    [
      'Ed25519',
      undefined,
      'MIIBLjCB4aADAgECAhRFJm95Gbb3hHwqjpOdjDGzknSGgDAFBgMrZXAwDDEKMAgGA1UEAwwBdjAgFw0yNjExMjQyMzM3MjJaGA8yMTI2MTAzMTIzMzcyMlowDDEKMAgGA1UEAwwBdjAqMAUGAytlcAMhANarbmJS3USrmsxSkT4A3DkerEUTZf/d5fj+zoT13+BOo1MwUTAdBgNVHQ4EFgQUmykCWlf7Gv1EMWl/tUsMNBeBUEUwHwYDVR0jBBgwFoAUmykCWlf7Gv1EMWl/tUsMNBeBUEUwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBg/rEA1zpCxjMR4e5bb5SgMZP1HPrYOAytqUCHT04KAj/oNVqloHyNDKbxkUlBuR1sjrcH84rnAPg8pYSTHHML',
    ],
  ]
}
