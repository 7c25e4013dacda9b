import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Issued, issue, issueForClient, revocationList } from '../../test/authority.js'
import { inspectAuthorities, readAuthorities } from './authorities.js'

const DAY = 24 * 3600 * 1000

describe('the authorities of clients', () => {
  let folder: string
  let prince: Issued
  const file = () => path.join(folder, 'clients.pem')
  const read = (pem: string) => {
    writeFileSync(file(), pem)
    return readAuthorities(file())
  }

  before(async () => {
    prince = await issue('The Prince', { isAuthority: true })
  })

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-authorities-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('are read, all of them, with what they have revoked', async () => {
    const friar = await issue('A friar', { isAuthority: true })

    const { certificates, revoked } = await read(
      `The Prince:\n${prince.cert}\nA friar:\n${friar.cert}${revocationList(prince, [])}${revocationList(friar, [])}`,
    )

    assert.deepEqual(
      certificates.map(({ subject }) => subject),
      ['CN=The Prince', 'CN=A friar'],
    )
    assert.equal(revoked.length, 2)
  })

  it('are the same when the same are written anew, and others with another list', async () => {
    const one = await read(prince.cert)
    const same = await read(`# signed in his own hand\n${prince.cert}`)
    const other = await read(`${prince.cert}${revocationList(prince, [])}`)

    assert.equal(one.id, same.id)
    assert.notEqual(one.id, other.id)
  })

  const list = () => revocationList(prince, [])
  const broken: readonly (readonly [what: string, pem: () => string, why: RegExp])[] = [
    ['nothing in the file', () => '', /something else was found, a certificate in PEM form was expected$/],
    ['a key in it', () => prince.key, /something else was found, a certificate in PEM form was expected$/],
    ['no certificate', () => list(), /something else was found, a certificate in PEM form was expected$/],
    ['one that is cut off', () => prince.cert.slice(0, 200), /the last certificate ends in the middle$/],
    [
      'a list that is cut off',
      () => `${prince.cert}${list().slice(0, 90)}`,
      /the last revocation list ends in the middle$/,
    ],
    [
      'a list that is none',
      () => `${prince.cert}-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n`,
      /TLS cannot use these authorities: \S/,
    ],
  ]
  for (const [what, pem, why] of broken)
    it(`are refused with a sentence when there is ${what}`, async () => {
      await assert.rejects(read(pem()), { name: 'ConfigError', path: file(), message: why })
    })

  it('are refused with a sentence when there is no file', async () => {
    await assert.rejects(readAuthorities(file()), { name: 'ConfigError', message: /cannot be read: no such file/ })
  })

  it('are complained about when they have expired, and when they are none', async () => {
    const late = await issue('The late Prince', {
      isAuthority: true,
      from: Date.now() - 9 * DAY,
      until: Date.now() - DAY,
    })
    const client = issueForClient({ addresses: ['juliet@verona.example'] })

    const found = inspectAuthorities(await read(`${prince.cert}${late.cert}${client.cert}`), { now: Date.now })

    const day = new Date(Date.now() - DAY).toISOString().slice(0, 10)
    assert.deepEqual(found, {
      wrong: [`CN=The late Prince in ${file()} expired on ${day}: nobody can log in who needs its word.`],
      advice: [`CN=A client in ${file()} is no authority: it vouches for nobody but its owner.`],
    })
  })
})
