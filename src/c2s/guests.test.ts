import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { mechanismsOf } from '../../test/scram-client.js'
import { chat, conditionOf, PASSWORD, plain, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { defineModule } from '../core/module.js'
import { disco } from '../modules/disco.js'
import { roster } from '../roster/index.js'
import { parseJid } from '../xmpp/jid.js'
import { DISCO_INFO, ROSTER, SASL } from '../xmpp/ns.js'

const ANONYMOUS = `<auth xmlns='${SASL}' mechanism='ANONYMOUS'/>`

describe('guests', () => {
  it('are not let in by default', async () => {
    const wire = (await StreamKit.start()).connects()
    assert.ok(!mechanismsOf(await wire.opens()).includes('ANONYMOUS'))

    wire.send(ANONYMOUS)

    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'invalid-mechanism')
  })

  it('come in where the domain lets them, under names that nobody guesses', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    assert.equal(mechanismsOf(await verona.connects().opens()).at(-1), 'ANONYMOUS')

    const [one, two] = [await comesIn(verona, 'mask'), await comesIn(verona, 'mask')]

    for (const { jid } of [one, two]) assert.match(jid, /^[0-9a-f]{32}@verona\.example\/mask$/)
    assert.notEqual(one.jid, two.jid)
  })

  it('may say who they are, which is not believed', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    const wire = verona.connects()
    await wire.opens()

    wire.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'>${Buffer.from('juliet').toString('base64')}</auth>`)
    await wire.takes('success', SASL)
    await wire.opens()
    await wire.binds()

    assert.doesNotMatch(wire.jid, /juliet/)
  })

  it('talk to others like everybody', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    const [guest, juliet] = [await comesIn(verona), await verona.comesOnline('juliet/tomb')]

    guest.send(chat('juliet', 'Did my heart love till now?'))
    assert.equal(await juliet.hears(), 'Did my heart love till now?')
    juliet.send(`<message to='${guest.jid}' type='chat'><body>You kiss by the book</body></message>`)
    assert.equal(await guest.hears(), 'You kiss by the book')
  })

  it('have an account only while they are there, and nothing of it stays', async () => {
    const erased: string[] = []
    const mourner = defineModule({
      name: 'mourner',
      doc: '',
      implements: [],
      setup: () => ({ on: { erasing: account => void erased.push(account.toString()) } }),
    })
    const verona = await StreamKit.start({ anonymous: ['verona.example'], modules: [mourner] })
    const guest = await comesIn(verona)
    const account = parseJid(guest.jid).bare
    assert.equal(await verona.kit.accounts.exists(account), true)

    guest.send('</stream:stream>')
    await guest.ends()
    await settled()

    assert.equal(await verona.kit.accounts.exists(account), false)
    assert.deepEqual(erased, [account.toString()])
  })

  it('are gone as well when they came no further than their login', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    const before = await verona.kit.accounts.list()
    const wire = await loggedIn(verona)

    await wire.cuts()

    assert.deepEqual(await verona.kit.accounts.list(), before)
  })

  it('cannot be logged in to by a password', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    const guest = await comesIn(verona)
    const wire = verona.connects()
    await wire.opens()

    wire.send(plain(parseJid(guest.jid).local, PASSWORD))

    assert.equal(conditionOf(await wire.takes('failure', SASL)), 'not-authorized')
  })

  it('have no session to come back to', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'] })
    const guest = await comesIn(verona)

    const { attrs } = await guest.enables(`resume='true'`)
    assert.deepEqual([attrs.id, attrs.resume], [undefined, undefined])
    await guest.cuts()

    assert.deepEqual(verona.closed, [guest.jid])
  })

  for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])
    it(`have no contacts (${type})`, async () => {
      const verona = await StreamKit.start({ anonymous: ['verona.example'], modules: [roster] })
      const [guest, juliet] = [await comesIn(verona), await verona.comesOnline('juliet/tomb')]
      juliet.takesAll()

      guest.send(`<presence type='${type}' to='juliet@verona.example' id='s'/>`)

      const error = await guest.takes('presence')
      assert.deepEqual([error.attrs.type, error.attrs.id], ['error', 's'])
      assert.equal(conditionOf(error.getChild('error') ?? error), 'not-allowed')
      await juliet.pings()
      assert.deepEqual(juliet.unread, [])
    })

  it('have no roster to write into, but may read it, and may go online', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'], modules: [roster] })
    const guest = await comesIn(verona)

    guest.send(`<iq type='set' id='r'><query xmlns='${ROSTER}'><item jid='juliet@verona.example'/></query></iq>`)
    const error = await guest.takes('iq')
    assert.equal(conditionOf(error.getChild('error') ?? error), 'not-allowed')
    guest.send(`<iq type='get' id='g'><query xmlns='${ROSTER}'/></iq>`, '<presence/>')

    const answer = await guest.takes('iq')
    assert.deepEqual([answer.attrs.type, answer.getChild('query', ROSTER)?.children], ['result', []])
    assert.equal((await guest.takes('presence')).attrs.from, guest.jid)
  })

  it('are told apart from accounts by who asks', async () => {
    const verona = await StreamKit.start({ anonymous: ['verona.example'], modules: [disco] })
    const guest = await comesIn(verona)

    guest.send(`<iq type='get' id='d' to='${parseJid(guest.jid).bare}'><query xmlns='${DISCO_INFO}'/></iq>`)

    const identity = (await guest.takes('iq')).getChild('query', DISCO_INFO)?.getChild('identity')
    assert.deepEqual([identity?.attrs.category, identity?.attrs.type], ['account', 'anonymous'])
  })

  it('of a server that died are forgotten when it comes back', async () => {
    const name = 'a'.repeat(32)
    const guest = parseJid(`${name}@verona.example`)
    const verona = await StreamKit.start({
      anonymous: ['verona.example'],
      before: async ({ accounts }) => {
        await accounts.create(guest, new Map())
      },
    })
    await settled()

    assert.equal(await verona.kit.accounts.exists(guest), false)
    assert.equal(await verona.kit.accounts.exists(parseJid('juliet@verona.example')), true)
  })
})

async function loggedIn(verona: StreamKit): Promise<Wire> {
  const wire = verona.connects({ isLocal: false })
  await wire.opens()
  wire.send(ANONYMOUS)
  assert.equal((await wire.takes('success', SASL)).getText(), '')
  await wire.opens()
  return wire
}

async function comesIn(verona: StreamKit, resource?: string): Promise<Wire> {
  const wire = await loggedIn(verona)
  await wire.binds(resource)
  return wire
}
