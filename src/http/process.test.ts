import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readings } from '../../test/readings.js'
import { type ProcessWatch, watchProcess } from './process.js'

describe('what the process tells of itself', () => {
  let watch: ProcessWatch

  beforeEach(() => {
    watch = watchProcess()
  })

  afterEach(() => watch.stop())

  const read = () => readings(...watch.metrics)

  it('is its memory, as the system and as JavaScript see it', async () => {
    const said = await read()

    const { rss, heapUsed } = process.memoryUsage()
    assert.ok(near(said.process_resident_memory_bytes, rss))
    assert.ok(near(said.nodejs_heap_size_used_bytes, heapUsed))
    assert.ok(Number(said.nodejs_heap_size_total_bytes) >= Number(said.nodejs_heap_size_used_bytes))
    assert.ok(Number(said.nodejs_external_memory_bytes) > 0)
  })

  it('is its time', async () => {
    const before = await read()
    block(30)
    const after = await read()

    const grown = (name: string) => Number(after[name]) - Number(before[name])
    assert.ok(grown('process_cpu_seconds_total') > 0.005)
    assert.ok(grown('parlance_event_loop_active_seconds_total') >= 0.03)
    assert.ok(Math.abs(Number(after.process_start_time_seconds) * 1000 - (Date.now() - process.uptime() * 1000)) < 1000)
  })

  it('is how long the event loop kept others waiting, since it was last asked', async () => {
    await read()
    await beats(2)
    block(150)
    await beats(2)
    const late = await read()
    await beats(3)
    const calm = await read()

    const longest = 'parlance_event_loop_delay_seconds{quantile="1.0"}'
    // a beat was due at some time within the pause
    assert.ok(Number(late[longest]) >= 0.1, `${late[longest]}`)
    assert.ok(Number(calm[longest]) < Number(late[longest]))
    assert.ok(
      Number(calm.parlance_event_loop_delay_seconds_count) > Number(late.parlance_event_loop_delay_seconds_count),
    )
    assert.ok(Number(calm.parlance_event_loop_delay_seconds_sum) >= 0.1)
  })

  it('is no number for a delay when nothing was measured', async () => {
    await beats(1)
    await read()

    const said = await read()

    assert.ok(Number.isNaN(said['parlance_event_loop_delay_seconds{quantile="0.99"}']))
  })

  it('is its garbage collections, by kind', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const before = await read()

    collect()
    // observers are told in a later turn
    for (let turn = 0; turn < 100; turn++) {
      await new Promise(resolve => setImmediate(resolve))
      const now = await read()
      if (Number(now[MAJOR]) > Number(before[MAJOR])) {
        assert.ok(Number(now['nodejs_gc_duration_seconds_sum{kind="major"}']) > 0)
        return
      }
    }
    assert.fail('no collection was told of')
  })

  it('is which program it is', async () => {
    const names = Object.keys(await read())

    assert.ok(names.some(name => name.startsWith('parlance_build_info{version="') && name.includes(process.version)))
  })
})

const MAJOR = 'nodejs_gc_duration_seconds_count{kind="major"}'

const near = (a: number | undefined, b: number): boolean => a !== undefined && a > b / 2 && a < b * 2

/** Keeps the event loop to itself. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Lets so many measurements happen: they come every 20 milliseconds. */
const beats = (count: number) => new Promise(resolve => setTimeout(resolve, count * 20 + 10))
