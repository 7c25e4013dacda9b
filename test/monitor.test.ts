/** A server that is watched by machines. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { LiveServer } from './live-server.js'
import { readOpenMetrics } from './openmetrics.js'
import { freePorts } from './ports.js'
import { readText } from './readings.js'
import { usesProsody } from './server-process.js'
import { chat } from './stream-client.js'

describe('a server that is watched', function () {
  this.timeout(60_000)

  let server: LiveServer | undefined
  let port: number

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(async () => {
    const [free = 0] = await freePorts(1)
    port = free
  })

  afterEach(async () => {
    await server?.stop()
    server = undefined
  })

  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
  const isRefused = () => assert.rejects(ask('/health'), isConnectionRefused)
  const read = async () => readText(await (await ask('/metrics')).text())

  /** Asks until somebody answers. */
  async function firstAnswer(path: string): Promise<Response> {
    for (;;) {
      try {
        return await ask(path)
      } catch (fault) {
        if (!isConnectionRefused(fault)) throw fault
        await turn()
      }
    }
  }

  it('lives before it is ready, and is ready when clients may come', async () => {
    const started = LiveServer.start(`listen: { c2s: false, c2s-tls: false, metrics: ${port} }`)

    const early = await firstAnswer('/ready')
    const alive = await ask('/health')
    server = await started
    const ready = await ask('/ready')

    assert.deepEqual([early.status, await early.text()], [503, 'The server is starting.\n'])
    assert.deepEqual([alive.status, ready.status], [200, 200])
  })

  it('tells what happens between its clients', async () => {
    server = await LiveServer.start('')
    await server.adds('romeo', 'juliet')
    const [romeo, juliet] = [await server.binds('romeo/street'), await server.binds('juliet/balcony')]
    juliet.send('<presence/>')
    await juliet.takes('presence')
    await isRefused()
    await server.reloads(listening(server))

    romeo.send(chat('juliet', 'But soft'))
    await juliet.finds(isMessage)
    const said = await read()

    assert.equal(said['parlance_sessions{domain="verona.example",state="online"}'], 2)
    assert.equal(said['parlance_stanzas_total{direction="in",kind="message"}'], 1)
    assert.equal(said['parlance_stanzas_total{direction="out",kind="message"}'], 1)
    assert.equal(said['parlance_accounts{domain="verona.example"}'], 2)
    assert.ok(Number(said.parlance_commit_seconds_count) > 0)
    assert.ok(Number(said.process_resident_memory_bytes) > 0)
  })

  describe('by who reads OpenMetrics', () => {
    const open = () =>
      fetch(`http://127.0.0.1:${port}/metrics`, {
        headers: { accept: 'application/openmetrics-text; version=1.0.0', connection: 'close' },
      })

    it('says nothing that is none', async () => {
      server = await LiveServer.start('')
      await server.adds('romeo')
      const romeo = await server.binds('romeo/street')
      romeo.send(chat('juliet', 'But soft'))
      await romeo.finds(isMessage) // there is no Juliet
      await server.reloads(`${listening(server)}\ncomponents: { gateway.verona.example: { secret: "the lark" } }`)

      const response = await open()
      const families = readOpenMetrics(await response.text())

      assert.equal(response.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
      assert.deepEqual(
        families.filter(({ help = '', samples }) => help === '' || samples.length === 0),
        [],
      )
    })

    it('says all that the manual explains, and nothing else', async () => {
      server = await LiveServer.start('')
      await server.reloads(listening(server))
      const manual = readFileSync('docs/operating.md', 'utf8')
      const told = [...manual.matchAll(/^\| `((?:parlance|process|nodejs)_\w+)`/gm)].map(([, name]) => name)

      const families = readOpenMetrics(await (await open()).text())

      const samples = families.map(({ name, type }) => (type === 'counter' ? `${name}_total` : name))
      assert.deepEqual(samples.sort(), told.sort())
    })
  })

  it('is watched no more when the configuration says so', async () => {
    server = await LiveServer.start('')
    await server.reloads(listening(server))
    assert.equal((await ask('/ready')).status, 200)

    await server.reloads(listening(server, false))

    await isRefused()
  })

  it('tells nothing of its users', async () => {
    server = await LiveServer.start('')
    await server.adds('romeo')
    const romeo = await server.binds('romeo/street')
    await server.reloads(listening(server))
    await romeo.pings()

    const said = await (await ask('/metrics')).text()

    assert.doesNotMatch(said, /romeo|street|127\.0\.0\.1/)
  })

  it('is not ready while it stops, but lives', async () => {
    const going = await LiveServer.start('')
    await going.adds('romeo')
    const romeo = await going.binds('romeo/street')
    await going.reloads(listening(going))
    romeo.stopsReading() // it has to be waited for

    const stopped = going.stop()
    const [alive, ready] = [await ask('/health'), await ask('/ready')]
    await romeo.cuts()
    await stopped

    assert.deepEqual([alive.status, ready.status, await ready.text()], [200, 503, 'The server is stopping.\n'])
    await isRefused()
  })

  const listening = ({ ports }: LiveServer, metrics: number | false = port) =>
    `listen: { c2s: "127.0.0.1:${ports.c2s}", c2s-tls: "127.0.0.1:${ports.c2sTls}", component: false, metrics: ${metrics} }`
})

const isConnectionRefused = (fault: unknown): boolean =>
  fault instanceof Error && Object(fault.cause).code === 'ECONNREFUSED'

const isMessage = (event: object): boolean => 'name' in event && event.name === 'message'
