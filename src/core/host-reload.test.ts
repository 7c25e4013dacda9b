import assert from 'node:assert/strict'
import { el, Kit, settled } from '../../test/kit.js'
import { xml } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { PING } from '../xmpp/ns.js'
import { integer } from './config.js'
import { Gates, logTo } from './fixture.test.js'
import { type AnyModule, type Behaviour, Contract, defineModule, get, offer, set } from './module.js'
import { Slot } from './slot.js'

interface Greeting {
  readonly times: number
}

const times = { times: integer({ default: 1, doc: 'How often.' }) }

const greeter = (
  behave: (config: Greeting) => Behaviour,
  more: { readonly name?: string; readonly settingsInPlace?: boolean; readonly needs?: readonly string[] } = {},
): AnyModule =>
  defineModule({
    name: 'greeter',
    doc: 'Greets.',
    implements: [],
    config: times,
    features: [`urn:${more.name ?? 'greeter'}`],
    streamFeatures: [xml(more.name ?? 'greeter')],
    ...more,
    setup: ({ config }) => behave(config),
  })

const ping = xml('ping', { xmlns: PING })

describe('other settings for modules', () => {
  it('switch a module on and off while Romeo is there: requests, hooks, features and commands come and go', async () => {
    const seen: string[] = []
    const module = greeter(({ times }) => ({
      iq: [get(['server'], 'ping', PING, () => xml('pong', { times }))],
      hooks: { fromClient: { check: ({ stanza }) => void seen.push(stanza.kind) } },
      commands: [{ name: 'greet', doc: '', args: {}, run: async () => '' }],
    }))
    const kit = await Kit.start({ modules: [module], settings: { greeter: false } })
    const { host } = kit
    const romeo = await kit.connects('romeo')
    assert.equal(await romeo.isRefused('get', ping, 'verona.example'), 'service-unavailable')
    const features = host.streamFeatures

    assert.deepEqual({ ...host.reload({}), stopped: 0 }, { on: ['greeter'], off: [], changed: [], stopped: 0 })
    const answer = await romeo.asks('get', ping, 'verona.example')
    assert.equal(answer.getChildElements()[0]?.attrs.times, '1')
    assert.deepEqual(seen, ['iq'])
    assert.deepEqual(host.announced.server, ['urn:greeter'])
    assert.deepEqual(
      features.map(({ name }) => name),
      ['greeter'],
    )
    assert.equal(host.commands().length, 1)

    assert.deepEqual(host.reload({ greeter: false }).off, ['greeter'])
    assert.equal(await romeo.isRefused('get', ping, 'verona.example'), 'service-unavailable')
    assert.deepEqual([seen, host.announced.server, features, host.commands()], [['iq'], [], [], []])
  })

  it('set a module up anew, which finds what it knew of sessions, and leave the others alone', async () => {
    const greeted = new Slot('greeted', 0)
    const setUps: string[] = []
    const counting = (name: string) =>
      greeter(
        ({ times }) => {
          setUps.push(`${name} ${times}`)
          return {
            iq: [
              set(['server'], name, PING, ({ session }) => {
                const count = (session?.get(greeted) ?? 0) + times
                session?.set(greeted, count)
                return xml(name, { count })
              }),
            ],
          }
        },
        { name },
      )
    const kit = await Kit.start({ modules: [counting('a'), counting('b')] })
    const romeo = await kit.connects('romeo')
    const count = async () => {
      const answer = await romeo.asks('set', xml('a', { xmlns: PING }), 'verona.example')
      return answer.getChildElements()[0]?.attrs.count
    }

    assert.equal(await count(), '1')
    assert.deepEqual(kit.host.reload({ a: { times: 10 } }).changed, ['a'])
    assert.equal(await count(), '11')
    assert.deepEqual(kit.host.reload({ a: { times: 10 }, b: {} }).changed, [])
    assert.deepEqual(setUps, ['a 1', 'b 1', 'a 10'])
  })

  it('are put in place where a module takes them so: what it has in memory stays', async () => {
    let setUps = 0
    let memory = 0
    const module = greeter(
      config => {
        setUps++
        const remember = () => {
          memory += config.times
          return xml('pong', { memory })
        }
        return { iq: [set(['server'], 'ping', PING, remember)] }
      },
      { settingsInPlace: true },
    )
    const kit = await Kit.start({ modules: [module] })
    const romeo = await kit.connects('romeo')
    const add = async () => (await romeo.asks('set', ping, 'verona.example')).getChildElements()[0]?.attrs.memory

    assert.equal(await add(), '1')
    assert.deepEqual(kit.host.reload({ greeter: { times: 5 } }).changed, ['greeter'])
    assert.equal(await add(), '6')
    assert.equal(setUps, 1)
    assert.deepEqual(kit.host.settings()[0]?.written, { times: '5' })
  })

  it('keep the order of hooks', async () => {
    const order: string[] = []
    const hooked = (name: string) =>
      greeter(({ times }) => ({ hooks: { fromClient: { check: () => void order.push(`${name}${times}`) } } }), { name })
    const kit = await Kit.start({ modules: [hooked('a'), hooked('b'), hooked('c')], settings: { b: false } })
    const romeo = await kit.connects('romeo')

    kit.host.reload({ a: { times: 2 } })
    await romeo.sends(el`<presence/>`)

    assert.deepEqual(order, ['a2', 'b1', 'c1'])
  })

  it('let what had begun end as it began, and stop what is taken back when its tasks are through', async () => {
    const gates = new Gates()
    const events: string[] = []
    const module: AnyModule = defineModule({
      name: 'slow',
      doc: '',
      implements: [],
      config: times,
      setup({ config: { times }, every }) {
        every(1000, async () => {
          events.push(`task ${times}`)
          await gates.wait(undefined, times === 1)
          events.push(`task ${times} through`)
        })
        return {
          hooks: { fromClient: { check: () => gates.wait(undefined, times === 1) } },
          stop: () => void events.push(`stop ${times}`),
        }
      },
    })
    const kit = await Kit.start({ modules: [module] })
    const romeo = await kit.connects('romeo')
    const juliet = await kit.connects('juliet')
    await kit.clock.pass(1000)
    const sent = romeo.sends(el`<message to='juliet@verona.example/client' type='chat'><body>1</body></message>`)
    await settled()

    const { stopped } = kit.host.reload({ slow: { times: 2 } })
    await settled()
    assert.deepEqual(events, ['task 1'])
    await kit.clock.pass(1000)
    assert.deepEqual(events, ['task 1', 'task 2', 'task 2 through'])
    await gates.openAll()
    await Promise.all([stopped, sent])

    assert.deepEqual(events.slice(3), ['task 1 through', 'stop 1'])
    assert.deepEqual(juliet.hears(), ['1'])
    await kit.clock.pass(1000)
    assert.deepEqual(events.slice(5), ['task 2', 'task 2 through'])
  })

  it('give others what is offered by then', async () => {
    const contract = new Contract<Greeting>('greeting')
    const offering = greeter(({ times }) => ({ offers: [offer(contract, { times })] }))
    const kit = await Kit.start({ modules: [offering] })

    kit.host.reload({ greeter: { times: 3 } })
    assert.equal(kit.host.use(contract).times, 3)
    kit.host.reload({ greeter: false })
    assert.equal(kit.host.tryUse(contract), undefined)
  })

  describe('change nothing when', () => {
    const broken = (stopped: string[]) => {
      const fragile = greeter(({ times }) => {
        if (times === 13) throw new Error('not with 13')
        const greetings = times === 7 ? ['ping', 'a'] : ['ping']
        return {
          iq: greetings.map(name => get(['server'], name, PING, () => xml('pong', { times }))),
          stop: () => void stopped.push(`greeter ${times}`),
        }
      })
      const a = greeter(
        ({ times }) => ({
          iq: [get(['server'], 'a', PING, () => xml('a', { times }))],
          stop: () => void stopped.push(`a ${times}`),
        }),
        { name: 'a' },
      )
      return [a, fragile, greeter(() => ({}), { name: 'needy', needs: ['a'] })]
    }

    const cases: readonly (readonly [why: string, settings: Readonly<Record<string, unknown>>, message: RegExp])[] = [
      ['one cannot be set up', { a: { times: 2 }, greeter: { times: 13 } }, /not with 13/],
      ['two would answer the same', { a: { times: 2 }, greeter: { times: 7 } }, /two modules answer get server .*a$/],
      ['a setting is wrong', { a: { times: 2 }, greeter: { times: -1 } }, /modules\.greeter\.times: -1 was found/],
      ['there is no such module', { a: { times: 2 }, gretter: {} }, /modules\.gretter: there is no such module/],
      ['one is needed', { a: false, greeter: { times: 2 } }, /modules\.a: needy cannot do without it/],
    ]
    for (const [why, settings, message] of cases)
      it(why, async () => {
        const stopped: string[] = []
        const kit = await Kit.start({ modules: broken(stopped) })
        const romeo = await kit.connects('romeo')

        assert.throws(() => kit.host.reload(settings), { message })
        await settled()

        for (const name of ['ping', 'a']) {
          const answer = await romeo.asks('get', xml(name, { xmlns: PING }), 'verona.example')
          assert.equal(answer.getChildElements()[0]?.attrs.times, '1')
        }
        assert.ok(!stopped.includes('a 1') && !stopped.includes('greeter 1'))
        assert.deepEqual(
          kit.host.modules().map(({ name }) => name),
          ['a', 'greeter', 'needy'],
        )
      })

    it('and what had been set up for them is stopped', async () => {
      const stopped: string[] = []
      const kit = await Kit.start({ modules: broken(stopped) })

      assert.throws(() => kit.host.reload({ a: { times: 2 }, greeter: { times: 13 } }))
      await settled()

      assert.deepEqual(stopped, ['a 2'])
    })
  })
})

describe('what modules know of an account', () => {
  it('is put together, and one that fails is left out', async () => {
    const lines: string[] = []
    const knowing = (name: string, facts: Behaviour['facts'] & {}) => greeter(() => ({ facts }), { name })
    const kit = await Kit.start({
      modules: [
        knowing('a', account => ({ Name: account.local })),
        knowing('b', async () => assert.fail()),
        knowing('c', async () => ({ Contacts: '2' })),
      ],
      log: logTo(lines),
    })

    assert.deepEqual(await kit.host.facts(parseJid('romeo@verona.example')), { Name: 'romeo', Contacts: '2' })
    assert.deepEqual(lines, ['a module failed: b facts'])
  })
})
