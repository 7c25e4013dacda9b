import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { blocks } from '../core/contacts.js'
import { MemoryStorage } from '../core/memory-storage.js'
import type { AddressStore } from '../core/stores.js'
import { roster } from '../roster/index.js'
import { child, elements, firstElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { blocking } from './blocking.js'
import { ping } from './ping.js'

const command = (name: string, ...jids: readonly string[]) =>
  el`<${name} xmlns='urn:xmpp:blocking'>${jids.map(jid => `<item jid='${jid}'/>`).join('')}</${name}>`

/** Juliet and Romeo, online and friends. */
async function verona(storage?: MemoryStorage) {
  const kit = await Kit.start({ modules: [roster, blocking, ping], ...(storage && { storage }) })
  const juliet = await kit.comesOnline('juliet/chamber')
  const romeo = await kit.comesOnline('romeo/balcony')
  await befriend(romeo, juliet)
  kit.forget()
  return { kit, juliet, romeo, storage: kit.storage as MemoryStorage } // it has no other
}

async function befriend(one: Client, other: Client): Promise<void> {
  for (const [asking, answering] of [
    [one, other],
    [other, one],
  ] as const) {
    await asking.sends(el`<presence to='${answering.account}' type='subscribe'/>`)
    await answering.sends(el`<presence to='${asking.account}' type='subscribed'/>`)
  }
  await settled()
}

async function listOf(client: Client): Promise<(string | undefined)[]> {
  const reply = await client.asks('get', command('blocklist'))
  return elements(firstElement(reply) ?? reply).map(({ attrs }) => attrs.jid)
}

describe('blocking: the list', () => {
  it('is empty at first (§3.2)', async () => {
    const { juliet } = await verona()

    assert.deepEqual(await listOf(juliet), [])
  })

  it('has whom the user blocked, prepared, also after the server was started anew', async () => {
    const { juliet, storage } = await verona(new MemoryStorage())

    await juliet.asks('set', command('block', 'ROMEO@verona.example', 'mantua.example', 'romeo@Verona.example'))

    const later = await Kit.start({ modules: [blocking], storage })
    const expected = ['mantua.example', 'romeo@verona.example']
    assert.deepEqual((await listOf(juliet)).sort(), expected)
    assert.deepEqual((await listOf(await later.connects('juliet/garden'))).sort(), expected)
  })

  it('is not changed by a command without a name, or with one that is none (§3.3)', async () => {
    const { juliet } = await verona()

    assert.equal(await juliet.isRefused('set', command('block')), 'bad-request')
    assert.equal(await juliet.isRefused('set', command('block', 'romeo@verona.example', '@')), 'jid-malformed')
    assert.equal(await juliet.isRefused('set', command('unblock', '@')), 'jid-malformed')
    assert.equal(await juliet.isRefused('set', el`<unblock xmlns='urn:xmpp:blocking'><jid/></unblock>`), 'bad-request')
    assert.deepEqual(await listOf(juliet), [])
  })

  it('has a limit', async () => {
    const kit = await Kit.start({ modules: [blocking], settings: { blocking: { maxItems: 2 } } })
    const juliet = await kit.connects('juliet')
    await juliet.asks('set', command('block', 'a.example', 'b.example'))

    assert.equal((await juliet.asks('set', command('block', 'b.example'))).attrs.type, 'result')
    assert.equal(await juliet.isRefused('set', command('block', 'c.example')), 'policy-violation')
  })

  it('is nobody else’s business', async () => {
    const { romeo } = await verona()

    assert.equal(await romeo.isRefused('get', command('blocklist'), 'juliet@verona.example'), 'service-unavailable')
    assert.equal(
      await romeo.isRefused('set', command('block', 'a.example'), 'juliet@verona.example'),
      'service-unavailable',
    )
  })

  it('is pushed to clients that asked for it when it changes (§3.3, §3.4, §3.5)', async () => {
    const { kit, juliet } = await verona()
    const phone = await kit.connects('juliet/phone')
    const old = await kit.connects('juliet/old')
    await listOf(juliet)
    await listOf(phone)

    for (const [name, ...jids] of [
      ['block', 'a.example', 'b.example'],
      ['unblock', 'a.example'],
      ['unblock'],
    ] as const) {
      await juliet.asks('set', command(name, ...jids))
      for (const client of [juliet, phone]) {
        const push = client.takes()
        assert.deepEqual([push.attrs.type, push.attrs.to], ['set', client.jid.toString()])
        assert.equal(`${firstElement(push)}`, `${command(name, ...jids)}`)
        await client.sends(el`<iq type='result' id='${push.attrs.id}' to='juliet@verona.example'/>`)
      }
    }
    assert.deepEqual([juliet.received, phone.received, old.received], [[], [], []])
  })

  it('is in force only when it is committed', async () => {
    const { juliet, romeo, storage } = await verona()
    await listOf(juliet)
    storage.hold()

    const asked = juliet.sends(el`<iq type='set' id='b'>${command('block', 'romeo@verona.example')}</iq>`)
    await settled()
    await romeo.sends(el`<message type='chat' to='juliet@verona.example'><body>One word</body></message>`)
    assert.deepEqual(juliet.hears(), ['One word'])
    assert.deepEqual(juliet.received, [])
    storage.release()
    await asked

    assert.deepEqual(
      juliet.takesAll('iq').map(({ attrs }) => attrs.type),
      ['set', 'result'],
    )
  })

  it('that cannot be read refuses everything: it might have been blocked', async () => {
    const kit = await Kit.start({ modules: [roster, blocking], storage: new Unreadable() })
    const juliet = await kit.comesOnline('juliet')
    const romeo = await kit.connects('romeo')

    await romeo.sends(el`<message type='chat' to='juliet@verona.example'><body>One word</body></message>`)

    assert.deepEqual(juliet.hears(), [])
    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
  })
})

/* The four forms of §6, each of which covers Romeo's client, and others that do not. */
const COVERING = ['romeo@verona.example/balcony', 'romeo@verona.example', 'verona.example/balcony', 'verona.example']
const OTHERS = ['romeo@verona.example/street', 'romeo@mantua.example', 'verona.example/street', 'mantua.example']

const STANZAS = {
  message: el`<message type='chat' id='x'><body>One word with one of you</body></message>`,
  iq: el`<iq type='get' id='x'><query xmlns='jabber:iq:version'/></iq>`,
  presence: el`<presence id='x'/>`,
}
type Tried = keyof typeof STANZAS

describe('blocking: what it does', () => {
  for (const kind of Object.keys(STANZAS) as Tried[]) {
    const sent = (to: Client) => el`${`${STANZAS[kind]}`.replace(/^<\w+/, `$& to='${to.jid}'`)}`

    for (const form of COVERING) {
      it(`keeps a ${kind} of Romeo's away from Juliet, who blocked ${form}`, async () => {
        const { juliet, romeo } = await verona()
        await juliet.asks('set', command('block', form))
        romeo.received.length = 0

        await romeo.sends(sent(juliet))

        assert.deepEqual(juliet.received, [])
        if (kind === 'presence')
          assert.deepEqual(romeo.received, []) // not even an error
        else assert.equal(conditionOf(romeo.takes()), 'service-unavailable')
      })

      it(`keeps a ${kind} of Juliet's back, who blocked ${form}`, async () => {
        const { juliet, romeo } = await verona()
        await juliet.asks('set', command('block', form))
        romeo.received.length = 0

        await juliet.sends(sent(romeo))

        assert.deepEqual(romeo.received, [])
        const error = juliet.takes()
        assert.equal(conditionOf(error), 'not-acceptable')
        assert.equal(child(error, 'error')?.attrs.type, 'cancel')
        assert.ok(child(error, 'error')?.getChild('blocked', 'urn:xmpp:blocking:errors'))
      })
    }

    it(`lets a ${kind} pass when others are blocked, both ways`, async () => {
      const { juliet, romeo } = await verona()
      await juliet.asks('set', command('block', ...OTHERS))

      await romeo.sends(sent(juliet))
      await juliet.sends(sent(romeo))

      assert.equal(juliet.takes().name, kind)
      assert.equal(romeo.takes().name, kind)
    })
  }

  it('answers no answers (§3.3)', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    kitForget(romeo, juliet)

    for (const answer of [
      el`<message type='error' to='juliet@verona.example/chamber'><body>?</body></message>`,
      el`<iq type='result' id='1' to='juliet@verona.example/chamber'/>`,
      el`<iq type='error' id='1' to='juliet@verona.example/chamber'/>`,
      el`<presence type='probe' to='juliet@verona.example'/>`,
      el`<presence type='subscribe' to='juliet@verona.example'/>`,
    ])
      await romeo.sends(answer)

    assert.deepEqual([romeo.received, juliet.received], [[], []])
  })

  it('looks to the contact like an account that is not there', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    kitForget(romeo, juliet)
    const ask = (to: string) => romeo.asks('get', el`<query xmlns='jabber:iq:version'/>`, to)

    const blocked = [await ask('juliet@verona.example'), await ask('juliet@verona.example/chamber')]
    const absent = [await ask('rosaline@verona.example'), await ask('rosaline@verona.example/chamber')]

    const errors = (replies: typeof blocked) => replies.map(reply => `${elements(reply).at(-1)}`)
    assert.deepEqual(errors(blocked), errors(absent))
  })

  it('never comes between the clients of one user, or a user and the server (§5)', async () => {
    const { kit, juliet } = await verona()
    const phone = await kit.comesOnline('juliet/phone')
    await juliet.asks('set', command('block', 'verona.example', 'juliet@verona.example', 'verona.example/phone'))
    kitForget(juliet, phone)
    const question = el`<ping xmlns='urn:xmpp:ping'/>`

    await phone.sends(el`<message type='chat' to='juliet@verona.example/chamber'><body>milk</body></message>`)
    await kit.router.route(
      makeStanza({
        ...{ from: parseJid('verona.example'), to: juliet.account },
        el: el`<message xmlns='jabber:client'><body>decree</body></message>`,
      }),
    )
    await settled()

    assert.deepEqual(juliet.hears(), ['milk', 'decree'])
    assert.equal((await juliet.asks('get', question, 'verona.example')).attrs.type, 'result')
    assert.equal((await juliet.asks('get', question)).attrs.type, 'result')
    assert.equal((await juliet.asks('set', command('unblock'))).attrs.type, 'result')
  })

  it('works while the user is away, and reads the list once for all who wait', async () => {
    const { kit, juliet, romeo, storage } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    await juliet.leaves()
    romeo.received.length = 0
    storage.hold()

    const sent = [1, 2, 3].map(n => romeo.sends(el`<message to='juliet@verona.example' id='m${n}'><body/></message>`))
    storage.release()
    await Promise.all(sent)

    assert.deepEqual(romeo.takesAll('message').map(conditionOf), Array(3).fill('service-unavailable'))
    assert.equal(await kit.host.use(blocks).isBlocked(juliet.account, romeo.account), true)
  })

  it('costs no promise while the user is online', async () => {
    const { kit, juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))

    assert.equal(kit.host.use(blocks).isBlocked(juliet.account, romeo.account), true)
  })

  it('ends with the account', async () => {
    const { kit, juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    await kit.accounts.remove(juliet.account)
    await kit.accounts.create(juliet.account, new Map())

    assert.equal(await kit.host.use(blocks).isBlocked(juliet.account, romeo.account), false)
  })
})

describe('blocking: presence', () => {
  for (const form of ['romeo@verona.example', 'verona.example'])
    it(`shows the contact the user go, and nothing after that; ${form} is blocked`, async () => {
      const { juliet, romeo } = await verona()

      await juliet.asks('set', command('block', form))
      await juliet.sends(el`<presence><show>away</show></presence>`)
      await settled()

      assert.deepEqual(
        romeo.takesAll('presence').map(({ attrs }) => [attrs.type, attrs.from]),
        [['unavailable', 'juliet@verona.example/chamber']],
      )
    })

  it('shows the contact nothing new when he is blocked twice', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'verona.example'))
    romeo.received.length = 0

    await juliet.asks('set', command('block', 'romeo@verona.example', 'verona.example'))

    assert.deepEqual(romeo.received, [])
  })

  it('shows a stranger nothing', async () => {
    const { kit, juliet } = await verona()
    const nurse = await kit.comesOnline('nurse')
    kitForget(nurse)

    await juliet.asks('set', command('block', 'nurse@verona.example'))
    await juliet.asks('set', command('unblock', 'nurse@verona.example'))

    assert.deepEqual(nurse.received, [])
  })

  it('shows the contact the user again when he is unblocked (§3.4)', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    await juliet.sends(el`<presence><show>away</show></presence>`)
    romeo.received.length = 0

    await juliet.asks('set', command('unblock', 'romeo@verona.example'))

    const shown = romeo.takesAll('presence')
    assert.deepEqual(
      shown.map(({ attrs }) => [attrs.type, attrs.from]),
      [[undefined, 'juliet@verona.example/chamber']],
    )
    assert.equal(shown[0]?.getChild('show')?.getText(), 'away')
    await romeo.sends(el`<message type='chat' to='juliet@verona.example'><body>Sweet</body></message>`)
    assert.deepEqual(juliet.hears(), ['Sweet'])
  })

  it('shows everybody the user again who is not blocked in another way, when all or some are unblocked', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example', 'verona.example'))
    romeo.received.length = 0

    await juliet.asks('set', command('unblock', 'romeo@verona.example'))
    assert.deepEqual(romeo.takesAll('presence'), [])
    await juliet.asks('set', command('unblock'))

    assert.equal(romeo.takesAll('presence').length, 1)
    assert.deepEqual(await listOf(juliet), [])
  })

  it('does not tell when the user leaves', async () => {
    const { juliet, romeo } = await verona()
    await juliet.asks('set', command('block', 'romeo@verona.example'))
    romeo.received.length = 0

    await juliet.leaves()

    assert.deepEqual(romeo.received, [])
  })
})

/** Its sets of addresses cannot be read. */
class Unreadable extends MemoryStorage {
  override addresses(name: string): AddressStore {
    const { add, remove, clear } = super.addresses(name)
    return { add, remove, clear, all: () => Promise.reject(new Error('disk')) }
  }
}

function kitForget(...clients: readonly Client[]): void {
  for (const client of clients) client.received.length = 0
}
