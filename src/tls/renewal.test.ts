import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Issued, issue, issueChain, writePair } from '../../test/authority.js'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import { type Certificates, type Named, openCertificates } from './certificates.js'

const DAY = 24 * 3600 * 1000

/** A clock for one who waits again and again: each time somebody says when it is over. */
class Ticks implements Clock {
  time = Date.now()
  waits: number | undefined
  #task: (() => void) | undefined
  #armed: (() => void) | undefined

  now(): number {
    return this.time
  }

  after(ms: number, task: () => void) {
    this.waits = ms
    this.#task = task
    this.#armed?.()
    return { cancel: () => (this.#task = undefined) }
  }

  /** The wait is over; resolves when the next has begun. */
  async tick(): Promise<void> {
    const task = this.#task
    assert.ok(task, 'nobody waits')
    const armed = new Promise<void>(resolve => (this.#armed = resolve))
    this.time += this.waits ?? 0
    task()
    await armed
  }
}

describe('certificates that change while the server runs', () => {
  let folder: string
  let clock: Ticks
  let lines: string[]
  let certificates: Certificates
  let old: Issued
  let next: Issued

  const file = (name: string) => path.join(folder, name)
  const files = () => ({ certificate: file('verona.pem'), key: file('verona.key') })
  const note = (facts: object, text: string) => {
    const { reason = '' } = { reason: '', ...facts }
    lines.push(reason === '' ? text : `${text}: ${reason}`)
  }
  const log: Log = { debug() {}, info: note, warn: note, error: note, child: () => log }
  const open = async (more: ReadonlyMap<string, undefined> = new Map()) => {
    certificates = await openCertificates({
      domains: new Map([['verona.example', files()], ...more]),
      folder,
      clock,
      log,
      every: () => 30_000,
    })
  }
  /** The certificate that is in force is this one. */
  const shows = (issued: Issued) =>
    assert.equal(certificates.all[0]?.until, Date.parse(new X509Certificate(issued.cert).validTo))
  /** Sees the change, and that it rests. */
  const looksTwice = async () => {
    await clock.tick()
    assert.equal(clock.waits, 2000)
    await clock.tick()
    assert.equal(clock.waits, 30_000)
  }

  before(async () => {
    old = await issue('verona.example', { names: ['verona.example'], until: Date.now() + 40 * DAY })
    next = await issue('verona.example', { names: ['verona.example'], until: Date.now() + 80 * DAY })
  })

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-renewal-'))
    clock = new Ticks()
    lines = []
    writePair(files(), old.cert, old.key)
    await open()
  })

  afterEach(() => {
    certificates.stop()
    rmSync(folder, { recursive: true })
  })

  it('stay as they are while nothing happens', async () => {
    const { context } = certificates.all[0] ?? {}
    await clock.tick()
    await clock.tick()

    assert.equal(certificates.find('verona.example'), context)
    assert.equal(clock.waits, 30_000)
    assert.deepEqual(lines, [])
  })

  it('are taken up when they were written to', async () => {
    writePair(files(), next.cert, next.key)

    await clock.tick()
    shows(old)
    await clock.tick()

    shows(next)
    assert.equal(certificates.find('verona.example'), certificates.all[0]?.context)
    assert.deepEqual(lines, ['the certificate was renewed'])
  })

  it('are taken up when others were put in their place', async () => {
    writePair({ certificate: file('a'), key: file('b') }, next.cert, next.key)
    renameSync(file('a'), file('verona.pem'))
    renameSync(file('b'), file('verona.key'))

    await looksTwice()

    shows(next)
  })

  it('are taken up when links were turned round, of files or of their folder', async () => {
    const archive = (name: string, { cert, key }: Issued) => {
      mkdirSync(file(name))
      writePair({ certificate: file(`${name}/cert.pem`), key: file(`${name}/key.pem`) }, cert, key)
    }
    archive('1', old)
    archive('2', next)
    const link = (target: string, name: string) => {
      symlinkSync(target, file('new'))
      renameSync(file('new'), file(name))
    }
    link('1', 'live')
    link('live/cert.pem', 'verona.pem')
    link('live/key.pem', 'verona.key')
    await looksTwice()
    shows(old)

    link('2', 'live')
    await looksTwice()
    shows(next)

    link('1/cert.pem', 'verona.pem')
    link('1/key.pem', 'verona.key')
    await looksTwice()
    shows(old)
  })

  it('are not taken while somebody writes them', async () => {
    const { chain, leaf } = await issueChain(['verona.example'], { until: Date.now() + 60 * DAY })
    writePair(files(), leaf.cert, leaf.key)
    await clock.tick()
    writeFileSync(file('verona.pem'), chain)
    await clock.tick()
    assert.deepEqual([clock.waits, lines], [2000, []])
    shows(old)

    await clock.tick()

    shows(leaf)
    assert.deepEqual(lines, ['the certificate was renewed'])
  })

  const broken: readonly (readonly [what: string, breakIt: () => void, why: RegExp])[] = [
    ['the key is not there yet', () => writeFileSync(file('verona.pem'), next.cert), /this key does not fit/],
    ['the certificate is cut off', () => truncateSync(file('verona.pem'), 300), /ends in the middle/],
    [
      'its chain is cut off',
      () => appendFileSync(file('verona.pem'), next.cert.slice(0, 300)),
      /verona\.pem: the last certificate ends in the middle$/,
    ],
    ['the file is empty', () => writeFileSync(file('verona.pem'), ''), /a certificate in PEM form was expected$/],
    ['the key is cut off', () => truncateSync(file('verona.key'), 100), /a private key .* was expected$/],
    ['the file is gone', () => rmSync(file('verona.pem')), /cannot be read: no such file/],
  ]
  for (const [what, breakIt, why] of broken)
    it(`are not taken when ${what}: the old one stays, the log says why, once, and what comes then is taken`, async () => {
      breakIt()
      await looksTwice()
      await clock.tick()

      shows(old)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', /^the certificate has changed and cannot be used: the old one stays: /)
      assert.match(lines[0] ?? '', why)

      writePair(files(), next.cert, next.key)
      await looksTwice()
      shows(next)
    })

  describe('with authorities of clients', () => {
    let prince: Issued
    let friar: Issued
    const named = () => ({ ...files(), clientAuthorities: file('clients.pem') })

    before(async () => {
      prince = await issue('The Prince', { isAuthority: true })
      friar = await issue('A friar', { isAuthority: true })
    })

    beforeEach(async () => {
      writeFileSync(file('clients.pem'), prince.cert)
      const { apply } = await certificates.prepare(new Map([['verona.example', named()]]))
      apply()
    })

    const vouches = (by: Issued) =>
      assert.deepEqual(
        certificates.authorities('verona.example')?.certificates.map(one => one.subject),
        [new X509Certificate(by.cert).subject],
      )

    it('have these taken up when they are others, and the log says so', async () => {
      vouches(prince)
      writeFileSync(file('clients.pem'), friar.cert)

      await looksTwice()

      vouches(friar)
      shows(old)
      assert.deepEqual(lines, ['the authorities of clients are others now'])
    })

    it('are taken up all the same', async () => {
      writePair(files(), next.cert, next.key)

      await looksTwice()

      shows(next)
      vouches(prince)
      assert.deepEqual(lines, ['the certificate was renewed'])
    })

    for (const [what, pem, why] of [
      ['nothing', '', /a certificate in PEM form was expected$/],
      ['half a list of what was revoked', `-----BEGIN X509 CRL-----\nMIIB`, /a certificate in PEM form was expected$/],
    ] as const)
      it(`keep the old ones when there is ${what}`, async () => {
        writeFileSync(file('clients.pem'), pem)

        await looksTwice()

        vouches(prince)
        assert.equal(lines.length, 1)
        assert.match(lines[0] ?? '', /^the file with the authorities of clients has changed and cannot be used: /)
        assert.match(lines[0] ?? '', why)
      })

    it('are warned about once a day when these have expired', async () => {
      clock.time += 100 * DAY
      await clock.tick()

      assert.match(lines.join('\n'), /^clients of an authority are kept out: CN=The Prince in \S+ expired on /m)
    })

    it('change nothing for other domains but that TLS sessions begin anew', async () => {
      const before = await certificates.prepare(new Map([['verona.example', files()]]))
      before.apply()
      const { context } = certificates.all[0] ?? {}

      const two = new Map<string, Named>([
        ['verona.example', files()],
        ['mantua.example', { clientAuthorities: file('clients.pem') }],
      ])
      const { changed, apply } = await certificates.prepare(two)
      apply()

      assert.deepEqual(changed, ['mantua.example'])
      assert.notEqual(certificates.find('verona.example'), context)
      assert.equal(certificates.authorities('verona.example'), undefined)
      assert.equal(certificates.authorities('sub.mantua.example')?.certificates.length, 1)
    })
  })

  it('keep their TLS sessions when they were only written anew', async () => {
    const { context } = certificates.all[0] ?? {}
    writePair(files(), old.cert, old.key)

    await looksTwice()

    assert.equal(certificates.find('verona.example'), context)
    assert.deepEqual(lines, [])
  })

  it('are found out about while they wait in the place of one that we made', async () => {
    certificates.stop()
    await open(new Map([['mantua.example', undefined]]))
    const made = certificates.find('mantua.example')
    const { chain, leaf } = await issueChain(['mantua.example'])
    writePair({ certificate: file('mantua.example.crt'), key: file('mantua.example.key') }, chain, leaf.key)

    await looksTwice()

    assert.notEqual(certificates.find('mantua.example'), made)
    assert.equal(certificates.all[1]?.selfSigned, false)
  })

  it('are warned about once a day when their end is near', async () => {
    clock.time = Date.parse(new X509Certificate(old.cert).validTo) - 10 * DAY
    await clock.tick()
    await clock.tick()
    assert.deepEqual(lines, ['the certificate expires soon'])
    clock.time += 11 * DAY
    await clock.tick()

    assert.deepEqual(lines, ['the certificate expires soon', 'the certificate has expired'])
  })

  it('are renewed in time when they are our own', async () => {
    certificates.stop()
    await open(new Map([['mantua.example', undefined]]))
    const before = readFileSync(file('mantua.example.crt'), 'utf8')
    const made = certificates.find('mantua.example')
    clock.time += 770 * DAY

    await clock.tick()
    assert.notEqual(readFileSync(file('mantua.example.crt'), 'utf8'), before)
    await clock.tick()
    await clock.tick()

    assert.notEqual(certificates.find('mantua.example'), made)
  })

  describe('for other domains', () => {
    it('are read and made ready, and shown when they are put in force', async () => {
      const prepared = await certificates.prepare(
        new Map([
          ['verona.example', files()],
          ['mantua.example', undefined],
        ]),
      )
      assert.deepEqual(prepared.changed, ['mantua.example'])
      const verona = certificates.find('verona.example')
      assert.equal(certificates.find('mantua.example'), verona)

      prepared.apply()

      assert.equal(certificates.find('verona.example'), verona)
      assert.notEqual(certificates.find('mantua.example'), verona)
      writePair(files(), next.cert, next.key)
      await looksTwice()
      shows(next)
    })

    it('are read anew at once, and are the same if they are', async () => {
      assert.deepEqual((await certificates.prepare(new Map([['verona.example', files()]]))).changed, [])
      writePair(files(), next.cert, next.key)

      const { changed, apply } = await certificates.prepare(new Map([['verona.example', files()]]))
      apply()

      assert.deepEqual(changed, ['verona.example'])
      shows(next)
      await clock.tick()
      assert.equal(clock.waits, 30_000)
    })

    it('change nothing when one cannot be used', async () => {
      const missing = { certificate: file('none'), key: file('none') }
      writePair(files(), next.cert, next.key)

      await assert.rejects(
        certificates.prepare(
          new Map([
            ['verona.example', files()],
            ['mantua.example', missing],
          ]),
        ),
        { name: 'ConfigError' },
      )

      shows(old)
      assert.equal(certificates.all.length, 1)
    })
  })
})
