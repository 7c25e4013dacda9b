/** Whether people with the libraries of others can do with the server what their library offers. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isServerName, SERVERS, type Server, startServer } from '../servers/index.js'
import { requireModules, requirePackages } from '../servers/packages.js'
import { register, TextClient, type Transport } from '../servers/text-client.js'
import { type Bridge, startBridge } from './bridge.js'
import { type Feature, LIBRARIES, type Library, TRANSPORTS } from './library.js'
import { Person, Program, type Way } from './program.js'

/** Who the referee is when it is not Parlance. */
const SERVER = process.env.CONFORMANCE_SERVER ?? 'parlance'

describe('people with libraries of others', function () {
  this.timeout(30_000)
  let open: Server
  let strict: Server
  let bridge: Bridge
  const serverFor = (transport: Transport) => (transport === 'plain' ? open : strict)

  before(async function () {
    this.timeout(60_000)
    assert.ok(isServerName(SERVER))
    await requirePackages(this, SERVERS[SERVER].packages)
    ;[open, strict] = await Promise.all([startServer(SERVER), startServer(SERVER, { requireTls: true })])
    bridge = await startBridge(serverFor)
  })

  after(async () => {
    await bridge?.close()
    await Promise.all([open?.dispose(), strict?.dispose()])
  })

  afterEach(function () {
    if (this.currentTest?.state === 'failed' && process.env.PARLANCE_TEST_LOG) console.log(open.logTail(100))
  })

  const wayOver = (transport: Transport, { bridged }: Library): Way => {
    const { host, domain, ports, certificateFile } = serverFor(transport)
    const port = { plain: ports.plain, STARTTLS: ports.c2s, 'direct TLS': ports.c2sTls }[transport]
    const url = bridged.includes(transport) ? bridge.url(transport) : undefined
    return { transport, domain, host, port, url, ca: certificateFile }
  }

  for (const library of LIBRARIES) {
    describe(`with ${library.name}`, () => {
      const programs = new Map<Transport, Program>()

      before(async function () {
        await requirePackages(this, library.packages)
        requireModules(this, library.modules)
        console.log(`      ${library.name} ${await library.version()}, ${open.name} ${open.version}`)
        for (const transport of TRANSPORTS)
          programs.set(
            transport,
            new Program(`${library.name} over ${transport}`, library.launch(serverFor(transport).certificateFile)),
          )
        await Promise.all([...programs.values()].map(program => program.ready()))
      })
      after(() => Promise.all([...programs.values()].map(program => program.end())))

      for (const transport of TRANSPORTS) {
        describe(`over ${transport}`, () =>
          story({
            library,
            transport,
            server: () => serverFor(transport),
            way: () => wayOver(transport, library),
            program: () => programs.get(transport) ?? assert.fail(),
          }))
      }
    })
  }
})

interface Stage {
  readonly library: Library
  readonly transport: Transport
  server(): Server
  way(): Way
  program(): Program
}

/** What they do, one after the other; each scene finds people logged in and leaves them so. */
function story({ library, transport, server, way, program }: Stage) {
  const tag = `${LIBRARIES.indexOf(library)}${TRANSPORTS.indexOf(transport)}`
  const [password, another] = ['wherefore-art-thou', 'a-rose-by-any-name']
  const person = (name: string, resource: string, word = password) =>
    new Person(program(), `${name}-${tag}@${server().domain}`, word, resource)
  let offered: string
  let people: { readonly romeo: Person; readonly balcony: Person; readonly juliet: Person }

  const scene = (feature: Feature, title: string, play: () => Promise<void>) => {
    if (!library.lacks.includes(feature)) it(title, play)
  }

  before(async () => {
    const names = ['romeo', 'juliet', 'tybalt', 'mercutio'].map(name => [`${name}-${tag}`, password])
    await register(server(), Object.fromEntries(names))
    const scout = await TextClient.connect(server(), transport)
    offered = scout.features
    await scout.close()
    people = {
      romeo: person('romeo', 'orchard'),
      balcony: person('romeo', 'balcony'),
      juliet: person('juliet', 'chamber'),
    }
  })

  for (const mechanism of library.mechanisms(transport)) {
    it(`lets Tybalt log in by ${mechanism}`, async function () {
      if (!offered.includes(`>${mechanism}<`)) {
        assert.notEqual(SERVER, 'parlance', `offered are ${offered}`)
        this.skip()
      }
      const tybalt = person('tybalt', mechanism)
      await tybalt.login(way(), { mechanism })
      await tybalt.do('ping')
      await tybalt.do('logout')
    })
  }

  it('does not let Tybalt in by a wrong password, and says so', async () => {
    const tybalt = person('tybalt', 'masked', 'not-his-password')
    await tybalt.isRefused('not-authorized', 'login', { ...way(), jid: tybalt.fullJid, password: 'not-his-password' })
  })

  it('lets Romeo log in from two devices, and Juliet', async () => {
    for (const somebody of Object.values(people)) await somebody.login(way())
  })

  scene('roster', 'shows each change of his roster to all devices of Romeo', async () => {
    const { romeo, balcony, juliet } = people
    const item = { jid: juliet.jid, name: 'Juliet', groups: ['Capulets'] }

    await romeo.do('setItem', item)
    for (const device of [romeo, balcony]) {
      const { jid, name, subscription } = await device.notices('roster', h => h.name === 'Juliet')
      assert.deepEqual({ jid, name, subscription }, { jid: juliet.jid, name: 'Juliet', subscription: 'none' })
    }
    await romeo.do('setItem', { ...item, name: 'The sun', groups: ['Capulets', 'Family'] })
    for (const device of [romeo, balcony]) await device.notices('roster', h => h.name === 'The sun')
    const [kept] = (await balcony.do('roster')) as readonly { readonly groups: readonly string[] }[]
    assert.deepEqual([...(kept?.groups ?? [])].sort(), ['Capulets', 'Family'])
    await balcony.do('removeItem', { jid: juliet.jid })
    for (const device of [romeo, balcony]) await device.notices('roster', h => h.subscription === 'remove')
    assert.deepEqual(await romeo.do('roster'), [])
  })

  scene('subscriptions', 'lets Romeo ask for Juliet, her agree, and both see each other come and go', async () => {
    const { romeo, balcony, juliet } = people
    await romeo.do('presence', { priority: 5 })
    await juliet.do('presence', {})

    await romeo.do('subscription', { to: juliet.jid, type: 'subscribe' })
    await juliet.sees(romeo, 'subscribe')
    await romeo.notices('roster', h => h.jid === juliet.jid && h.ask === 'subscribe')
    await juliet.do('subscription', { to: romeo.jid, type: 'subscribed' })
    await romeo.notices('roster', h => h.jid === juliet.jid && h.subscription === 'to')
    await romeo.sees(juliet, 'available')
    await juliet.do('subscription', { to: romeo.jid, type: 'subscribe' })
    await romeo.sees(juliet, 'subscribe')
    await romeo.do('subscription', { to: juliet.jid, type: 'subscribed' })
    await balcony.notices('roster', h => h.jid === juliet.jid && h.subscription === 'both')
    await juliet.sees(romeo, 'available')

    await juliet.do('presence', { type: 'unavailable' })
    await romeo.sees(juliet, 'unavailable')
    await juliet.do('presence', {})
    await romeo.sees(juliet, 'available')
    await juliet.sees(romeo, 'available')
  })

  scene('presence', 'shows Juliet that Romeo is away, why, and how much he wants to be reached there', async () => {
    const { romeo, juliet } = people

    await romeo.do('presence', { show: 'xa', status: 'banished to Mantua ☾', priority: 7 })
    const { from, show, status, priority } = await juliet.notices('presence', h => h.show === 'xa')

    assert.deepEqual([from, show, status, priority], [romeo.fullJid, 'xa', 'banished to Mantua ☾', 7])
    await romeo.do('presence', { priority: 5 })
    await juliet.sees(romeo, 'available')
  })

  scene('chat', 'carries what they say to each other, in any script', async () => {
    const { romeo, juliet } = people
    for (const [speaker, listener] of [
      [romeo, juliet],
      [juliet, romeo],
    ] as const) {
      for (const body of ['<It is> the "east" & \'Juliet\'', 'Ѓжɠ ☾ ünïcödé 愛 🌹', 'two\nlines']) {
        await speaker.do('message', { to: listener.jid, id: randomUUID(), body })
        assert.equal(await listener.hears(speaker), body)
      }
    }
  })

  scene('receipts', 'tells Romeo that Juliet has received what he said', async () => {
    const { romeo, juliet } = people
    const id = randomUUID()

    await romeo.do('message', { to: juliet.fullJid, id, body: 'did you hear?', receipt: true })

    assert.equal(await juliet.hears(romeo), 'did you hear?')
    const { from } = await romeo.notices('receipt', h => h.id === id)
    assert.ok(`${from}`.startsWith(juliet.jid))
  })

  scene('chat states', 'shows Juliet that Romeo is writing', async () => {
    const { romeo, juliet } = people
    for (const state of ['composing', 'paused', 'active']) {
      await romeo.do('message', { to: juliet.fullJid, id: randomUUID(), state })
      await juliet.notices('message', h => h.from === romeo.fullJid && h.state === state)
    }
  })

  scene('carbons', 'gives copies of what is said to the other device of Romeo', async () => {
    const { romeo, balcony, juliet } = people
    await balcony.do('carbons')

    await romeo.do('message', { to: juliet.jid, id: randomUUID(), body: 'good night' })
    await juliet.do('message', { to: romeo.fullJid, id: randomUUID(), body: 'parting is such sweet sorrow' })
    const sent = await balcony.notices('carbon', h => h.direction === 'sent')
    const received = await balcony.notices('carbon', h => h.direction === 'received')

    assert.deepEqual([sent.by, sent.from, sent.to, sent.body], [romeo.jid, romeo.fullJid, juliet.jid, 'good night'])
    assert.deepEqual(
      [received.by, received.from, received.to, received.body],
      [romeo.jid, juliet.fullJid, romeo.fullJid, 'parting is such sweet sorrow'],
    )
    await juliet.hears(romeo)
    await romeo.hears(juliet)
  })

  scene('service discovery', 'tells Romeo what the server, his account and Juliet’s client can do', async () => {
    const { romeo, juliet } = people
    const info = async (to: string) =>
      (await romeo.do('info', { to })) as {
        readonly identities: readonly string[]
        readonly features: readonly string[]
      }

    const domain = await info(server().domain)
    assert.ok(domain.identities.includes('server/im'))
    for (const feature of [
      'http://jabber.org/protocol/disco#info',
      'http://jabber.org/protocol/disco#items',
      'urn:xmpp:ping',
    ])
      assert.ok(domain.features.includes(feature), feature)
    assert.ok((await info(romeo.jid)).identities.includes('account/registered'))
    const items = await romeo.do('items', { to: server().domain })
    assert.ok(Array.isArray(items))
    if (!library.lacks.includes('entity capabilities')) {
      const client = await info(juliet.fullJid)
      assert.ok(client.identities.some(identity => identity.startsWith('client/')))
    }
  })

  scene('entity capabilities', 'tells Juliet by a hash what Romeo’s client can do', async () => {
    const { romeo, juliet } = people

    await romeo.do('presence', { status: 'here', priority: 5 })
    const { caps } = await juliet.notices('presence', h => h.from === romeo.fullJid && h.status === 'here')
    assert.ok(caps)
    const { features } = (await juliet.do('info', { to: romeo.fullJid, node: caps })) as {
      readonly features: readonly string[]
    }

    assert.ok(features.includes('urn:xmpp:ping'), `${features}`)
  })

  scene('ping', 'answers when Romeo asks whether it is there, and lets him ask Juliet', async () => {
    const { romeo, juliet } = people
    for (const to of [server().domain, romeo.jid, juliet.fullJid]) await romeo.do('ping', { to })
  })

  scene('version', 'tells Romeo its name and version', async () => {
    const { name, version } = (await people.romeo.do('version', { to: server().domain })) as Readonly<
      Record<string, string>
    >
    assert.match(`${name}`, new RegExp(server().name, 'i'))
    assert.ok(version)
  })

  scene('time', 'tells Romeo the time', async () => {
    const { utc } = (await people.romeo.do('time', { to: server().domain })) as { readonly utc: string }
    assert.ok(Math.abs(Date.parse(utc) - Date.now()) < 10_000, utc)
  })

  scene('vCard', 'keeps the vCard of Juliet, and shows it to Romeo', async () => {
    const { romeo, juliet } = people
    await juliet.do('setVcard', { name: 'Juliet ☼ Capulet' })
    for (const reader of [juliet, romeo]) {
      assert.deepEqual(await reader.do('vcard', { to: juliet.jid }), { name: 'Juliet ☼ Capulet' })
    }
  })

  scene('private XML', 'keeps the bookmarks of Romeo for all of his devices', async () => {
    const { romeo, balcony } = people
    const bookmark = { jid: `ball@rooms.${server().domain}`, name: 'The ball' }
    await romeo.do('setBookmark', bookmark)
    assert.deepEqual(await balcony.do('bookmarks'), [bookmark])
  })

  scene('blocking', 'lets Romeo block Juliet and unblock her, and tells both', async () => {
    const { romeo, balcony, juliet } = people
    for (const device of [romeo, balcony]) assert.deepEqual(await device.do('blocked'), [])

    await romeo.do('block', { jid: juliet.jid })
    for (const device of [romeo, balcony]) assert.deepEqual((await device.notices('block')).jids, [juliet.jid])
    assert.deepEqual(await romeo.do('blocked'), [juliet.jid])
    await juliet.sees(romeo, 'unavailable')
    const [hers, his] = [randomUUID(), randomUUID()]
    await juliet.do('message', { to: romeo.jid, id: hers, body: 'can you hear me?' })
    assert.equal((await juliet.notices('refusal', h => h.id === hers)).condition, 'service-unavailable')
    await romeo.do('message', { to: juliet.jid, id: his, body: 'I cannot hear you' })
    assert.equal((await romeo.notices('refusal', h => h.id === his)).condition, 'not-acceptable')

    await romeo.do('unblock', { jid: juliet.jid })
    for (const device of [romeo, balcony]) assert.deepEqual((await device.notices('unblock')).jids, [juliet.jid])
    await juliet.sees(romeo, 'available')
    await juliet.do('message', { to: romeo.jid, id: randomUUID(), body: 'and now?' })
    assert.equal(await romeo.hears(juliet), 'and now?')
  })

  scene('last activity', 'tells Romeo for how long the server is up and when Juliet was last there', async () => {
    const { romeo, juliet } = people
    const last = async (to: string) => ((await romeo.do('last', { to })) as { readonly seconds: number }).seconds

    assert.ok((await last(server().domain)) >= 0)
    assert.equal(await last(juliet.jid), 0)
  })

  scene(
    'stream management',
    'loses nothing that is said while Romeo’s connection is gone, nor says it twice',
    async () => {
      const { romeo, juliet } = people
      const id = randomUUID()
      await romeo.do('message', { to: juliet.jid, id, body: 'before' })
      await romeo.notices('acknowledged', h => h.id === id)
      assert.equal(await juliet.hears(romeo), 'before')

      await romeo.do('cut')
      for (const body of ['one', 'two', 'three'])
        await juliet.do('message', { to: romeo.fullJid, id: randomUUID(), body })
      await juliet.do('ping')
      await romeo.do('resume')

      for (const body of ['one', 'two', 'three']) assert.equal(await romeo.hears(juliet), body)
      await romeo.do('message', { to: juliet.jid, id: randomUUID(), body: 'after' })
      assert.equal(await juliet.hears(romeo), 'after')
      assert.deepEqual(await romeo.leftOf('message'), [])
      assert.deepEqual(await juliet.leftOf('message'), [])
    },
  )

  scene(
    'client state',
    'takes it when Romeo’s client says that nobody looks, and still gives him what is said',
    async () => {
      const { romeo, juliet } = people

      await romeo.do('clientState', { active: false })
      await juliet.do('message', { to: romeo.fullJid, id: randomUUID(), body: 'look!' })
      assert.equal(await romeo.hears(juliet), 'look!')
      await romeo.do('clientState', { active: true })
      await romeo.do('ping')
    },
  )

  scene('commands', 'lets its administrator make an account by a command, and nobody else', async () => {
    const { admin, domain } = server()
    const prince = new Person(program(), admin.jid, admin.password, `palace-${tag}`)
    const node = 'http://jabber.org/protocol/admin#add-user'
    await prince.login(way())

    const listed = (await prince.do('commands', { to: domain })) as readonly { readonly node: string }[]
    assert.ok(listed.some(item => item.node === node))
    const answers = { accountjid: `paris-${tag}@${domain}`, password: another, 'password-verify': another }
    const { status } = (await prince.do('run', { to: domain, node, answers })) as { readonly status: string }

    assert.equal(status, 'completed')
    const paris = person('paris', 'churchyard', another)
    await paris.login(way())
    await paris.do('logout')
    await people.romeo.isRefused('forbidden', 'run', { to: domain, node, answers: {} })
    await prince.do('logout')
  })

  scene('new account', 'lets Benvolio register, but not twice', async () => {
    const benvolio = person('benvolio', 'square')
    const request = { ...way(), jid: benvolio.fullJid, password }
    await benvolio.do('register', request)
    await benvolio.login(way())
    await benvolio.do('logout')
    await benvolio.isRefused('conflict', 'register', request)
  })

  scene('own account', 'lets Mercutio change his password, and leave for ever', async () => {
    const mercutio = person('mercutio', 'street')
    await mercutio.login(way())
    const account = { user: `mercutio-${tag}`, domain: server().domain }
    await mercutio.do('password', { ...account, password: another })
    await mercutio.do('logout')

    await mercutio.isRefused('not-authorized', 'login', { ...way(), jid: mercutio.fullJid, password })
    const changed = person('mercutio', 'plague', another)
    await changed.login(way())
    await changed.do('unregister', account)
    const ghost = person('mercutio', 'grave', another)
    await ghost.isRefused('not-authorized', 'login', { ...way(), jid: ghost.fullJid, password: another })
  })

  scene('offline messages', 'keeps what is said while Juliet sleeps, and says when it was said', async () => {
    const { romeo, juliet } = people
    await juliet.do('logout')
    await romeo.sees(juliet, 'unavailable')
    const before = Date.now()
    for (const body of ['sleep', 'dwell', 'upon thine eyes'])
      await romeo.do('message', { to: juliet.jid, id: randomUUID(), body })
    await romeo.do('ping')

    const awake = person('juliet', 'tomb')
    await awake.login(way())
    await awake.do('presence', {})

    for (const expected of ['sleep', 'dwell', 'upon thine eyes']) {
      const { body, sentAt } = await awake.notices('message', h => typeof h.body === 'string' && h.body !== '')
      assert.equal(body, expected)
      // a stamp may be in whole seconds
      assert.ok(Date.parse(`${sentAt}`) > before - 1500 && Date.parse(`${sentAt}`) < Date.now() + 1500, `${sentAt}`)
    }
    assert.deepEqual(await awake.leftOf('message'), [])
    await awake.do('logout')
  })

  scene('errors', 'tells Romeo why something cannot be', async () => {
    const { romeo } = people
    const { domain } = server()
    const id = randomUUID()

    assert.deepEqual(await romeo.isRefused('item-not-found', 'info', { to: domain, node: 'no-such-node' }), {
      condition: 'item-not-found',
      type: 'cancel',
    })
    await romeo.isRefused('service-unavailable', 'ping', { to: `nobody-${tag}@${domain}` })
    await romeo.do('message', { to: `nobody-${tag}@${domain}`, id, body: 'is anybody there?' })
    assert.equal((await romeo.notices('refusal', h => h.id === id)).condition, 'service-unavailable')
  })

  it('lets them go', async () => {
    for (const somebody of [people.romeo, people.balcony]) await somebody.do('logout')
  })
}
