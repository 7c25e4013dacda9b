import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit, type KitOptions, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import { blocking } from '../modules/blocking.js'
import { roster } from '../roster/index.js'
import type { Element } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import type { Kept } from './mailbox.js'
import { offline } from './offline.js'

const QUIET = el`<presence><priority>-1</priority></presence>`
const JULIET = parseJid('juliet@verona.example')
const DAY = 24 * 60 * 60 * 1000

/** Romeo is online, Juliet is not. */
async function verona(settings: KitOptions['settings'] = {}) {
  const kit = await Kit.start({ modules: [roster, offline], settings })
  const romeo = await kit.comesOnline('romeo/orchard')
  kit.forget()
  const storage = kit.storage as MemoryStorage // it has no other
  return { kit, romeo, storage, messages: storage.log<Kept>('offline/messages') }
}

const message = (text: string, more = '') =>
  el`<message type='chat' id='${text}' to='juliet@verona.example'><body>${text}</body>${more}</message>`

async function says(who: Client, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await who.sends(message(text))
}

/** A client that does not acknowledge what it receives. */
async function comesSilently(kit: Kit, name: string): Promise<Client> {
  const client = await kit.connects(name)
  client.acknowledges = false
  await client.sends(el`<presence/>`)
  await settled()
  return client
}

/** Acknowledges what it has received, and what is to come. */
function reads(client: Client): void {
  client.acknowledges = true
  client.confirms()
}

const stampOf = (stanza: Element) => stanza.getChild('delay', 'urn:xmpp:delay')?.attrs
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i))

describe('offline: storing', () => {
  it('keeps a message until the user comes, and tells when it was sent', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, 'I am afeard')
    await kit.clock.pass(5000)

    const juliet = await kit.comesOnline('juliet/chamber')

    const [received, ...more] = juliet.takesAll('message')
    assert.deepEqual(more, [])
    assert.equal(received?.getChild('body')?.getText(), 'I am afeard')
    assert.deepEqual(
      [received?.attrs.from, received?.attrs.to, received?.attrs.type, received?.attrs.id],
      ['romeo@verona.example/orchard', 'juliet@verona.example', 'chat', 'I am afeard'],
    )
    assert.deepEqual(received && stampOf(received), {
      xmlns: 'urn:xmpp:delay',
      from: 'verona.example',
      stamp: '1595-07-01T00:00:00.000Z',
    })
    assert.deepEqual(romeo.received, [])
  })

  it('keeps what was for a client that is not there, if it is a chat message (RFC 6121 §8.5.3.2.1)', async () => {
    const { kit, romeo } = await verona()

    await romeo.sends(el`<message type='chat' to='juliet@verona.example/garden'><body>Sleep</body></message>`)

    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), ['Sleep'])
  })

  it('keeps messages when all clients have a negative priority, and gives none to them (§2)', async () => {
    const { kit, romeo } = await verona()
    const juliet = await kit.comesOnline('juliet/chamber', QUIET)
    kit.forget()
    await says(romeo, 'one')
    assert.deepEqual(juliet.hears(), [])

    await juliet.sends(el`<presence/>`)
    await settled()

    assert.deepEqual(juliet.hears(), ['one'])
  })

  it('is not confirmed before it is committed', async () => {
    const { romeo, storage } = await verona()
    storage.hold()
    let isConfirmed = false

    const sent = romeo.sends(message('I am afeard')).then(() => {
      isConfirmed = true
    })
    await settled()
    assert.equal(isConfirmed, false)
    storage.release()
    await sent

    assert.deepEqual(romeo.received, [])
  })

  it('tells the sender when it fails', async () => {
    const { romeo, storage } = await verona()
    storage.fail(new Error('disk full'))

    await says(romeo, 'I am afeard')

    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
  })

  it('has a limit, and says so (§2)', async () => {
    const { kit, romeo } = await verona({ offline: { maxMessages: 2 } })

    await says(romeo, 'one', 'two', 'three')

    assert.equal(conditionOf(romeo.takes()), 'service-unavailable')
    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), ['one', 'two'])
  })

  it('keeps nothing that is not worth it, and tells the sender, unless nobody expects it', async () => {
    const { kit, romeo } = await verona()

    await romeo.sends(message('secret', "<no-store xmlns='urn:xmpp:hints'/>"))
    assert.equal(conditionOf(romeo.takes()), 'service-unavailable')
    await romeo.sends(el`<message type='headline' to='juliet@verona.example'><body>news</body></message>`)
    assert.deepEqual(romeo.received, [])

    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), [])
  })

  it('forgets what nobody has fetched in time', async () => {
    const { kit, romeo, messages } = await verona({ offline: { keepFor: '2 days' } })
    for (let i = 0; i < 150; i++) await says(romeo, 'old')
    await kit.clock.pass(1.5 * DAY)
    await says(romeo, 'new')

    await kit.clock.pass(1.5 * DAY)

    assert.equal(await messages.count(JULIET), 1)
    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), ['new'])
  })
})

describe('offline: delivering', () => {
  it('brings many messages in order, and what comes meanwhile after them', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, ...numbers(1, 120))
    const juliet = await kit.connects('juliet/chamber')

    const comes = juliet.sends(el`<presence/>`)
    const sent = says(romeo, ...numbers(121, 125))
    await Promise.all([comes, sent])
    await settled()

    assert.deepEqual(juliet.hears(), numbers(1, 125))
  })

  it('brings what is about to be committed when the user comes', async () => {
    const { kit, romeo, storage } = await verona()
    const juliet = await kit.connects('juliet/chamber')
    storage.hold()
    const sent = says(romeo, 'one')
    await settled()

    const comes = juliet.sends(el`<presence/>`)
    await settled()
    storage.release()
    await Promise.all([sent, comes])
    await settled()

    assert.deepEqual(juliet.hears(), ['one'])
  })

  it('removes messages only when the client has them', async () => {
    const { kit, romeo, messages } = await verona()
    await says(romeo, 'one', 'two')

    const silent = await comesSilently(kit, 'juliet/chamber')
    assert.equal(await messages.count(JULIET), 2)
    await silent.dies()
    const juliet = await kit.comesOnline('juliet/garden')

    assert.deepEqual(silent.hears(), ['one', 'two'])
    assert.deepEqual(juliet.hears(), ['one', 'two'])
    assert.equal(await messages.count(JULIET), 0)
  })

  it('gives a second client nothing that the first may still have', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, 'one', 'two')
    const silent = await comesSilently(kit, 'juliet/chamber')

    const garden = await kit.comesOnline('juliet/garden')
    assert.deepEqual(garden.hears(), [])
    await says(romeo, 'three')
    assert.deepEqual(garden.hears(), ['three'])
    await silent.dies()

    assert.deepEqual(silent.hears(), ['one', 'two', 'three'])
    assert.deepEqual(garden.hears(), ['one', 'two'])
  })

  it('gives what a client lost to the next one that comes, with what was sent to it meanwhile, in order', async () => {
    const { kit, romeo, messages } = await verona()
    await says(romeo, 'one')
    await kit.clock.pass(1000)
    const silent = await comesSilently(kit, 'juliet/chamber')
    await says(romeo, 'two')
    await kit.clock.pass(1000)
    await silent.dies()
    assert.equal(await messages.count(JULIET), 2)
    await kit.clock.pass(1000)

    const juliet = await kit.comesOnline('juliet/garden')

    const received = juliet.takesAll('message')
    assert.deepEqual(
      received.map(stanza => [stanza.attrs.id, stampOf(stanza)?.stamp, stanza.getChildren('delay').length]),
      [
        ['one', '1595-07-01T00:00:00.000Z', 1],
        ['two', '1595-07-01T00:00:01.000Z', 1],
      ],
    )
  })

  it('gives it to one that is there already, before what follows it', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, 'one', 'two')
    const silent = await comesSilently(kit, 'juliet/chamber')
    const garden = await kit.comesOnline('juliet/garden')
    await romeo.sends(el`<message type='chat' to='juliet@verona.example/chamber'><body>three</body></message>`)
    assert.deepEqual(garden.hears(), [])

    await silent.dies()

    assert.deepEqual(garden.hears(), ['one', 'two', 'three'])
  })

  it('gives it to the next when a client has vanished without anybody noticing', async () => {
    const { kit, romeo, messages } = await verona()
    await says(romeo, 'one')
    const silent = await comesSilently(kit, 'juliet/chamber')
    kit.directory.remove(silent)

    const garden = await kit.comesOnline('juliet/garden')
    reads(silent) // much too late

    assert.deepEqual(garden.hears(), ['one'])
    assert.equal(await messages.count(JULIET), 0)
  })

  it('keeps what is from somebody who was blocked meanwhile (XEP-0191 §3.3)', async () => {
    const kit = await Kit.start({ modules: [roster, blocking, offline] })
    const [romeo, nurse] = [await kit.comesOnline('romeo/orchard'), await kit.comesOnline('nurse')]
    const juliet = await kit.comesOnline('juliet/chamber', QUIET)
    await says(romeo, 'one')
    await says(nurse, 'two')
    juliet.received.length = 0
    const romeos = "<item jid='romeo@verona.example'/>"

    await juliet.asks('set', el`<block xmlns='urn:xmpp:blocking'>${romeos}</block>`)
    await juliet.sends(el`<presence/>`)
    await settled()
    assert.deepEqual(juliet.hears(), ['two'])
    await juliet.asks('set', el`<unblock xmlns='urn:xmpp:blocking'>${romeos}</unblock>`)
    await juliet.leaves()

    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), ['one'])
  })

  it('is still there when the server has been started anew', async () => {
    const storage = new MemoryStorage()
    const before = await Kit.start({ modules: [roster, offline], storage })
    await says(await before.comesOnline('romeo/orchard'), 'one', 'two')

    const after = await Kit.start({ modules: [roster, offline], storage })

    assert.deepEqual((await after.comesOnline('juliet/chamber')).hears(), ['one', 'two'])
  })

  it('gives a client a part at a time, and goes on as it is acknowledged', async () => {
    const { kit, romeo, messages } = await verona()
    await says(romeo, ...numbers(1, 120))
    const silent = await comesSilently(kit, 'juliet/chamber')
    assert.equal(silent.takesAll('message').length, 50)

    reads(silent)
    await settled()

    assert.equal(silent.takesAll('message').length, 70)
    assert.equal(await messages.count(JULIET), 0)
  })

  it('gives a client less at a time when messages are long', async () => {
    const { kit, romeo } = await verona()
    for (let i = 0; i < 5; i++) await says(romeo, 'x'.repeat(100_000))

    const silent = await comesSilently(kit, 'juliet/chamber')

    assert.equal(silent.takesAll('message').length, 2)
  })

  it('does not let a client that is stuck keep another from the rest', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, ...numbers(1, 80))
    const silent = await comesSilently(kit, 'juliet/chamber')

    const garden = await kit.comesOnline('juliet/garden')

    assert.deepEqual(garden.hears(), numbers(51, 80))
    await silent.dies()
    assert.deepEqual(garden.hears(), numbers(1, 50))
    await says(romeo, '81')
    assert.deepEqual(garden.hears(), ['81'])
  })

  it('stops when the client becomes unavailable', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, ...numbers(1, 60))
    const chamber = await comesSilently(kit, 'juliet/chamber')
    await chamber.sends(el`<presence type='unavailable'/>`)
    chamber.received.length = 0

    reads(chamber)
    await settled()
    assert.deepEqual(chamber.hears(), [])
    await chamber.sends(el`<presence/>`)
    await settled()

    assert.deepEqual(chamber.hears(), numbers(51, 60))
  })

  it('lets the client have what is new when the stored messages cannot be read', async () => {
    const kit = await Kit.start({ modules: [roster, offline], storage: new Unreadable() })
    const romeo = await kit.comesOnline('romeo/orchard')
    const juliet = await kit.comesOnline('juliet/chamber')
    kit.forget()

    await says(romeo, 'one')

    assert.deepEqual(juliet.hears(), ['one'])
  })

  it('does not bring twice what could not be removed, and tries again', async () => {
    const { kit, romeo, storage, messages } = await verona()
    await says(romeo, 'one')
    const chamber = await comesSilently(kit, 'juliet/chamber')
    storage.fail(new Error('disk full'))
    reads(chamber)
    await settled()
    storage.fail(undefined)
    assert.equal(await messages.count(JULIET), 1)

    const garden = await kit.comesOnline('juliet/garden')
    assert.deepEqual(garden.hears(), [])
    await kit.clock.pass(60_000)

    assert.equal(await messages.count(JULIET), 0)
  })

  it('is over with the account', async () => {
    const { kit, romeo } = await verona()
    await says(romeo, 'one')
    await kit.accounts.remove(JULIET)
    await kit.accounts.create(JULIET, new Map())

    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), [])
  })

  it('survives a message that cannot be read', async () => {
    const { kit, romeo, messages } = await verona()
    await messages.append(JULIET, { at: kit.clock.now(), xml: '<message' })
    await says(romeo, 'one')

    assert.deepEqual((await kit.comesOnline('juliet/chamber')).hears(), ['one'])
  })
})

/** Its logs cannot be read. */
class Unreadable extends MemoryStorage {
  override log<T>(name: string) {
    return Object.assign(super.log<T>(name), { read: () => Promise.reject(new Error('disk')) })
  }
}
