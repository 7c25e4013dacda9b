import assert from 'node:assert/strict'
import { FakeClock, settled } from '../test/kit.js'
import { openNotify } from './notify.js'

describe('what systemd is told', () => {
  let ran: string[]
  let complaints: string[]
  let clock: FakeClock

  const open = (
    env: Readonly<Record<string, string>>,
    run?: (program: string, args: readonly string[]) => Promise<void>,
  ) =>
    openNotify({
      env,
      clock,
      run: run ?? (async (program, args) => void ran.push([program, ...args].join(' '))),
      complain: reason => complaints.push(String(reason)),
    })
  const started = { NOTIFY_SOCKET: '/run/systemd/notify' }

  beforeEach(() => {
    ran = []
    complaints = []
    clock = new FakeClock()
  })

  it('is nothing when it has not started us', async () => {
    const notify = open({ WATCHDOG_USEC: '1000000' })

    notify.ready()
    notify.reloading()
    notify.stopping()
    await clock.pass(10_000)

    assert.deepEqual(ran, [])
  })

  it('is when the server is ready, reads its configuration anew, and stops, in this order', async () => {
    const ends: (() => void)[] = []
    const notify = open(started, async (_, args) => {
      ran.push(args.join(' '))
      await new Promise<void>(end => ends.push(end))
    })

    notify.ready()
    notify.reloading()
    notify.ready()
    notify.stopping()
    await settled()
    assert.deepEqual(ran, ['READY=1'])
    while (ran.length < 4) {
      ends.shift()?.()
      await settled()
    }

    assert.match(ran[1] ?? '', /^RELOADING=1 MONOTONIC_USEC=\d+$/)
    assert.deepEqual([ran[2], ran[3]], ['READY=1', 'STOPPING=1'])
  })

  it('is that it lives, twice in the time after which it is taken for dead', async () => {
    open({ ...started, WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(process.pid) })

    await clock.pass(4999)
    assert.deepEqual(ran, [])
    await clock.pass(15_001)
    assert.deepEqual(ran, Array(4).fill('systemd-notify WATCHDOG=1'))
  })

  it('is not that it lives when another process is watched, or nobody is', async () => {
    for (const env of [{ WATCHDOG_USEC: '1000000', WATCHDOG_PID: '1' }, { WATCHDOG_USEC: 'x' }, { WATCHDOG_USEC: '0' }])
      open({ ...started, ...env })
    await clock.pass(60_000)

    assert.deepEqual(ran, [])
  })

  it('is complained about once when nobody can say it, and nothing fails', async () => {
    const notify = open(started, async () => {
      throw new Error('no such program')
    })

    notify.ready()
    notify.stopping()
    await settled()

    assert.deepEqual(complaints, ['Error: no such program'])
  })
})
