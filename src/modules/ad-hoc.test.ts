import assert from 'node:assert/strict'
import { type Client, settled } from '../../test/kit.js'
import type { AdHocCommand } from '../core/ad-hoc.js'
import { type Command, defineModule } from '../core/module.js'
import { child, type Element, firstElement, parseElement, serialise, withAttrs } from '../xml/index.js'
import { readClientStanza } from '../xmpp/incoming.js'
import { addressedOr } from '../xmpp/stanza.js'
import { adHoc } from './ad-hoc.js'
import { actionsOf, asks, command, formOf, SERVER, sessionOf, start, told } from './ad-hoc-fixture.test.js'

describe('a command', () => {
  it('that needs no answers is done at once (XEP-0050 §2.4.1)', async () => {
    const { romeo } = await start()

    const reply = await asks(romeo, { node: 'greet' })

    assert.equal(told(reply), 'completed greet; info: Good morrow, romeo.')
    assert.notEqual(sessionOf(reply), '')
    assert.equal(firstElement(reply)?.attrs['xml:lang'], 'en')
  })

  it('goes from stage to stage, with what can be done at each (§2.4.2, §3.4)', async () => {
    const { romeo } = await start()

    const kind = await asks(romeo, { node: 'poison', action: 'execute' })
    assert.equal(told(kind), 'executing poison')
    assert.equal(actionsOf(kind), "<actions execute='next'><next/></actions>")
    assert.equal(formOf(kind).title, 'Kind')
    const session = { node: 'poison', sessionid: sessionOf(kind) }

    const drops = await asks(romeo, session, { kind: 'hemlock' })
    assert.equal(told(drops), 'executing poison; warn: hemlock is strong.')
    assert.equal(actionsOf(drops), "<actions execute='next'><prev/><next/><complete/></actions>")
    assert.equal(sessionOf(drops), session.sessionid)

    const sure = await asks(romeo, { ...session, action: 'next' }, { drops: '3' })
    assert.equal(actionsOf(sure), "<actions execute='complete'><prev/><complete/></actions>")
    const end = await asks(romeo, { ...session, action: 'complete' }, { sure: '1' })

    assert.equal(told(end), 'completed poison; info: 3 drops of hemlock')
  })

  it('can be completed early, where that is offered', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }
    await asks(romeo, session, { kind: 'hemlock' })

    const end = await asks(romeo, { ...session, action: 'complete' }, { drops: ' 7 ' })

    assert.equal(told(end), 'completed poison')
    assert.deepEqual(formOf(end), { type: 'result', fields: [{ var: 'hemlock', values: ['7'] }] })
  })

  it('goes back, and remembers what was entered, but for passwords', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }
    await asks(romeo, session, { kind: 'hemlock' })
    await asks(romeo, session, { drops: '3', word: 'secret' })

    const drops = await asks(romeo, { ...session, action: 'prev' })
    assert.deepEqual(
      formOf(drops).fields.map(({ var: name, values }) => [name, values]),
      [
        ['drops', ['3']],
        ['word', undefined],
      ],
    )
    const kind = await asks(romeo, { ...session, action: 'prev' }, { drops: 'ignored' })
    assert.deepEqual(formOf(kind).fields[0]?.values, ['hemlock'])
    assert.equal(told(await asks(romeo, { ...session, action: 'prev' })), 'error modify bad-request bad-action')

    await asks(romeo, session, { kind: 'arsenic' })
    await asks(romeo, session, {})
    assert.equal(told(await asks(romeo, session, { sure: 'true' })), 'completed poison; info: no drops of arsenic')
  })

  it('can be cancelled at any stage, and is over then (§2.4.3)', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }

    const reply = await asks(romeo, { ...session, action: 'cancel' })

    assert.equal(told(reply), 'canceled poison')
    assert.equal(sessionOf(reply), session.sessionid)
    assert.equal(told(await asks(romeo, session)), 'error cancel not-allowed session-expired')
  })

  it('takes a form that is cancelled for one that is submitted (§3.5.1)', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }

    const reply = await romeo.asks('set', command(session, { kind: 'hemlock' }, 'cancel'), SERVER)

    assert.equal(told(reply), 'executing poison; warn: hemlock is strong.')
  })

  it('can be had in one step by who knows its form', async () => {
    const { romeo } = await start()

    assert.equal(
      told(await asks(romeo, { node: 'poison' }, { kind: 'hemlock' })),
      'executing poison; warn: hemlock is strong.',
    )
    assert.equal(
      told(await asks(romeo, { node: 'duel', action: 'complete' }, { with: 'romeo' })),
      'error cancel conflict',
    )
    assert.equal(told(await asks(romeo, { node: 'poison' }, {})), 'error modify bad-request bad-payload')
  })

  it('that has failed is completed with a note (§3.6)', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }
    await asks(romeo, session, { kind: 'hemlock' })
    await asks(romeo, session, {})

    assert.equal(told(await asks(romeo, session, { sure: '0' })), 'completed poison; error: Then not.')
  })

  it('that was refused can be tried again with something else', async () => {
    const { romeo } = await start()
    const session = { node: 'duel', sessionid: sessionOf(await asks(romeo, { node: 'duel' })) }

    assert.equal(told(await asks(romeo, session, { with: 'romeo' })), 'error cancel conflict')
    const reply = await asks(romeo, session, { with: 'the prince' })
    assert.equal(told(reply), 'error cancel not-allowed')
    assert.equal(child(child(reply, 'error') ?? reply, 'text')?.getText(), 'Nobody fights the prince.')

    assert.equal(told(await asks(romeo, session, { with: 'paris' })), 'completed duel; error: Nobody there.')
  })

  it('with a fault of ours is over', async () => {
    const { romeo } = await start()
    const session = { node: 'duel', sessionid: sessionOf(await asks(romeo, { node: 'duel' })) }

    assert.equal(told(await asks(romeo, { node: 'fail' })), 'error cancel internal-server-error')
    assert.equal(told(await asks(romeo, session, { with: 'bug' })), 'error cancel internal-server-error')
    assert.equal(told(await asks(romeo, session, {})), 'error cancel not-allowed session-expired')
  })
})

describe('what is wrong with a command (XEP-0050 §4.4)', () => {
  const atTheStart: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ node: 'poison', action: 'mix' }, 'error modify bad-request malformed-action'],
    [{ node: 'poison', action: '' }, 'error modify bad-request malformed-action'],
    [{ node: 'poison', action: 'next' }, 'error modify bad-request bad-action'],
    [{ node: 'poison', action: 'prev' }, 'error modify bad-request bad-action'],
    [{ node: 'poison', action: 'cancel' }, 'error modify bad-request bad-action'],
    [{ node: 'poison', action: 'complete' }, 'error modify bad-request bad-action'],
    [{ node: 'duel', sessionid: 'mine' }, 'error modify bad-request bad-sessionid'],
    [{ node: 'duel', sessionid: '' }, 'error modify bad-request bad-sessionid'],
    [{ node: 'poison', 'xml:lang': 'fr-CA' }, 'error modify bad-request bad-locale'],
    [{ node: 'tomb' }, 'error cancel item-not-found'],
    [{ node: 'http://jabber.org/protocol/admin#edit-whitelist' }, 'error cancel feature-not-implemented'],
    [{ node: 'ball open' }, 'error cancel forbidden'],
    [{}, 'error modify bad-request'],
  ]
  for (const [attrs, expected] of atTheStart)
    it(`is said: ${JSON.stringify(attrs)}`, async () => {
      const { romeo } = await start({ commands: [ball] })

      assert.equal(told(await asks(romeo, attrs)), expected)
    })

  for (const language of ['en', 'EN-us', ''])
    it(`is not the language "${language}"`, async () => {
      const { romeo } = await start()

      assert.match(told(await asks(romeo, { node: 'greet', 'xml:lang': language })), /^completed/)
    })

  it('is an answer that is missing, or none that is asked for', async () => {
    const { romeo } = await start()
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }

    const missing = await asks(romeo, session)
    assert.equal(told(missing), 'error modify bad-request bad-payload')
    assert.equal(child(child(missing, 'error') ?? missing, 'text')?.getText(), 'kind is required')
    assert.equal(told(await romeo.asks('set', command(session, { kind: 'x' }, 'result'), SERVER)), told(missing))
    await asks(romeo, session, { kind: 'hemlock' })
    assert.equal(told(await asks(romeo, session, { drops: 'many' })), told(missing))
    assert.match(told(await asks(romeo, session, { drops: '1' })), /^executing/)
  })

  it('is an action that is not offered', async () => {
    const { romeo } = await start()
    const session = { node: 'duel', sessionid: sessionOf(await asks(romeo, { node: 'duel' })) }

    assert.equal(told(await asks(romeo, { ...session, action: 'next' })), 'error modify bad-request bad-action')
  })

  it('is a session that is another’s, of another client or address, or of another command', async () => {
    const { kit, romeo, juliet } = await start()
    const session = { node: 'duel', sessionid: sessionOf(await asks(romeo, { node: 'duel' })) }
    const street = await kit.connects('romeo/street')
    const refused = 'error modify bad-request bad-sessionid'

    for (const thief of [juliet, street]) assert.equal(told(await asks(thief, session)), refused)
    assert.equal(told(await romeo.asks('set', command(session), 'mantua.example')), refused)
    assert.equal(told(await asks(romeo, { ...session, node: 'poison' })), refused)
    assert.equal(told(await asks(romeo, session, { with: 'paris' })), 'completed duel; error: Nobody there.')
  })

  it('is a session that nobody came back to in time', async () => {
    const { kit, romeo } = await start({ settings: { 'ad-hoc': { sessionTimeout: '5 minutes' } } })
    const session = { node: 'poison', sessionid: sessionOf(await asks(romeo, { node: 'poison' })) }

    await kit.clock.pass(299_000)
    await asks(romeo, session, { kind: 'hemlock' })
    await kit.clock.pass(299_000)
    assert.match(told(await asks(romeo, session, {})), /^executing/)
    await kit.clock.pass(300_000)

    assert.equal(told(await asks(romeo, session, {})), 'error cancel not-allowed session-expired')
  })

  it('is a step that is taken before the last one is through', async () => {
    let go = () => {}
    const slow: AdHocCommand = {
      node: 'slow',
      name: 'Slow',
      mayRun: () => true,
      begin: () => ({
        form: { type: 'form', fields: [] },
        complete: () => new Promise(resolve => (go = () => resolve({}))),
      }),
    }
    const tortoise = defineModule({ name: 'tortoise', doc: '', implements: [], setup: () => ({ adHoc: [slow] }) })
    const { kit, romeo } = await start({ modules: [adHoc, tortoise] })
    const session = { node: 'slow', sessionid: sessionOf(await asks(romeo, { node: 'slow' })) }
    const request = (id: string) =>
      kit.router.route(
        kitStanza(
          parseElement(`<iq xmlns='jabber:client' type='set' id='${id}'>${serialise(command(session))}</iq>`),
          romeo,
        ),
      )

    const first = request('first')
    await request('second')
    go()
    await first
    await settled()

    assert.equal(told(romeo.takes(({ attrs }) => attrs.id === 'second')), 'error wait unexpected-request')
    assert.equal(told(romeo.takes(({ attrs }) => attrs.id === 'first')), 'completed slow')
  })
})

describe('the number of commands that wait', () => {
  it('is bounded for each user: the oldest gives way', async () => {
    const { romeo, juliet } = await start({ settings: { 'ad-hoc': { maxUserSessions: 2 } } })
    const begin = async (client: Client) => ({
      node: 'duel',
      sessionid: sessionOf(await asks(client, { node: 'duel' })),
    })
    const [juliets, first, second, third] = [
      await begin(juliet),
      await begin(romeo),
      await begin(romeo),
      await begin(romeo),
    ]

    assert.equal(told(await asks(romeo, first)), 'error cancel not-allowed session-expired')
    for (const [client, session] of [
      [romeo, second],
      [romeo, third],
      [juliet, juliets],
    ] as const)
      assert.equal(told(await asks(client, session)), 'completed duel; error: Nobody there.')
  })

  it('is bounded for all', async () => {
    const { kit, romeo, juliet } = await start({ settings: { 'ad-hoc': { maxSessions: 1 } } })

    await asks(romeo, { node: 'duel' })
    assert.equal(told(await asks(juliet, { node: 'duel' })), 'error wait resource-constraint')
    assert.match(told(await asks(juliet, { node: 'greet' })), /^completed/)
    await romeo.leaves()

    assert.match(told(await asks(juliet, { node: 'duel' })), /^executing/)
    await kit.clock.pass(60 * 60_000)
    assert.match(told(await asks(await kit.connects('nurse'), { node: 'duel' })), /^executing/)
  })
})

/** As from a server of its own, which does not wait for answers. */
function kitStanza(stanza: Element, from: Client) {
  const read = readClientStanza('iq', withAttrs(stanza, { to: SERVER }), from.jid)
  assert.ok('stanza' in read)
  return addressedOr(read.stanza, from.account)
}

const ball: Command = { name: 'ball open', doc: 'Opens the ball.', args: {}, run: async () => 'open' }
