/** What operators do to people who are connected, as these see it. */
import assert from 'node:assert/strict'
import { child, textOf } from '../src/xml/index.js'
import { LiveServer } from './live-server.js'
import { usesProsody } from './server-process.js'
import { bodyOf, conditionOf, isElement, type Wire } from './stream-client.js'

describe('a command of an operator', function () {
  this.timeout(20_000)

  let server: LiveServer
  let romeo: Wire
  let juliet: Wire

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(async () => {
    server = await LiveServer.start('')
    await server.adds('romeo', 'juliet')
    romeo = await server.binds('romeo/orchard', 'starttls')
    juliet = await server.binds('juliet/balcony')
  })

  afterEach(() => server?.stop())

  const isMessage = (event: Parameters<typeof isElement>[0]) => isElement(event) && event.name === 'message'

  it('tells how everybody is connected', async () => {
    await juliet.enables()
    juliet.send('<presence><show>dnd</show></presence>')
    await juliet.finds(event => isElement(event) && event.name === 'presence')

    const list = await server.runs('session list')

    const [, first = '', second = ''] = list.split('\n')
    assert.match(
      first,
      /^juliet@verona\.example\/balcony +127\.0\.0\.1 +\d{4}-\S+Z +dnd +TLSv1\.3 TLS_AES_\S+ +resumable(, 1 unacknowledged)?$/,
    )
    assert.match(second, /^romeo@verona\.example\/orchard +127\.0\.0\.1 +\S+ +unavailable +TLSv1\.3 TLS_AES_\S+ +off$/)

    await juliet.cuts()
    const hers = () => server.runs('session list', { jid: 'juliet@verona.example' })
    while ((await hers()).includes('127.0.0.1')); // until the server has seen it go
    assert.match(await hers(), /balcony +- +\S+ +dnd +- +resumable, waits for its client/)
    assert.match(await server.runs('status'), /^Sessions +2 of 2 accounts, 1 without a connection$/m)
  })

  it('ends a session with the reason', async () => {
    assert.equal(
      await server.runs('session kick', { jid: 'romeo@verona.example', reason: 'Banished' }),
      'Ended: romeo@verona.example/orchard.',
    )

    const error = await romeo.failure()
    assert.equal(conditionOf(error), 'policy-violation')
    const text = child(error, 'text', 'urn:ietf:params:xml:ns:xmpp-streams')
    assert.equal(text && textOf(text), 'Banished')
    await juliet.pings()
    await server.binds('romeo/mantua')
  })

  it('reaches everybody who is online', async () => {
    romeo.send('<presence/>')
    await romeo.pings()

    assert.equal(await server.runs('announce', { text: 'A plague & <both> houses' }), '1 user was told.')

    const message = await romeo.finds(isMessage)
    assert.ok(isElement(message))
    assert.deepEqual([message.attrs.type, message.attrs.from], ['headline', 'verona.example'])
    assert.equal(bodyOf(message), 'A plague & <both> houses')
    await juliet.pings()
    assert.ok(!juliet.unread.some(event => event.startsWith('<message')))
  })
})
