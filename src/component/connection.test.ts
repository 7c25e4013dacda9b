import assert from 'node:assert/strict'
import { SECRET, Verona } from '../../test/gateway.js'
import { settled } from '../../test/kit.js'
import { conditionOf } from '../../test/stream-client.js'
import { Lines } from '../../test/stream-kit.js'
import { disco } from '../modules/disco.js'

const verona = (options: Partial<Parameters<typeof Verona.start>[0]> = {}) =>
  Verona.start({ modules: [disco], ...options })

describe('a component that connects', () => {
  it('is let in when it knows its secret, and hears it before anything else', async () => {
    const server = await verona()

    const gateway = server.meets()
    await gateway.opens()
    gateway.proves()

    await gateway.takes('handshake')
    await gateway.isHeard()
  })

  it('gets another id for each stream, so that an answer heard before is of no use', async () => {
    const server = await verona()
    const [one, other] = [server.meets(), server.meets()]
    await one.opens()
    await other.opens()
    assert.notEqual(one.id, other.id)

    other.id = one.id
    other.proves()

    assert.equal(await other.wire.fails(), 'not-authorized')
  })

  for (const [what, secret] of [
    ['a wrong secret', 'the nightingale'],
    ['no secret', ''],
  ] as const)
    it(`is sent away with ${what}`, async () => {
      const gateway = (await verona()).meets()
      await gateway.opens()
      gateway.proves(secret)
      assert.equal(await gateway.wire.fails(), 'not-authorized')
    })

  it('is sent away with a handshake that is empty, in capitals or longer than it should be', async () => {
    const server = await verona()
    for (const digest of ['', 'A'.repeat(40), 'é'.repeat(20), 'a'.repeat(9000)]) {
      const gateway = server.meets()
      await gateway.opens()
      gateway.says(`<handshake>${digest}</handshake>`)
      assert.equal(await gateway.wire.fails(), 'not-authorized')
    }
  })

  it('hears why in a stream of its own when its name is unknown', async () => {
    const gateway = (await verona()).meets('rome.example')
    gateway.begins()
    const header = await gateway.wire.header()
    assert.equal(header.attrs.from, 'verona.example')
    assert.equal(await gateway.wire.fails(), 'host-unknown')
  })

  it('cannot be a domain of users', async () => {
    const gateway = (await verona()).meets('verona.example')
    gateway.begins()
    await gateway.wire.header()
    assert.equal(await gateway.wire.fails(), 'host-unknown')
  })

  it('has to say something within its time', async () => {
    const server = await verona({ limits: { loginTime: 10_000 } })
    const gateway = server.meets()
    await gateway.opens()

    await server.kit.clock.pass(9_999)
    assert.equal(gateway.wire.unread.length, 0)
    await server.kit.clock.pass(1)

    assert.equal(await gateway.wire.fails(), 'connection-timeout')
  })

  it('may stay for as long as it likes when it is let in', async () => {
    const server = await verona({ limits: { loginTime: 10_000, idle: 3_600_000 } })
    const gateway = await server.connects()
    await server.kit.clock.pass(20_000)
    await gateway.isHeard()
  })

  it('may not say much before the handshake', async () => {
    const gateway = (await verona()).meets()
    await gateway.opens()
    gateway.says(`<handshake>${'a'.repeat(11_000)}</handshake>`)
    assert.equal(await gateway.wire.fails(), 'policy-violation')
  })

  it('is refused while another has its name, which stays', async () => {
    const server = await verona()
    const first = await server.connects()

    const second = server.meets()
    await second.opens()
    second.proves()

    assert.equal(await second.wire.fails(), 'conflict')
    await first.isHeard()
  })

  it('does not learn that another has its name if it does not know the secret', async () => {
    const server = await verona()
    await server.connects()
    const second = server.meets()
    await second.opens()
    second.proves('the nightingale')
    assert.equal(await second.wire.fails(), 'not-authorized')
  })

  it('takes the place of another if it is configured so', async () => {
    const server = await verona({ components: { 'gateway.verona.example': { replace: true } } })
    const first = await server.connects()

    const second = await server.connects()

    assert.equal(await first.wire.fails(), 'conflict')
    await second.isHeard()
  })

  it('can come back at once when its connection has broken', async () => {
    const server = await verona()
    const first = await server.connects()
    await first.wire.cuts()
    await (await server.connects()).isHeard()
  })

  it('can say goodbye', async () => {
    const server = await verona()
    const gateway = await server.connects()
    gateway.says('</stream:stream>')
    await gateway.wire.ends()
    await (await server.connects()).isHeard()
  })

  it('never has its secret in the log', async () => {
    const log = new Lines()
    const server = await verona({ log })
    const gateway = server.meets()
    await gateway.opens()
    gateway.proves('the nightingale')
    await gateway.wire.fails()
    await server.connects()

    assert.ok(log.lines.some(({ text }) => text === 'component refused'))
    assert.ok(log.lines.some(({ text }) => text === 'component connected'))
    const written = JSON.stringify(log.lines)
    for (const secret of [SECRET, 'the nightingale']) assert.ok(!written.includes(secret))
  })
})

describe('the connection of a component', () => {
  it('ends when what comes is no XML', async () => {
    const gateway = await (await verona()).connects()
    gateway.says('<message from=>')
    assert.equal(await gateway.wire.fails(), 'not-well-formed')
  })

  it('ends when a stanza is too large', async () => {
    const gateway = await (await verona({ limits: { stanza: 20_000 } })).connects()
    gateway.says(
      `<message from='gateway.verona.example' to='verona.example'><body>${'a'.repeat(15_000)}</body></message>`,
    )
    await gateway.finds(({ name }) => name === 'message')
    gateway.says(
      `<message from='gateway.verona.example' to='verona.example'><body>${'a'.repeat(21_000)}</body></message>`,
    )
    assert.equal(await gateway.wire.fails(), 'policy-violation')
  })

  it('is kept alive by blanks', async () => {
    const server = await verona({ limits: { idle: 60_000, answerTime: 30_000 } })
    const gateway = await server.connects()
    for (let minute = 0; minute < 5; minute++) {
      gateway.says(' ')
      await settled()
      await server.kit.clock.pass(50_000)
    }
    assert.deepEqual(gateway.unread(), [])
    await gateway.isHeard()
  })

  it('is asked whether it is there when it is silent, and stays when it answers', async () => {
    const server = await verona({ limits: { idle: 60_000, answerTime: 30_000 } })
    const gateway = await server.connects()

    await server.kit.clock.pass(65_000)
    const ping = await gateway.takes('iq')
    assert.equal(ping.attrs.from, 'verona.example')
    gateway.says(`<iq type='error' id='${ping.attrs.id}' from='${ping.attrs.to}' to='${ping.attrs.from}'/>`)
    await settled()
    await server.kit.clock.pass(55_000)

    await gateway.isHeard()
  })

  it('is cut off when it does not answer: it is dead, and another can come', async () => {
    const server = await verona({ limits: { idle: 60_000, answerTime: 30_000 } })
    const gateway = await server.connects()

    await server.kit.clock.pass(100_000)
    await gateway.takes('iq')
    await gateway.wire.isGone()

    await (await server.connects()).isHeard()
  })

  it('ends with the server, which waits for it', async () => {
    const server = await verona()
    const gateway = await server.connects()
    const stopped = server.gate.stop()
    assert.equal(conditionOf(await gateway.wire.failure()), 'system-shutdown')
    await stopped
    assert.equal(server.sockets.size, 0)
  })

  it('ends with the server even if the component does not', async () => {
    const server = await verona()
    await server.connects()
    const stopped = server.gate.stop()
    await settled()
    await server.kit.clock.pass(3_000)
    await stopped
  })

  it('is no more when the component is not configured any more', async () => {
    const server = await verona()
    const gateway = await server.connects()
    server.configures({ 'other.verona.example': {} })
    assert.equal(await gateway.wire.fails(), 'host-gone')
    await (await server.connects('other.verona.example')).isHeard()
  })

  it('stays when other components come, and the next one needs the new secret', async () => {
    const server = await verona()
    const gateway = await server.connects()
    server.configures({ 'gateway.verona.example': { secret: 'the nightingale' }, 'other.verona.example': {} })
    await gateway.isHeard()
    await gateway.wire.cuts()

    const next = server.meets()
    await next.opens()
    next.proves()

    assert.equal(await next.wire.fails(), 'not-authorized')
    await server.meets().connects('the nightingale')
  })
})

describe('the command `component list`', () => {
  it('tells which components are connected, since when, and what they are called', async () => {
    const server = await verona({
      components: { 'gateway.verona.example': {}, 'rooms.verona.example': { name: 'Rooms' } },
    })
    const gateway = await server.meets().connects()
    await gateway.introduces('Pigeons')

    const [list] = server.gate.commands()

    assert.deepEqual(await list?.run({}), {
      columns: { component: 'Component', name: 'Name', connected: 'Connected since', from: 'From' },
      rows: [
        {
          ...{ component: 'gateway.verona.example', name: 'Pigeons' },
          ...{ connected: '1595-07-01T00:00:00.000Z', from: 'a cellar in Verona' },
        },
        { component: 'rooms.verona.example', name: 'Rooms', connected: 'not connected', from: '' },
      ],
    })
  })
})
