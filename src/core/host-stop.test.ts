import assert from 'node:assert/strict'
import { Kit, type KitOptions, settled } from '../../test/kit.js'
import { logTo, module } from './fixture.test.js'
import { type AnyModule, defineModule } from './module.js'

const start = (modules: readonly AnyModule[], options: Partial<KitOptions> = {}) => Kit.start({ modules, ...options })

describe('a repeated task', () => {
  const repeating = (task: () => void | Promise<void>): AnyModule =>
    defineModule({
      ...{ name: 'bell', doc: 'Rings.', implements: [] },
      setup({ every }) {
        every(1000, task)
        return {}
      },
    })

  it('is done again and again', async () => {
    let rung = 0
    const { clock } = await start([repeating(() => void rung++)])

    await clock.pass(999)
    assert.equal(rung, 0)
    await clock.pass(1)
    assert.equal(rung, 1)
    await clock.pass(3000)
    assert.equal(rung, 4)
  })

  it('is not begun while it is running', async () => {
    const ends: (() => void)[] = []
    const { clock } = await start([repeating(() => new Promise(end => ends.push(end)))])

    await clock.pass(5000)
    assert.equal(ends.length, 1)
    ends[0]?.()
    await settled()
    await clock.pass(1000)
    assert.equal(ends.length, 2)
  })

  for (const [how, task] of [
    ['at once', () => assert.fail()],
    ['later', async () => assert.fail()],
  ] as const)
    it(`is tried again when it has failed ${how}, and the log tells`, async () => {
      const lines: string[] = []
      const { clock } = await start([repeating(task)], { log: logTo(lines) })

      await clock.pass(2000)

      assert.deepEqual(lines, ['a module failed: bell task', 'a module failed: bell task'])
    })

  it('ends with the host', async () => {
    let rung = 0
    const { clock, host } = await start([repeating(() => void rung++)])

    await clock.pass(1000)
    await host.stop()
    await clock.pass(5000)

    assert.equal(rung, 1)
  })

  it('is not cut off: the host stops when it is through', async () => {
    const events: string[] = []
    let end = () => {}
    const task = () =>
      new Promise<void>(resolve => {
        end = resolve
      }).then(() => void events.push('rung'))
    const { clock, host } = await start([repeating(task)])
    await clock.pass(1000)

    const stopped = host.stop().then(() => events.push('stopped'))
    await settled()
    assert.deepEqual(events, [])
    end()
    await stopped
    await clock.pass(5000)

    assert.deepEqual(events, ['rung', 'stopped'])
  })
})

describe('a host that stops', () => {
  it('stops modules from the last to the first, each when the one after it has', async () => {
    const stopped: string[] = []
    const stopping = (name: string, wait: () => Promise<unknown> | undefined) =>
      module(name, {
        async stop() {
          await wait()
          stopped.push(name)
        },
      })
    const { host } = await start([stopping('a', () => undefined), module('b'), stopping('c', settled)])

    await host.stop()

    assert.deepEqual(stopped, ['c', 'a'])
  })

  for (const [how, stop] of [
    ['at once', () => assert.fail()],
    ['later', async () => assert.fail()],
  ] as const)
    it(`stops the others too when one of them fails ${how}`, async () => {
      const lines: string[] = []
      const stopped: string[] = []
      const { host } = await start(
        [module('a', { stop: () => void stopped.push('a') }), module('b', { stop }), module('c')],
        { log: logTo(lines) },
      )

      await host.stop()

      assert.deepEqual(stopped, ['a'])
      assert.deepEqual(lines, ['a module failed: b stop'])
    })
})
