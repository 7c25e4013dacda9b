import assert from 'node:assert/strict'
import { defineModule, set } from '../src/core/module.js'
import type { Custody, Session } from '../src/core/session.js'
import { xml } from '../src/xml/index.js'
import { StreamError } from '../src/xmpp/errors.js'
import { parseJid } from '../src/xmpp/jid.js'
import { type Addressed, makeStanza } from '../src/xmpp/stanza.js'
import { type Client, el, FakeClock, Kit, settled } from './kit.js'

describe('the kit’s clock', () => {
  it('stands still until it is told to go on', async () => {
    const clock = new FakeClock()
    const midnight = clock.now()

    await settled()
    assert.equal(clock.now(), midnight)
    await clock.pass(1500)
    assert.equal(clock.now() - midnight, 1500)
  })

  it('does what is due at its time and in order, also what comes of it', async () => {
    const clock = new FakeClock()
    const midnight = clock.now()
    const done: string[] = []
    const at = (ms: number, what: string) => clock.after(ms, () => done.push(`${what} at ${clock.now() - midnight}`))
    at(300, 'third')
    at(100, 'first')
    at(100, 'second')
    clock.after(200, () => {
      at(0, 'at once')
      at(50, 'between')
      at(900, 'too late')
    })
    at(250, 'never').cancel()

    await clock.pass(1000)

    assert.deepEqual(done, ['first at 100', 'second at 100', 'at once at 200', 'between at 250', 'third at 300'])
  })

  it('waits for what a task began before it does the next', async () => {
    const clock = new FakeClock()
    const done: string[] = []
    clock.after(1, () => void Promise.resolve().then(() => done.push('begun by the first')))
    clock.after(2, () => done.push('second'))

    await clock.pass(10)

    assert.deepEqual(done, ['begun by the first', 'second'])
  })
})

describe('the kit’s clients', () => {
  const told: string[] = []
  const custody: Custody = {
    settled: session => void told.push(`settled ${session.jid.resource}`),
    lost: session => void told.push(`lost ${session.jid.resource}`),
  }
  let kit: Kit
  let juliet: Client
  const closed = (session: Session) => {
    told.push(`closed ${session.jid.resource}`)
  }

  beforeEach(async () => {
    told.length = 0
    const watch = defineModule({
      ...{ name: 'watch', doc: 'Hears who leaves.', implements: [] },
      setup: () => ({ on: { closed }, iq: [set(['self'], 'vow', 'urn:example:vow', () => xml('amen'))] }),
    })
    kit = await Kit.start({ modules: [watch] })
    juliet = await kit.connects('juliet/balcony')
  })

  const message = (id: string): Addressed =>
    makeStanza({ from: parseJid('verona.example'), to: juliet.jid, el: el`<message id='${id}'/>` })

  const ids = () => juliet.received.map(({ attrs }) => attrs.id)

  it('are in the directory while they are connected, with the addresses that they were given', async () => {
    const other = await kit.connects('juliet@mantua.example/cell')

    assert.equal(kit.directory.get(juliet.jid), juliet)
    assert.deepEqual([`${juliet.jid}`, `${other.jid}`], ['juliet@verona.example/balcony', 'juliet@mantua.example/cell'])
    await juliet.dies()
    assert.equal(kit.directory.get(juliet.jid), undefined)
  })

  it('acknowledge at once unless they keep silent', () => {
    juliet.send(message('1'), custody)
    juliet.acknowledges = false
    juliet.send(message('2'), custody)
    assert.deepEqual(told, ['settled balcony'])
    juliet.confirms()
    juliet.confirms()

    assert.deepEqual(
      [told, ids()],
      [
        ['settled balcony', 'settled balcony'],
        ['1', '2'],
      ],
    )
  })

  for (const [how, leave] of [
    ['die', () => juliet.dies()],
    ['leave', () => juliet.leaves()],
    ['are sent away', async () => juliet.end(new StreamError('conflict'))],
  ] as const)
    it(`lose what they have not acknowledged before anybody hears it when they ${how}, and once`, async () => {
      juliet.acknowledges = false
      juliet.send(message('1'), custody)
      await leave()
      await leave()

      assert.deepEqual(told, ['lost balcony', 'closed balcony'])
    })

  it('lose at once what they are given when they are over', async () => {
    await juliet.dies()
    told.length = 0
    juliet.send(message('1'), custody)

    assert.deepEqual([told, ids()], [['lost balcony'], []])
  })

  it('are given what is held back when the gate opens, and before that what passes it', () => {
    const gate = juliet.hold()
    juliet.send(message('1'), custody)
    gate.send(message('0'), custody)
    assert.deepEqual([ids(), told], [['0'], ['settled balcony']])
    gate.open()
    juliet.send(message('2'))

    assert.deepEqual(ids(), ['0', '1', '2'])
  })

  it('lose what was held back from them', async () => {
    juliet.hold()
    juliet.send(message('1'), custody)
    await juliet.dies()

    assert.deepEqual(told, ['lost balcony', 'closed balcony'])
  })

  it('take the answers to what they ask, and leave the rest', async () => {
    juliet.send(message('1'))
    const answer = await juliet.asks('set', xml('vow', { xmlns: 'urn:example:vow' }))

    assert.deepEqual([answer.attrs.type, ids()], ['result', ['1']])
    assert.equal(await juliet.isRefused('set', xml('curse', { xmlns: 'urn:example:vow' })), 'service-unavailable')
    assert.throws(() => juliet.takes(({ name }) => name === 'iq'), /received no such stanza/)
    assert.equal(juliet.takesAll('message').length, 1)
    kit.forget()
    assert.deepEqual(juliet.received, [])
  })

  it('hear what is wrong with what they send', async () => {
    await juliet.sends(el`<message id='1' to='@'/>`)

    assert.equal(juliet.takes().attrs.type, 'error')
    await assert.rejects(juliet.sends(el`<enable/>`), /is a stanza/)
  })
})
