import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { bindRequest, chat, conditionOf } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { defineModule } from '../core/module.js'
import { parseElement } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'

describe('binding', () => {
  it('gives the resource that is wanted', async () => {
    const romeo = await (await StreamKit.start()).binds('romeo/balcony')

    assert.equal(romeo.jid, 'romeo@verona.example/balcony')
  })

  it('gives it prepared', async () => {
    const romeo = await (await StreamKit.start()).binds('romeo/the\u00a0balcony')

    assert.equal(romeo.jid, 'romeo@verona.example/the balcony')
  })

  it('makes one that nobody guesses when none is wanted', async () => {
    const verona = await StreamKit.start()

    const [one, two] = [await verona.binds('romeo'), await verona.binds('romeo')]

    assert.match(one.jid, /^romeo@verona\.example\/.{16,}$/)
    assert.notEqual(one.jid, two.jid)
  })

  for (const [what, resource] of [
    ['empty', ''],
    ['too long', 'x'.repeat(1024)],
    ['of characters that none may have', '\u0085'],
  ] as const)
    it(`refuses a resource that is ${what}; the client may want another`, async () => {
      const romeo = await (await StreamKit.start()).logsIn('romeo')

      romeo.send(bindRequest(resource))

      const answer = await romeo.takes('iq')
      assert.deepEqual([answer.attrs.id, conditionOf(answer.getChild('error') ?? answer)], ['bind', 'bad-request'])
      await romeo.binds('balcony')
    })

  it('ends the stream that had the resource', async () => {
    const verona = await StreamKit.start()
    const before = await verona.binds('romeo/balcony')

    const after = await verona.binds('romeo/balcony')

    assert.equal(await before.fails(), 'conflict')
    await after.pings()
    assert.deepEqual(verona.moments, [
      'bound romeo@verona.example/balcony',
      'closed romeo@verona.example/balcony',
      'bound romeo@verona.example/balcony',
    ])
  })

  it('ends the session that waited to be resumed, whose messages are not lost', async () => {
    const verona = await StreamKit.start()
    const before = await verona.comesOnline('romeo/balcony')
    await before.enables()
    await before.cuts()
    const juliet = await verona.binds('juliet/tomb')
    juliet.send(chat('romeo', 'Wherefore'))
    await juliet.pings()

    await verona.binds('romeo/balcony')

    assert.deepEqual(verona.heardOffline(), ['Wherefore'])
    assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
  })

  it('waits until everybody knows that the session before is over', async () => {
    const verona = await StreamKit.start({ keepsMessages: true })
    const before = await verona.binds('romeo/balcony')
    const juliet = await verona.comesOnline('juliet/tomb')
    verona.storage.hold()
    before.send(chat('juliet', 'My last words'))
    await settled()

    const after = await verona.logsIn('romeo')
    after.send(bindRequest('balcony'))
    assert.equal(await before.fails(), 'conflict')
    await settled()
    assert.deepEqual(after.unread, [])
    verona.storage.release()

    await after.takes('iq')
    assert.equal(await juliet.hears(), 'My last words')
    const romeos = verona.moments.filter(moment => moment.includes('romeo'))
    assert.deepEqual(
      romeos.map(moment => moment.split(' ')[0]),
      ['bound', 'closed', 'bound'],
    )
  })

  it('waits for it in the same way when that one has closed its stream properly', async () => {
    const verona = await StreamKit.start({ keepsMessages: true })
    const before = await verona.binds('romeo/balcony')
    await verona.comesOnline('juliet/tomb')
    verona.storage.hold()
    before.send(chat('juliet', 'My last words'), '</stream:stream>')
    await before.ends()

    const after = await verona.logsIn('romeo')
    after.send(bindRequest('balcony'))
    await settled()
    assert.deepEqual(after.unread, [])
    verona.storage.release()

    await after.takes('iq')
  })

  it('of one resource by several at once leaves it to one of them, and the rest know', async () => {
    const verona = await StreamKit.start({ keepsMessages: true })
    const first = await verona.binds('romeo/balcony')
    await verona.comesOnline('juliet/tomb')
    verona.storage.hold()
    first.send(chat('juliet', 'My last words'))
    const others = [await verona.logsIn('romeo'), await verona.logsIn('romeo'), await verona.logsIn('romeo')]

    for (const other of others) other.send(bindRequest('balcony'))
    await settled()
    verona.storage.release()
    for (const other of others) await other.takes('iq')
    await settled()

    const ends = others.filter(({ unread }) => `${unread}`.includes('conflict'))
    assert.equal(ends.length, 2)
    assert.equal([...verona.kit.directory.all()].filter(({ jid }) => jid.local === 'romeo').length, 1)
    assert.equal(verona.closed.length, 3)
  })

  it('has a limit for each account', async () => {
    const verona = await StreamKit.start({ limits: { resources: 2 } })
    await verona.binds('romeo/balcony')
    await verona.binds('romeo/street')
    const third = await verona.logsIn('romeo')

    third.send(bindRequest('tomb'))
    const answer = await third.takes('iq')
    assert.equal(conditionOf(answer.getChild('error') ?? answer), 'resource-constraint')

    await third.binds('street') // which takes the place of another
    await verona.binds('juliet/tomb')
  })

  it('does not lock out a client that has often lost its connection', async () => {
    const verona = await StreamKit.start({ limits: { resources: 2 } })
    await verona.binds('romeo/street')
    const unlucky = await verona.comesOnline('romeo/balcony')
    await unlucky.enables()
    await unlucky.cuts()
    const juliet = await verona.binds('juliet/tomb')
    juliet.send(chat('romeo/balcony', 'Wherefore'))
    await juliet.pings()

    await verona.binds('romeo/tomb')

    assert.deepEqual(verona.closed, ['romeo@verona.example/balcony'])
    assert.deepEqual(verona.heardOffline(), ['Wherefore'])
  })

  it('is the first that the client hears', async () => {
    const verona = await StreamKit.start({ modules: [hello] })
    const romeo = await verona.logsIn('romeo')

    romeo.send(bindRequest('balcony'))

    await romeo.takes('iq')
    assert.equal(await romeo.hears(), 'Welcome')
  })

  it('lets nothing of the client through before modules are ready for it', async () => {
    let open = () => {}
    const ready = new Promise<void>(resolve => {
      open = resolve
    })
    const verona = await StreamKit.start({ modules: [slow(ready)] })
    const romeo = await verona.logsIn('romeo')

    romeo.send(bindRequest('balcony'), chat('romeo/balcony', 'to myself'))
    await romeo.takes('iq')
    await settled()
    assert.deepEqual(romeo.unread, [])
    open()

    assert.equal(await romeo.hears(), 'to myself')
  })

  for (const how of ['cuts', 'hangsUp'] as const)
    it(`leaves nothing behind when the client goes meanwhile (${how})`, async () => {
      let open = () => {}
      const ready = new Promise<void>(resolve => {
        open = resolve
      })
      const verona = await StreamKit.start({ modules: [slow(ready)] })
      const timers = verona.timers
      const romeo = await verona.logsIn('romeo')
      romeo.send(bindRequest('balcony'))
      await settled()

      await romeo[how]()
      await settled()
      open()
      await settled()

      assert.deepEqual([[...verona.kit.directory.all()], verona.connections], [[], 0])
      assert.deepEqual(verona.moments, ['bound romeo@verona.example/balcony', 'closed romeo@verona.example/balcony'])
      assert.equal(verona.timers, timers)
    })

  it('takes no longer than a login may', async () => {
    const verona = await StreamKit.start({ modules: [slow(new Promise(() => {}))] })
    const romeo = await verona.logsIn('romeo')
    romeo.send(bindRequest('balcony'))
    await romeo.takes('iq')

    await verona.clock.pass(30_000)

    assert.equal(await romeo.fails(), 'connection-timeout')
    assert.deepEqual([...verona.kit.directory.all()], [])
  })

  it('is too late for an account that was removed meanwhile', async () => {
    const verona = await StreamKit.start()
    const romeo = await verona.logsIn('romeo')
    await verona.kit.accounts.remove(parseJid('romeo@verona.example'))

    romeo.send(bindRequest('balcony'))

    assert.equal(await romeo.fails(), 'not-authorized')
    assert.deepEqual([...verona.kit.directory.all()], [])
  })

  it('ends with the account, and with its password', async () => {
    const verona = await StreamKit.start()
    const [romeo, juliet] = [await verona.binds('romeo/balcony'), await verona.binds('juliet/tomb')]

    await verona.kit.accounts.setCredentials(parseJid('romeo@verona.example'), new Map())
    await verona.kit.accounts.remove(parseJid('juliet@verona.example'))

    assert.deepEqual([await romeo.fails(), await juliet.fails()], ['not-authorized', 'not-authorized'])
    assert.equal(verona.closed.length, 2)
  })
})

/** Greets every session, while it is bound. */
const hello = defineModule({
  name: 'hello',
  doc: '',
  implements: [],
  setup: () => ({
    on: {
      bound: session => {
        const el = parseElement(`<message xmlns='jabber:client'><body>Welcome</body></message>`)
        session.send(makeStanza({ from: parseJid('verona.example'), to: session.jid, el }))
      },
    },
  }),
})

/** Takes its time with every session. */
const slow = (ready: Promise<void>) =>
  defineModule({ name: 'slow', doc: '', implements: [], setup: () => ({ on: { bound: () => ready } }) })
