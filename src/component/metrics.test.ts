import assert from 'node:assert/strict'
import { Verona } from '../../test/gateway.js'
import { settled } from '../../test/kit.js'
import { readings } from '../../test/readings.js'
import { availability, GATEWAY, message } from './fixture.test.js'

const POST = 'post.verona.example'

describe('what operators watch of components', () => {
  const start = () => Verona.start({ modules: [availability], components: { [GATEWAY]: {}, [POST]: {} } })

  const watched = async (server: Verona, what: string) => {
    const said = await readings(...server.gate.metrics)
    return [GATEWAY, POST].map(domain => said[`parlance_component_${what}{component="${domain}"}`])
  }

  it('is which of them are connected', async () => {
    const server = await start()
    assert.deepEqual(await watched(server, 'connected'), [0, 0])

    const gateway = await server.connects()
    assert.deepEqual(await watched(server, 'connected'), [1, 0])

    await gateway.wire.cuts()
    assert.deepEqual(await watched(server, 'connected'), [0, 0])
  })

  it('is those that are configured', async () => {
    const server = await start()

    server.configures({ [POST]: {} })

    assert.deepEqual(await watched(server, 'connected'), [undefined, 0])
  })

  it('is how much one of them has not read', async () => {
    const server = await start()
    const [gateway, post] = [await server.connects(), await server.connects(POST)]
    gateway.wire.stopsReading()

    for (let i = 0; i < 20; i++) post.says(message(POST, GATEWAY, 'x'.repeat(10_000)))
    await post.isHeard()
    const [waiting = 0, none] = await watched(server, 'backlog_bytes')
    gateway.wire.readsOn()
    await gateway.isHeard()
    await settled()

    assert.ok(waiting > 10_000, `${waiting}`)
    assert.equal(none, 0)
    assert.deepEqual(await watched(server, 'backlog_bytes'), [0, 0])
  })
})
