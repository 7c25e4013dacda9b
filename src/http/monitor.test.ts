import assert from 'node:assert/strict'
import { FakeClock } from '../../test/kit.js'
import { readText } from '../../test/readings.js'
import { freePort, Lines } from '../../test/stream-kit.js'
import { readFields } from '../core/config.js'
import { gauge, Metrics } from '../core/metrics.js'
import { httpLimits } from './limits.js'
import { Monitor } from './monitor.js'
import { Readiness } from './readiness.js'

describe('the monitor', () => {
  let log: Lines
  let metrics: Metrics
  let readiness: Readiness
  let monitor: Monitor
  let port: number

  beforeEach(async () => {
    const clock = new FakeClock()
    log = new Lines()
    metrics = new Metrics()
    readiness = new Readiness(clock)
    monitor = new Monitor({ metrics, readiness, limits: readFields(httpLimits, {}, 'http'), clock, log })
    port = await freePort()
    await monitor.listen({ host: '127.0.0.1', port })
  })

  afterEach(() => monitor.close())

  const ask = (path: string, headers = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close', ...headers } })

  it('tells what there is to see, and what the process tells of itself', async () => {
    metrics.add(gauge({ name: 'verona_houses', doc: 'Both alike in dignity.' }, () => 2))

    const response = await ask('/metrics')
    const said = readText(await response.text())

    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.equal(said.verona_houses, 2)
    assert.ok(Number(said.process_resident_memory_bytes) > 0)
  })

  it('speaks OpenMetrics to who does', async () => {
    const response = await ask('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' })

    assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/)
    assert.match(await response.text(), /\n# EOF\n$/)
  })

  it('tells all but what cannot be read, and the log of that', async () => {
    metrics.add(gauge({ name: 'poison', doc: '' }, () => Promise.reject(new Error('the apothecary is poor'))))

    const response = await ask('/metrics')

    assert.equal(response.status, 200)
    assert.doesNotMatch(await response.text(), /poison/)
    assert.deepEqual([log.lines.at(-1)?.level, log.lines.at(-1)?.facts.metric], ['warn', 'poison'])
  })

  it('says that the server lives, whatever it can do', async () => {
    const [alive, ready] = [await ask('/health'), await ask('/ready')]

    assert.deepEqual([alive.status, ready.status], [200, 503])
    assert.equal(await ready.text(), 'The server is starting.\n')
  })

  it('says that it is ready, and why it is not', async () => {
    let isThere = true
    readiness.started(async () => assert.ok(isThere))
    assert.equal((await ask('/ready')).status, 200)

    isThere = false
    const away = await ask('/ready')
    assert.deepEqual([away.status, await away.text()], [503, 'The database cannot be read.\n'])
    isThere = true
    assert.equal((await ask('/ready')).status, 200)

    readiness.stopping()
    assert.equal((await ask('/ready')).status, 503)
  })

  it('is to be had at several places', async () => {
    const first = port
    port = await freePort()
    const end = await monitor.listen({ host: '127.0.0.1', port })
    assert.equal((await ask('/metrics')).status, 200)

    end()
    port = first

    assert.equal((await ask('/metrics')).status, 200)
  })
})
