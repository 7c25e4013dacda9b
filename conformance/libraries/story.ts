/** What people do, one scene after the other: each finds them logged in and leaves them so. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Cast, PASSWORD, type Stage } from './cast.js'
import { Person } from './program.js'

const ANOTHER = 'a-rose-by-any-name'

/** Defines the scenes, as tests, for one library over one transport. */
export function story(stage: Stage): void {
  const cast = new Cast(stage)
  before(() => cast.gather())
  for (const act of [logins, contacts, chats, questions, stores, reliability, accounts, farewells]) act(cast)
}

function logins(cast: Cast) {
  for (const mechanism of cast.stage.library.mechanisms(cast.stage.transport)) {
    it(`lets Tybalt log in by ${mechanism}`, async function () {
      if (!cast.offered.includes(`>${mechanism}<`)) {
        assert.notEqual(cast.server.name, 'Parlance', `offered are ${cast.offered}`)
        this.skip()
      }
      const tybalt = cast.person('tybalt', mechanism)
      await tybalt.login(cast.way, { mechanism })
      await tybalt.do('ping')
      await tybalt.do('logout')
    })
  }

  it('does not let Tybalt in by a wrong password, and says so', async () => {
    const tybalt = cast.person('tybalt', 'masked', 'not-his-password')
    await tybalt.isRefused('not-authorized', 'login', {
      ...cast.way,
      jid: tybalt.fullJid,
      password: 'not-his-password',
    })
  })

  it('lets Romeo log in from two devices, and Juliet', async () => {
    for (const somebody of Object.values(cast.people)) await somebody.login(cast.way)
  })
}

function contacts(cast: Cast) {
  cast.scene('roster', 'shows each change of his roster to all devices of Romeo', async () => {
    const { romeo, balcony, juliet } = cast.people
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

  cast.scene('subscriptions', 'lets Romeo ask for Juliet, her agree, and both see each other come and go', async () => {
    const { romeo, balcony, juliet } = cast.people
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

  cast.scene(
    'presence',
    'shows Juliet that Romeo is away, why, and how much he wants to be reached there',
    async () => {
      const { romeo, juliet } = cast.people

      await romeo.do('presence', { show: 'xa', status: 'banished to Mantua ☾', priority: 7 })
      const { from, show, status, priority } = await juliet.notices('presence', h => h.show === 'xa')

      assert.deepEqual([from, show, status, priority], [romeo.fullJid, 'xa', 'banished to Mantua ☾', 7])
      await romeo.do('presence', { priority: 5 })
      await juliet.sees(romeo, 'available')
    },
  )
}

function chats(cast: Cast) {
  cast.scene('chat', 'carries what they say to each other, in any script', async () => {
    const { romeo, juliet } = cast.people
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

  cast.scene('receipts', 'tells Romeo that Juliet has received what he said', async () => {
    const { romeo, juliet } = cast.people
    const id = randomUUID()

    await romeo.do('message', { to: juliet.fullJid, id, body: 'did you hear?', receipt: true })

    assert.equal(await juliet.hears(romeo), 'did you hear?')
    const { from } = await romeo.notices('receipt', h => h.id === id)
    assert.ok(`${from}`.startsWith(juliet.jid))
  })

  cast.scene('chat states', 'shows Juliet that Romeo is writing', async () => {
    const { romeo, juliet } = cast.people
    for (const state of ['composing', 'paused', 'active']) {
      await romeo.do('message', { to: juliet.fullJid, id: randomUUID(), state })
      await juliet.notices('message', h => h.from === romeo.fullJid && h.state === state)
    }
  })

  cast.scene('carbons', 'gives copies of what is said to the other device of Romeo', async () => {
    const { romeo, balcony, juliet } = cast.people
    await balcony.do('carbons')
    await balcony.do('presence', { priority: -1 })
    await juliet.notices('presence', h => h.from === balcony.fullJid && h.type === 'available')

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
    await balcony.do('presence', { type: 'unavailable' })
    await juliet.notices('presence', h => h.from === balcony.fullJid && h.type === 'unavailable')
  })
}

function questions(cast: Cast) {
  cast.scene('service discovery', 'tells Romeo what the server, his account and Juliet’s client can do', async () => {
    const { romeo, juliet } = cast.people
    const info = async (to: string) =>
      (await romeo.do('info', { to })) as {
        readonly identities: readonly string[]
        readonly features: readonly string[]
      }

    const domain = await info(cast.server.domain)
    assert.ok(domain.identities.includes('server/im'))
    for (const feature of [
      'http://jabber.org/protocol/disco#info',
      'http://jabber.org/protocol/disco#items',
      'urn:xmpp:ping',
    ])
      assert.ok(domain.features.includes(feature), feature)
    assert.ok((await info(romeo.jid)).identities.includes('account/registered'))
    const items = await romeo.do('items', { to: cast.server.domain })
    assert.ok(Array.isArray(items))
    if (!cast.stage.library.lacks.includes('entity capabilities')) {
      const client = await info(juliet.fullJid)
      assert.ok(client.identities.some(identity => identity.startsWith('client/')))
    }
  })

  cast.scene('entity capabilities', 'tells Juliet by a hash what Romeo’s client can do', async () => {
    const { romeo, juliet } = cast.people

    await romeo.do('presence', { status: 'here', priority: 5 })
    const { caps } = await juliet.notices('presence', h => h.from === romeo.fullJid && h.status === 'here')
    assert.ok(caps)
    const { features } = (await juliet.do('info', { to: romeo.fullJid, node: caps })) as {
      readonly features: readonly string[]
    }

    assert.ok(features.includes('urn:xmpp:ping'), `${features}`)
  })

  cast.scene('ping', 'answers when Romeo asks whether it is there, and lets him ask Juliet', async () => {
    const { romeo, juliet } = cast.people
    for (const to of [cast.server.domain, romeo.jid, juliet.fullJid]) await romeo.do('ping', { to })
  })

  cast.scene('version', 'tells Romeo its name and version', async () => {
    const { name, version } = (await cast.people.romeo.do('version', { to: cast.server.domain })) as Readonly<
      Record<string, string>
    >
    assert.match(`${name}`, new RegExp(cast.server.name, 'i'))
    assert.ok(version)
  })

  cast.scene('time', 'tells Romeo the time', async () => {
    const { utc } = (await cast.people.romeo.do('time', { to: cast.server.domain })) as { readonly utc: string }
    assert.ok(Math.abs(Date.parse(utc) - Date.now()) < 10_000, utc)
  })
}

function stores(cast: Cast) {
  cast.scene('vCard', 'keeps the vCard of Juliet, and shows it to Romeo', async () => {
    const { romeo, juliet } = cast.people
    await juliet.do('setVcard', { name: 'Juliet ☼ Capulet' })
    for (const reader of [juliet, romeo]) {
      assert.deepEqual(await reader.do('vcard', { to: juliet.jid }), { name: 'Juliet ☼ Capulet' })
    }
  })

  cast.scene('private XML', 'keeps the bookmarks of Romeo for all of his devices', async () => {
    const { romeo, balcony } = cast.people
    const bookmark = { jid: `ball@rooms.${cast.server.domain}`, name: 'The ball' }
    await romeo.do('setBookmark', bookmark)
    assert.deepEqual(await balcony.do('bookmarks'), [bookmark])
  })

  cast.scene('blocking', 'lets Romeo block Juliet and unblock her, and tells both', async () => {
    const { romeo, balcony, juliet } = cast.people
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

  cast.scene('last activity', 'tells Romeo for how long the server is up and when Juliet was last there', async () => {
    const { romeo, juliet } = cast.people
    const last = async (to: string) => ((await romeo.do('last', { to })) as { readonly seconds: number }).seconds

    assert.ok((await last(cast.server.domain)) >= 0)
    assert.equal(await last(juliet.jid), 0)
  })
}

function reliability(cast: Cast) {
  cast.scene(
    'stream management',
    'loses nothing that is said while Romeo’s connection is gone, nor says it twice',
    async () => {
      const { romeo, juliet } = cast.people
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

  cast.scene(
    'client state',
    'takes it when Romeo’s client says that nobody looks, and still gives him what is said',
    async () => {
      const { romeo, juliet } = cast.people

      await romeo.do('clientState', { active: false })
      await juliet.do('message', { to: romeo.fullJid, id: randomUUID(), body: 'look!' })
      assert.equal(await romeo.hears(juliet), 'look!')
      await romeo.do('clientState', { active: true })
      await romeo.do('ping')
    },
  )
}

function accounts(cast: Cast) {
  cast.scene('commands', 'lets its administrator make an account by a command, and nobody else', async () => {
    const { admin, domain } = cast.server
    const prince = new Person(cast.stage.program(), admin.jid, admin.password, `palace-${cast.tag}`)
    const node = 'http://jabber.org/protocol/admin#add-user'
    await prince.login(cast.way)

    const listed = (await prince.do('commands', { to: domain })) as readonly { readonly node: string }[]
    assert.ok(listed.some(item => item.node === node))
    const answers = { accountjid: `paris-${cast.tag}@${domain}`, password: ANOTHER, 'password-verify': ANOTHER }
    const { status } = (await prince.do('run', { to: domain, node, answers })) as { readonly status: string }

    assert.equal(status, 'completed')
    const paris = cast.person('paris', 'churchyard', ANOTHER)
    await paris.login(cast.way)
    await paris.do('logout')
    await cast.people.romeo.isRefused('forbidden', 'run', { to: domain, node, answers: {} })
    await prince.do('logout')
  })

  cast.scene('new account', 'lets Benvolio register, but not twice', async () => {
    const benvolio = cast.person('benvolio', 'square')
    const request = { ...cast.way, jid: benvolio.fullJid, password: PASSWORD }
    await benvolio.do('register', request)
    await benvolio.login(cast.way)
    await benvolio.do('logout')
    await benvolio.isRefused('conflict', 'register', request)
  })

  cast.scene('own account', 'lets Mercutio change his password, and leave for ever', async () => {
    const mercutio = cast.person('mercutio', 'street')
    await mercutio.login(cast.way)
    const account = { user: `mercutio-${cast.tag}`, domain: cast.server.domain }
    await mercutio.do('password', { ...account, password: ANOTHER })
    await mercutio.do('logout')

    await mercutio.isRefused('not-authorized', 'login', { ...cast.way, jid: mercutio.fullJid, password: PASSWORD })
    const changed = cast.person('mercutio', 'plague', ANOTHER)
    await changed.login(cast.way)
    await changed.do('unregister', account)
    const ghost = cast.person('mercutio', 'grave', ANOTHER)
    await ghost.isRefused('not-authorized', 'login', { ...cast.way, jid: ghost.fullJid, password: ANOTHER })
  })
}

function farewells(cast: Cast) {
  cast.scene('offline messages', 'keeps what is said while Juliet sleeps, and says when it was said', async () => {
    const { romeo, juliet } = cast.people
    await juliet.do('logout')
    await romeo.sees(juliet, 'unavailable')
    const before = Date.now()
    for (const body of ['sleep', 'dwell', 'upon thine eyes'])
      await romeo.do('message', { to: juliet.jid, id: randomUUID(), body })
    await romeo.do('ping')

    const awake = cast.person('juliet', 'tomb')
    await awake.login(cast.way)
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

  cast.scene('errors', 'tells Romeo why something cannot be', async () => {
    const { romeo } = cast.people
    const { domain } = cast.server
    const id = randomUUID()

    assert.deepEqual(await romeo.isRefused('item-not-found', 'info', { to: domain, node: 'no-such-node' }), {
      condition: 'item-not-found',
      type: 'cancel',
    })
    await romeo.isRefused('service-unavailable', 'ping', { to: `nobody-${cast.tag}@${domain}` })
    await romeo.do('message', { to: `nobody-${cast.tag}@${domain}`, id, body: 'is anybody there?' })
    assert.equal((await romeo.notices('refusal', h => h.id === id)).condition, 'service-unavailable')
  })

  it('lets them go', async () => {
    for (const somebody of [cast.people.romeo, cast.people.balcony]) await somebody.do('logout')
  })
}
