import assert from 'node:assert/strict'
import { FakeClock, settled } from '../../test/kit.js'
import { conditionOf, PASSWORD, plain, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { readFields } from '../core/config.js'
import { SASL } from '../xmpp/ns.js'
import { limits } from './limits.js'
import { Busy } from './sasl/limiter.js'
import { type Applicant, Throttle } from './throttle.js'

const TYBALT = '192.0.2.1'
const ROMEO = '198.51.100.7'

const at = (account: string, address: string): Applicant => ({ account: `${account}@verona.example`, address })

describe('throttle', () => {
  it('lets the first five failures pass, and then each further login waits twice as long, up to ten seconds', async () => {
    const { throttle, waits } = setUp()

    const waited: number[] = []
    for (let i = 0; i < 12; i++) {
      waited.push(await waits(at('juliet', TYBALT)))
      throttle.failed(at('juliet', TYBALT))
    }

    assert.deepEqual(waited, [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
  })

  it('slows down an address that tries many accounts', async () => {
    const { throttle, waits } = setUp()

    for (let i = 0; i < 6; i++) throttle.failed(at(`victim${i}`, TYBALT))

    assert.equal(await waits(at('juliet', TYBALT)), 2000)
    assert.equal(await waits(at('juliet', ROMEO)), 0)
  })

  it('takes the addresses of one IPv6 customer for one', async () => {
    const { throttle, waits } = setUp()

    for (let i = 0; i < 5; i++) throttle.failed(at(`victim${i}`, `2001:db8::${i}`))

    assert.equal(await waits(at('juliet', '2001:db8::ffff')), 1000)
    assert.equal(await waits(at('juliet', '2001:db8:0:1::1')), 0)
  })

  it('slows down an account that many addresses try, but locks nobody out of it', async () => {
    const { throttle, waits } = setUp()

    for (let i = 0; i < 200; i++) throttle.failed(at('juliet', `192.0.2.${i}`))

    assert.equal(await waits(at('juliet', ROMEO)), 10_000)
    assert.equal(await waits(at('nurse', ROMEO)), 0)
  })

  it('makes nobody wait for others who has logged in from there before', async () => {
    const { throttle, waits } = setUp()
    throttle.succeeded(at('juliet', TYBALT))

    for (let i = 0; i < 10; i++) throttle.failed(at('romeo', TYBALT))

    assert.equal(await waits(at('juliet', TYBALT)), 0)
    assert.equal(await waits(at('nurse', TYBALT)), 10_000)
  })

  it('forgets what failed for an account when it is logged in to, and not what failed from the address', async () => {
    const { throttle, waits } = setUp()
    for (let i = 0; i < 6; i++) throttle.failed(at('juliet', TYBALT))

    throttle.succeeded(at('juliet', ROMEO))

    assert.equal(await waits(at('juliet', ROMEO)), 0)
    assert.equal(await waits(at('juliet', TYBALT)), 2000)
  })

  it('forgets everything in time', async () => {
    const { throttle, clock, waits } = setUp()
    for (let i = 0; i < 6; i++) throttle.failed(at('juliet', TYBALT))

    await clock.pass(15 * 60_000 - 1)
    assert.equal(await waits(at('juliet', TYBALT)), 2000)
    await clock.pass(15 * 60_000)
    assert.equal(await waits(at('juliet', TYBALT)), 0)
    throttle.failed(at('juliet', TYBALT))
    assert.equal(await waits(at('juliet', TYBALT)), 0)
  })

  it('lets so many of an address wait, and takes others again when they are through or gone', async () => {
    const { throttle, clock } = setUp({ loginsWaiting: 2 })
    for (let i = 0; i < 5; i++) throttle.failed(at('juliet', TYBALT))
    const wait = () => throttle.wait(at('romeo', TYBALT))

    const [first] = [wait(), wait()]
    assert.throws(wait, Busy)
    assert.equal(throttle.wait(at('romeo', ROMEO)), undefined)

    first?.cancel()
    first?.cancel()
    wait()
    assert.throws(wait, Busy)
    await clock.pass(1000)
    first?.cancel()
    wait()
    wait()
    assert.throws(wait, Busy)
  })

  it('remembers no more than so many', async () => {
    const { throttle, waits } = setUp()
    for (let i = 0; i < 5; i++) throttle.failed(at('juliet', ROMEO))

    for (let i = 0; i < 10_000; i++) throttle.failed(at(`victim${i}`, `10.0.${i >> 8}.${i & 255}`))

    assert.equal(await waits(at('juliet', ROMEO)), 0)
  })

  it('can be switched off', async () => {
    const { throttle, waits } = setUp({ loginDelay: 0 })

    for (let i = 0; i < 20; i++) throttle.failed(at('juliet', TYBALT))

    assert.equal(await waits(at('juliet', TYBALT)), 0)
  })
})

describe('a login after many that failed', () => {
  for (const user of ['juliet', 'nobody'])
    it(`waits before it is looked at (${user})`, async () => {
      const verona = await StreamKit.start()
      for (let i = 0; i < 6; i++) assert.equal(await fails(verona, user, TYBALT), 'not-authorized')
      const wire = await opened(verona, TYBALT)

      wire.send(plain(user, 'rosaline'))
      await verona.clock.pass(1999)
      await settled()
      assert.deepEqual(wire.unread, [])
      await verona.clock.pass(1)

      assert.equal(conditionOf(await wire.takes('failure', SASL)), 'not-authorized')
    })

  it('is let in with the right password in the end, from wherever it comes', async () => {
    const verona = await StreamKit.start()
    for (let i = 0; i < 20; i++) {
      const failed = fails(verona, 'juliet', `192.0.2.${i}`)
      await settled()
      await verona.clock.pass(10_000)
      assert.equal(await failed, 'not-authorized')
    }
    const wire = await opened(verona, ROMEO)

    const loggedIn = wire.logsIn('juliet')
    await settled()
    await verona.clock.pass(10_000)
    await loggedIn

    await (await opened(verona, ROMEO)).logsIn('juliet')
  })

  it('never waits on this very machine', async () => {
    const verona = await StreamKit.start()

    for (let i = 0; i < 20; i++) assert.equal(await fails(verona, 'juliet', '::1'), 'not-authorized')

    await (await opened(verona, ROMEO)).logsIn('juliet')
    await (await opened(verona, '127.0.0.1')).logsIn('romeo')
  })

  it('is refused for a while when too many wait already', async () => {
    const verona = await StreamKit.start({ limits: { loginsWaiting: 1 } })
    for (let i = 0; i < 5; i++) await fails(verona, 'juliet', TYBALT)
    const waiting = await opened(verona, TYBALT)
    waiting.send(plain('juliet', 'rosaline'))
    await settled()

    assert.equal(await fails(verona, 'juliet', TYBALT), 'temporary-auth-failure')

    await waiting.cuts()
    const next = await opened(verona, TYBALT)
    next.send(plain('juliet', PASSWORD))
    await settled()
    await verona.clock.pass(10_000)
    await next.takes('success', SASL)
  })

  it('leaves nothing behind when its client goes', async () => {
    const verona = await StreamKit.start()
    for (let i = 0; i < 5; i++) await fails(verona, 'juliet', TYBALT)
    const before = verona.timers
    const wire = await opened(verona, TYBALT)
    wire.send(plain('juliet', PASSWORD))
    await settled()
    assert.equal(verona.timers, before + 2)

    await wire.cuts()

    assert.equal(verona.timers, before)
  })
})

function setUp(changes: Partial<typeof defaults> = {}) {
  const clock = new FakeClock()
  const throttle = new Throttle({ limits: { ...defaults, ...changes }, clock })
  /** How long a login waits, in milliseconds. */
  const waits = async (applicant: Applicant) => {
    const begun = clock.now()
    const over = throttle.wait(applicant)?.over.then(() => clock.now() - begun)
    await clock.pass(60_000)
    return over ?? 0
  }
  return { clock, throttle, waits }
}

const defaults = readFields(limits, {}, 'limits')

async function opened(verona: StreamKit, from: string): Promise<Wire> {
  const wire = verona.connects({ from })
  await wire.opens()
  return wire
}

/** A login with a wrong password; why it fails. */
async function fails(verona: StreamKit, user: string, from: string): Promise<string> {
  const wire = await opened(verona, from)
  wire.send(plain(user, 'rosaline'))
  const answer = wire.anyOf('failure', 'success')
  await settled()
  await verona.clock.pass(1000)
  const condition = conditionOf(await answer)
  await wire.cuts()
  return condition
}
