import assert from 'node:assert/strict'
import { Kit, type KitOptions, settled } from '../../test/kit.js'
import { xml } from '../xml/index.js'
import { PING } from '../xmpp/ns.js'
import { flag, integer } from './config.js'
import { logTo, module } from './fixture.test.js'
import {
  type Announced,
  type AnyModule,
  Contract,
  defineModule,
  get,
  type Hooks,
  offer,
  STAGES,
  type Stage,
  set,
} from './module.js'
import type { Session } from './session.js'
import { log, value } from './stores.js'

const start = (modules: readonly AnyModule[], options: Partial<KitOptions> = {}) => Kit.start({ modules, ...options })

describe('the host', () => {
  it('runs hooks by stage, and within a stage in the order of the list', async () => {
    const stages = Object.keys(STAGES) as Stage[]
    const hooksOf = (stages: readonly Stage[]): Hooks => ({
      fromClient: Object.fromEntries(stages.map(stage => [stage, () => {}])),
    })
    const { host } = await start([
      module('a', { hooks: hooksOf(stages.toReversed()) }),
      module('b', { hooks: { toAccount: { check() {} } } }),
      module('c', { hooks: hooksOf(stages) }),
    ])

    const order = host.steps('fromClient', stages).map(({ stage, module }) => `${stage} ${module}`)

    assert.deepEqual(
      order,
      ['check', 'rewrite', 'record', 'copy', 'fallback'].flatMap(stage => [`${stage} a`, `${stage} c`]),
    )
    assert.deepEqual(
      host.steps('toAccount', stages).map(({ module }) => module),
      ['b'],
    )
  })

  it('gives the steps of some stages only', async () => {
    const { host } = await start([module('a', { hooks: { fromClient: { check() {}, copy() {} } } })])

    assert.deepEqual(
      host.steps('fromClient', ['copy', 'fallback']).map(({ stage }) => stage),
      ['copy'],
    )
    assert.deepEqual(host.steps('toAccount', ['copy']), [])
  })

  it('knows handlers by type, target, name and namespace', async () => {
    const ping = get(['server', 'account'], 'ping', PING, () => {})
    const { host } = await start([module('ping', { iq: [ping] })])

    assert.equal(host.handler('get', 'server', 'ping', PING), ping)
    assert.equal(host.handler('get', 'account', 'ping', PING), ping)
    assert.equal(host.handler('get', 'self', 'ping', PING), undefined)
    assert.equal(host.handler('set', 'server', 'ping', PING), undefined)
    assert.equal(host.handler('get', 'server', 'pong', PING), undefined)
    assert.equal(host.handler('get', 'server', 'ping', 'urn:xmpp:pong'), undefined)
  })

  it('does not start with two modules that answer the same request', async () => {
    const answer = (name: string, target: 'server' | 'account') =>
      module(name, { iq: [get([target], 'ping', PING, () => {}), set([target], 'ping', PING, () => {})] })

    await start([answer('a', 'server'), answer('b', 'account')])
    await assert.rejects(start([answer('a', 'server'), answer('b', 'server')]), /two modules answer get server .*ping/)
  })

  it('knows the commands and modules in the order of the list', async () => {
    const command = (name: string) => ({ name, doc: name, args: {}, run: async () => '' })
    const { host } = await start([
      module('b', { commands: [command('b one'), command('b two')] }),
      module('a', { commands: [command('a one')] }),
    ])

    assert.deepEqual(
      host.commands().map(({ name }) => name),
      ['b one', 'b two', 'a one'],
    )
    assert.deepEqual(
      host.modules().map(({ name }) => name),
      ['b', 'a'],
    )
  })

  it('announces what modules do, to modules as well, and nothing of those that are off', async () => {
    let announced: Announced | undefined
    const announcing = (name: string): AnyModule =>
      defineModule({
        ...{ name, doc: name, implements: [] },
        features: [`urn:${name}:server`],
        accountFeatures: [`urn:${name}:account`],
        streamFeatures: [xml(name)],
        setup(context) {
          announced = context.announced
          return { items: domain => [{ jid: `${name}.${domain}` }] }
        },
      })

    const { host } = await start([announcing('a'), announcing('b'), announcing('c')], { settings: { b: false } })

    assert.deepEqual(announced?.server, ['urn:a:server', 'urn:c:server'])
    assert.deepEqual(announced?.account, ['urn:a:account', 'urn:c:account'])
    assert.deepEqual(announced?.items('verona.example'), [{ jid: 'a.verona.example' }, { jid: 'c.verona.example' }])
    assert.deepEqual(
      host.streamFeatures.map(({ name }) => name),
      ['a', 'c'],
    )
  })
})

describe('the configuration of modules', () => {
  const given: unknown[] = []
  const archive: AnyModule = defineModule({
    name: 'archive',
    doc: 'Keeps messages.',
    implements: [],
    config: { open: flag({ default: false, doc: '' }), most: integer({ default: 10, doc: '' }) },
    setup({ config }) {
      given.push(config)
      return {}
    },
  })
  const search: AnyModule = { ...module('search'), needs: ['archive'] }
  const modules = [archive, search]

  beforeEach(() => {
    given.length = 0
  })

  for (const written of [undefined, null, true, {}])
    it(`is their defaults when it is ${JSON.stringify(written)}`, async () => {
      await start(modules, { settings: written === undefined ? {} : { archive: written } })

      assert.deepEqual(given, [{ open: false, most: 10 }])
    })

  it('is what is written', async () => {
    await start(modules, { settings: { archive: { most: 3 } } })

    assert.deepEqual(given, [{ open: false, most: 3 }])
  })

  it('switches them off', async () => {
    const { host } = await start(modules, { settings: { archive: false, search: false } })

    assert.deepEqual(given, [])
    assert.deepEqual(host.modules(), [])
  })

  const wrong: readonly (readonly [settings: Readonly<Record<string, unknown>>, path: string, message: RegExp])[] = [
    [{ archives: {} }, 'modules.archives', /there is no such module; known: archive, search/],
    [{ archive: { most: 'many' } }, 'modules.archive.most', /"many" was found/],
    [{ archive: { max: 3 } }, 'modules.archive.max', /unknown setting; known here: open, most/],
    [{ archive: 'yes' }, 'modules.archive', /"yes" was found, a section of settings was expected/],
    [{ search: { deep: true } }, 'modules.search.deep', /there are no settings here/],
    [{ archive: false }, 'modules.archive', /search cannot do without it/],
  ]
  for (const [settings, path, message] of wrong)
    it(`is refused when it is ${JSON.stringify(settings)}, before anything is set up`, async () => {
      await assert.rejects(start(modules, { settings }), { name: 'ConfigError', path, message })
      assert.deepEqual(given, [])
    })

  it('is refused when it is for a needed module that does not exist', async () => {
    await assert.rejects(start([search]), { name: 'ConfigError', path: 'modules.archive' })
  })
})

describe('what the host tells modules', () => {
  const hearing = (name: string, hear: (session: Session) => void | Promise<void>) =>
    module(name, { on: { bound: hear } })

  it('reaches them one after the other, each when the one before is done', async () => {
    const heard: string[] = []
    const { host } = await start([
      hearing('a', async ({ jid }) => {
        heard.push(`a begins ${jid}`)
        await settled()
        heard.push('a ends')
      }),
      module('deaf'),
      hearing('b', () => void heard.push('b')),
    ])

    const told = host.announce('bound', await romeo())
    assert.deepEqual(heard, ['a begins romeo@verona.example/orchard'])
    await told
    assert.deepEqual(heard, ['a begins romeo@verona.example/orchard', 'a ends', 'b'])
  })

  it('is done at once when nobody waits', async () => {
    const { host } = await start([hearing('a', () => {}), hearing('b', () => {})])

    assert.equal(host.announce('bound', await romeo()), undefined)
    assert.equal(host.announce('closed', await romeo()), undefined)
  })

  it('reaches the others when one fails, and the log says which', async () => {
    const heard: string[] = []
    const lines: string[] = []
    const { host } = await start(
      [
        hearing('a', () => {
          throw new Error('at once')
        }),
        hearing('b', async () => {
          await settled()
          throw new Error('later')
        }),
        hearing('c', () => void heard.push('c')),
      ],
      { log: logTo(lines) },
    )

    await host.announce('bound', await romeo())

    assert.deepEqual(heard, ['c'])
    assert.deepEqual(lines, ['a module failed: a bound', 'a module failed: b bound'])
  })

  async function romeo(): Promise<Session> {
    const kit = await start([])
    return kit.connects('romeo/orchard')
  }
})

describe('what modules offer', () => {
  interface Nurse {
    call(name: string): string
  }
  const nurse = new Contract<Nurse>('nurse')
  const offering = (name: string) => module(name, { offers: [offer(nurse, { call: name => `Anon, ${name}!` })] })

  it('is used by others, wherever in the list they are', async () => {
    const heard: (string | undefined)[] = []
    const using: AnyModule = defineModule({
      ...{ name: 'juliet', doc: '', implements: [] },
      setup: ({ use, tryUse }) => ({
        on: {
          bound() {
            heard.push(use(nurse).call('good nurse'), tryUse(nurse)?.call('sweet nurse'))
          },
        },
      }),
    })
    const kit = await start([using, offering('capulet')])

    await kit.connects('juliet/balcony')

    assert.deepEqual(heard, ['Anon, good nurse!', 'Anon, sweet nurse!'])
  })

  it('is missed when nobody offers it', async () => {
    const { host } = await start([offering('capulet')], { settings: { capulet: false } })

    assert.throws(() => host.use(nurse), /nobody offers nurse/)
    assert.equal(host.tryUse(nurse), undefined)
  })

  it('is offered by one of them only', async () => {
    await assert.rejects(start([offering('capulet'), offering('montague')]), /two modules offer nurse/)
  })
})

describe('the stores of modules', () => {
  it('are their own, whatever their names are', async () => {
    const { storage } = await start([])
    const opened: Record<string, unknown>[] = []
    const keeping = (name: string): AnyModule =>
      defineModule({
        ...{ name, doc: name, implements: [] },
        stores: { kept: value<string>(), log: log<string>() },
        setup({ stores }) {
          opened.push(stores)
          return { on: { bound: ({ account }) => stores.kept.set(account, name) } }
        },
      })

    const kit = await start([keeping('a'), keeping('b')], { storage })
    const { account } = await kit.connects('romeo/orchard')

    assert.deepEqual(await Promise.all(['a/kept', 'b/kept', 'kept'].map(name => storage.value(name).get(account))), [
      'a',
      'b',
      undefined,
    ])
    assert.deepEqual(
      opened.map(stores => Object.keys(stores)),
      [
        ['kept', 'log'],
        ['kept', 'log'],
      ],
    )
  })
})
