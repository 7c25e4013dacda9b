import assert from 'node:assert/strict'
import { type Client, el, FakeClock, Kit, type KitOptions, settled } from '../../test/kit.js'
import { argumentsOf } from '../core/commands.js'
import { integer } from '../core/config.js'
import { availability } from '../core/fixture.test.js'
import { type AnyModule, type Command, CommandError, defineModule } from '../core/module.js'
import { child, textOf } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { announceCommand } from './announce.js'
import { openLocalDoor } from './door.js'
import { serverCommands } from './server.js'
import { sessionCommands } from './sessions.js'
import { inWords, statusCommand } from './status.js'
import { userShowCommand } from './user-show.js'

const contacts: AnyModule = defineModule({
  name: 'contacts',
  doc: 'Knows contacts.',
  implements: ['RFC 6121', 'XEP-0144 1.1.1'],
  config: { maxItems: integer({ default: 7, doc: 'How many.' }) },
  setup: () => ({ facts: ({ local }) => ({ Contacts: local === 'romeo' ? '1' : '0' }) }),
})

const start = (options: Partial<KitOptions> = {}) => Kit.start({ modules: [availability, contacts], ...options })

/** What an operator sees. */
const run = (commands: readonly Command[], name: string, args: Readonly<Record<string, string>> = {}) =>
  openLocalDoor(commands, async () => {}).run(name, args)

const refusal = (message: string) => ({ name: 'CommandError', message })

/** The first column of a table, without its heading. */
const firstColumn = (text: string) =>
  text
    .split('\n')
    .slice(1)
    .map(line => line.split(' ')[0])

describe('session list', () => {
  const list = (kit: Kit, args = {}) => run(sessionCommands({ sessions: kit.directory }), 'session list', args)

  it('tells who is connected and how, in order', async () => {
    const kit = await start()
    const romeo = await kit.comesOnline(
      'romeo/orchard',
      el`<presence><show>away</show><priority>5</priority></presence>`,
    )
    await kit.comesOnline('juliet/balcony')
    await kit.connects('juliet/apse')
    romeo.acknowledges = false
    await (await kit.connects('nurse')).sends(
      el`<message to='romeo@verona.example' type='chat'><body>!</body></message>`,
    )

    assert.deepEqual((await list(kit)).split('\n'), [
      'SESSION                        FROM  SINCE                     PRESENCE     ENCRYPTION  STREAM MANAGEMENT',
      'juliet@verona.example/apse     -     1595-07-01T00:00:00.000Z  unavailable  none        off',
      'juliet@verona.example/balcony  -     1595-07-01T00:00:00.000Z  available    none        off',
      'nurse@verona.example/client    -     1595-07-01T00:00:00.000Z  unavailable  none        off',
      'romeo@verona.example/orchard   -     1595-07-01T00:00:00.000Z  away (5)     none        off, 1 unacknowledged',
    ])
  })

  it('tells of a domain, an account or a session only', async () => {
    const kit = await start()
    for (const name of ['romeo/orchard', 'juliet/balcony', 'juliet/apse', 'laura@mantua.example/home'])
      await kit.connects(name)

    assert.deepEqual(firstColumn(await list(kit, { jid: 'Mantua.example' })), ['laura@mantua.example/home'])
    assert.deepEqual(firstColumn(await list(kit, { jid: 'juliet@verona.example' })), [
      'juliet@verona.example/balcony',
      'juliet@verona.example/apse',
    ])
    assert.deepEqual(firstColumn(await list(kit, { jid: 'juliet@verona.example/apse' })), [
      'juliet@verona.example/apse',
    ])
    for (const jid of ['nurse@verona.example', 'juliet@verona.example/tomb', 'elsinore.example'])
      assert.equal(await list(kit, { jid }), 'Nobody is connected.')
  })
})

/** A function, for the compiler would go on knowing that it has not ended. */
const whyEnded = (client: Client) => client.ended?.text

describe('session kick', () => {
  const kick = (kit: Kit, jid: string, more = {}) =>
    run(sessionCommands({ sessions: kit.directory }), 'session kick', { jid, ...more })

  it('ends all sessions of an account, or one, and says why', async () => {
    const kit = await start()
    const [balcony, apse, romeo] = [
      await kit.connects('juliet/balcony'),
      await kit.connects('juliet/apse'),
      await kit.connects('romeo/orchard'),
    ]

    assert.equal(await kick(kit, 'juliet@verona.example/apse'), 'Ended: juliet@verona.example/apse.')
    assert.deepEqual(
      [apse.ended?.condition, apse.ended?.text],
      ['policy-violation', 'An administrator ended the session'],
    )
    assert.equal(whyEnded(balcony), undefined)
    assert.equal(kit.directory.of(balcony.account).length, 1)

    assert.equal(
      await kick(kit, 'juliet@verona.example', { reason: 'Bedtime' }),
      'Ended: juliet@verona.example/balcony.',
    )
    assert.equal(whyEnded(balcony), 'Bedtime')
    assert.equal(romeo.ended, undefined)
    assert.equal(kit.directory.of(parseJid('juliet@verona.example')).length, 0)
  })

  it('refuses whoever is not there, and whole domains', async () => {
    const kit = await start()
    await kit.connects('romeo/orchard')

    await assert.rejects(kick(kit, 'juliet@verona.example'), refusal('juliet@verona.example is not connected.'))
    await assert.rejects(kick(kit, 'romeo@verona.example/x'), refusal('romeo@verona.example/x is not connected.'))
    await assert.rejects(
      kick(kit, 'verona.example'),
      refusal('verona.example is no account or session, such as romeo@example.org.'),
    )
  })
})

describe('user show', () => {
  const show = (kit: Kit, jid: string) => {
    const { accounts, directory: sessions, host } = kit
    return run([userShowCommand({ accounts, sessions, facts: account => host.facts(account) })], 'user show', { jid })
  }

  it('tells what modules know, and of all sessions', async () => {
    const kit = await start()
    await kit.comesOnline('romeo/orchard')

    const lines = (await show(kit, 'Romeo@verona.example/orchard')).split('\n')

    assert.deepEqual(lines.slice(0, 4), ['Account   romeo@verona.example', 'Sessions  1', 'Contacts  1', ''])
    assert.match(lines[5] ?? '', /^romeo@verona\.example\/orchard +- +1595-07-01T00:00:00\.000Z +available/)
    assert.equal(await show(kit, 'nurse@verona.example'), 'Account   nurse@verona.example\nSessions  0\nContacts  0')
  })

  it('tells when there is no such account', async () => {
    await assert.rejects(
      show(await start(), 'ghost@verona.example'),
      refusal('There is no account ghost@verona.example.'),
    )
  })
})

describe('announce', () => {
  const announce = (kit: Kit, args: Readonly<Record<string, string>>) =>
    run(
      [
        announceCommand({
          ...kit,
          domains: kit.domains,
          sessions: kit.directory,
          router: kit.router,
          randomId: () => 'id',
        }),
      ],
      'announce',
      args,
    )

  it('tells everybody who is online, on each device, in the name of their domain', async () => {
    const kit = await start({ accounts: ['romeo', 'juliet', 'nurse', 'laura@mantua.example'] })
    const online = [
      await kit.comesOnline('romeo/orchard'),
      await kit.comesOnline('romeo/home'),
      await kit.comesOnline('laura@mantua.example/home'),
    ]
    const others = [
      await kit.connects('juliet/busy'),
      await kit.comesOnline('nurse/deaf', el`<presence><priority>-1</priority></presence>`),
    ]
    kit.forget()

    assert.equal(await announce(kit, { text: 'The gates close at eight.\nBe home.' }), '2 users were told.')

    for (const client of online) {
      const [message, ...more] = client.takesAll('message')
      assert.deepEqual(more, [])
      const { type, from } = message?.attrs ?? {}
      assert.deepEqual([type, from], ['headline', client.jid.domain])
      assert.equal(message && textOf(child(message, 'body') ?? message), 'The gates close at eight.\nBe home.')
    }
    for (const client of others) assert.deepEqual(client.takesAll('message'), [])
  })

  it('tells the users of one domain only', async () => {
    const kit = await start({ accounts: ['romeo', 'laura@mantua.example'] })
    const romeo = await kit.comesOnline('romeo/orchard')
    const laura = await kit.comesOnline('laura@mantua.example/home')

    assert.equal(await announce(kit, { text: 'Peace!', domain: 'mantua.example' }), '1 user was told.')

    assert.deepEqual([romeo.hears(), laura.hears()], [[], ['Peace!']])
    await assert.rejects(
      announce(kit, { text: 'Peace!', domain: 'elsinore.example' }),
      refusal('elsinore.example is none of the domains of this server: verona.example, mantua.example.'),
    )
  })

  it('leaves others their turns however many there are', async () => {
    const names = Array.from({ length: 250 }, (_, i) => `user${i}`)
    const kit = await start({ accounts: names })
    for (const name of names) await kit.comesOnline(name)
    let turns = 0
    const count = () => {
      turns++
      if (turns < 100) setImmediate(count)
    }

    const announced = announce(kit, { text: 'Peace!' })
    setImmediate(count)
    assert.equal(await announced, '250 users were told.')

    assert.ok(turns >= 2 && turns < 100, `${turns}`)
    await settled()
  })
})

describe('status', () => {
  it('tells how the server is', async () => {
    const kit = await start()
    const command = statusCommand({
      version: '1.2.3',
      domains: kit.domains,
      sessions: kit.directory,
      clock: kit.clock,
      more: async () => ({ Listening: 'c2s *:5222' }),
    })
    await kit.connects('romeo/orchard')
    await kit.connects('romeo/home')
    await kit.connects('juliet/balcony')
    await kit.clock.pass(26 * 3600 * 1000)

    const text = await run([command], 'status')

    assert.match(text, /^Version +1\.2\.3 \(Node\.js \d+\.\d+\.\d+\)$/m)
    assert.match(text, new RegExp(`^Process +${process.pid}$`, 'm'))
    assert.match(text, /^Running since +1595-07-01T00:00:00\.000Z \(1 day 2 hours\)$/m)
    assert.match(text, /^Domains +verona\.example, mantua\.example$/m)
    assert.match(text, /^Listening +c2s \*:5222$/m)
    assert.match(text, /^Sessions +3 of 2 accounts$/m)
    assert.match(text, /^Memory +\d+ MB, \d+ MB of it in objects$/m)
  })

  it('tells times in words', () => {
    const times: readonly (readonly [ms: number, words: string])[] = [
      [0, '0 seconds'],
      [999, '0 seconds'],
      [1000, '1 second'],
      [61_000, '1 minute 1 second'],
      [3_600_000, '1 hour'],
      [90_061_000, '1 day 1 hour'],
      [172_800_000, '2 days'],
    ]
    for (const [ms, words] of times) assert.equal(inWords(ms), words)
  })
})

describe('module list, log level and reload', () => {
  const log = { level: 'info' }
  const reload = async () => {
    throw new CommandError('Not today.')
  }
  const commands = (kit: Kit) =>
    serverCommands({
      modules: [availability, contacts],
      loaded: () => kit.host.settings(),
      reload,
      log,
      levels: ['debug', 'info'],
    })

  it('tell of all modules, on or off, with their settings', async () => {
    const on = await start({ settings: { contacts: { maxItems: 3 } } })
    const off = await start({ settings: { contacts: false } })

    assert.deepEqual((await run(commands(on), 'module list')).split('\n'), [
      'MODULE        STATE  SPECIFICATIONS            SETTINGS',
      'availability  on',
      'contacts      on     RFC 6121, XEP-0144 1.1.1  maxItems: 3',
    ])
    assert.match(await run(commands(off), 'module list'), /^contacts +off +RFC 6121, XEP-0144 1\.1\.1$/m)
  })

  it('have the log say more, or tell what it says', async () => {
    const kit = await start()

    assert.equal(await run(commands(kit), 'log level'), 'The log is at the level info.')
    assert.equal(await run(commands(kit), 'log level', { level: 'debug' }), 'The log is at the level debug.')
    assert.equal(log.level, 'debug')
    await assert.rejects(
      run(commands(kit), 'log level', { level: 'loud' }),
      refusal('"loud" was found for level, one of debug, info was expected.'),
    )
  })

  it('say why a configuration is not taken', async () => {
    await assert.rejects(run(commands(await start()), 'reload'), refusal('Not today.'))
  })
})

describe('every command', () => {
  it('has a sentence, and one for each argument; what may be left out comes last', async () => {
    const { accounts, directory: sessions, domains, router, host } = await start()
    const all = [
      ...sessionCommands({ sessions }),
      userShowCommand({ accounts, sessions, facts: account => host.facts(account) }),
      announceCommand({ domains, sessions, router, randomId: () => '' }),
      statusCommand({ version: '', domains, sessions, clock: new FakeClock(), more: async () => ({}) }),
      ...serverCommands({ modules: [], loaded: () => [], reload: async () => '', log: { level: '' }, levels: [] }),
    ]

    for (const command of all) {
      assert.match(command.doc, /^[A-Z].*\.$/, command.name)
      const args = argumentsOf(command)
      for (const { doc } of args) assert.match(doc, /^[a-z]/, command.name)
      const firstOptional = args.findIndex(({ optional }) => optional)
      if (firstOptional >= 0)
        assert.ok(
          args.slice(firstOptional).every(({ optional }) => optional),
          command.name,
        )
    }
  })
})
