import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { child, parseElement, xml } from '../xml/index.js'
import { forbidden } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { at, availability, logTo, module } from './fixture.test.js'
import { get, type Request, set, type Target } from './module.js'

const NURSE = 'urn:example:nurse'
const call = xml('call', { xmlns: NURSE })

const TARGETS: readonly Target[] = ['server', 'account', 'self', 'nobody']

/** Says on whose behalf it answers. */
const answering = (targets: readonly Target[]) =>
  module('answering', {
    iq: targets.map(target => get([target], 'call', NURSE, () => xml('anon', { xmlns: NURSE, for: target }))),
  })

async function verona(targets: readonly Target[] = TARGETS) {
  const kit = await Kit.start({ modules: [availability, answering(targets)] })
  return {
    kit,
    balcony: await kit.comesOnline('juliet/balcony', at(0)),
    chamber: await kit.comesOnline('juliet/chamber', at(-1)),
    tomb: await kit.connects('juliet/tomb'),
    romeo: await kit.comesOnline('romeo/orchard'),
  }
}

/** On whose behalf the server answers, or the condition of the error. */
async function answerTo(client: Client, to?: string): Promise<string | undefined> {
  const answer = await client.asks('get', call, to)
  return answer.attrs.type === 'result' ? child(answer, 'anon', NURSE)?.attrs.for : conditionOf(answer)
}

describe('a request', () => {
  const answers: readonly (readonly [to: string | undefined, target: string])[] = [
    [undefined, 'self'],
    ['romeo@verona.example', 'self'],
    ['juliet@verona.example', 'account'],
    ['nurse@verona.example', 'account'],
    ['rosaline@verona.example', 'nobody'],
    ['verona.example', 'server'],
    ['mantua.example', 'server'],
  ]
  for (const [to, target] of answers)
    it(`to ${to ?? 'nobody'} is answered by the server on behalf of: ${target} (RFC 6121 §8.5)`, async () => {
      const { romeo, balcony, chamber, tomb } = await verona()

      assert.equal(await answerTo(romeo, to), target)
      for (const client of [balcony, chamber, tomb]) assert.deepEqual(client.received, [])
    })

  for (const [to] of answers)
    for (const type of ['get', 'set'] as const)
      it(`of type ${type} to ${to ?? 'nobody'} that no module answers is refused`, async () => {
        const { romeo, balcony } = await verona([])

        assert.equal(await romeo.isRefused(type, call, to), 'service-unavailable')
        assert.deepEqual(balcony.received, [])
      })

  for (const to of [
    'juliet@verona.example/garden',
    'nurse@verona.example/kitchen',
    'rosaline@verona.example/home',
    'verona.example/bell',
  ])
    for (const type of ['get', 'set'] as const)
      it(`of type ${type} to ${to}, where nobody is, is refused (RFC 6121 §8.5.3.2.3)`, async () => {
        const { romeo, balcony, chamber, tomb } = await verona()

        assert.equal(await romeo.isRefused(type, call, to), 'service-unavailable')
        for (const client of [balcony, chamber, tomb]) assert.deepEqual(client.received, [])
      })

  for (const to of ['padua.example', 'friar@padua.example', 'friar@padua.example/cell'])
    it(`to ${to}, on another server, is refused`, async () => {
      const { romeo } = await verona()

      assert.equal(await romeo.isRefused('get', call, to), 'remote-server-not-found')
    })

  it('to an account is answered for its owner when only its owner may ask', async () => {
    const { romeo } = await verona(['self'])

    assert.equal(await answerTo(romeo), 'self')
    assert.equal(await answerTo(romeo, 'juliet@verona.example'), 'service-unavailable')
  })

  it('to one’s own account is answered as anybody’s when there is nothing particular for its owner', async () => {
    const { romeo } = await verona(['account'])

    assert.equal(await answerTo(romeo), 'account')
  })

  it('is for a handler of its type, name and namespace only', async () => {
    const { romeo } = await verona()

    assert.equal(await romeo.isRefused('set', call), 'service-unavailable')
    assert.equal(await romeo.isRefused('get', xml('shout', { xmlns: NURSE })), 'service-unavailable')
    assert.equal(await romeo.isRefused('get', xml('call', { xmlns: `${NURSE}:2` })), 'service-unavailable')
  })

  it('finds a handler also when its payload has the namespace of the stanza', async () => {
    const odd = module('odd', { iq: [get(['self'], 'call', 'jabber:client', () => {})] })
    const kit = await Kit.start({ modules: [odd] })
    const romeo = await kit.connects('romeo/orchard')

    await romeo.sends(el`<iq type='get' id='1'><call/></iq>`)

    assert.equal(romeo.takes().attrs.type, 'result')
  })
})

describe('any iq', () => {
  for (const type of ['get', 'set', 'result', 'error'])
    for (const resource of ['balcony', 'chamber', 'tomb'])
      it(`of type ${type} to the client in the ${resource} is for it alone (RFC 6121 §8.5.3.1)`, async () => {
        const { romeo, balcony, chamber, tomb } = await verona()

        const to = `juliet@verona.example/${resource}`
        await romeo.sends(el`<iq type='${type}' id='1' to='${to}'><call xmlns='${NURSE}'/></iq>`)

        const readers = [balcony, chamber, tomb].filter(({ received }) => received.length > 0)
        assert.deepEqual(
          readers.map(({ jid, received }) => [`${jid}`, received.length]),
          [[to, 1]],
        )
        assert.deepEqual(readers[0]?.takes().attrs, {
          ...{ xmlns: 'jabber:client', from: 'romeo@verona.example/orchard', to, type, id: '1' },
        })
        assert.deepEqual(romeo.received, [])
      })

  for (const type of ['result', 'error'])
    for (const to of [
      ...['verona.example', 'verona.example/bell', 'juliet@verona.example', 'juliet@verona.example/garden'],
      ...['nurse@verona.example', 'rosaline@verona.example', 'rosaline@verona.example/home'],
      ...['romeo@verona.example', 'friar@padua.example', 'friar@padua.example/cell'],
    ])
      it(`of type ${type} to ${to}, which has not asked, is silently ignored`, async () => {
        const { romeo, balcony, chamber, tomb } = await verona()

        await romeo.sends(el`<iq type='${type}' id='1' to='${to}'><call xmlns='${NURSE}'/></iq>`)

        for (const client of [romeo, balcony, chamber, tomb]) assert.deepEqual(client.received, [])
      })
})

describe('an answer of the server', () => {
  const requests: Request[] = []
  const asked = (request: Request) => {
    requests.push(request)
  }
  const silent = module('silent', { iq: [set(['server', 'self', 'account'], 'call', NURSE, asked)] })
  beforeEach(() => requests.splice(0))

  it('comes from whom was asked, to who asked, with the id of the request', async () => {
    const { romeo } = await verona()
    const from = (to: string) => el`<iq type='get' id='a&amp;b' to='${to}'><call xmlns='${NURSE}'/></iq>`

    await romeo.sends(from('Juliet@verona.example'))
    await romeo.sends(from('verona.example'))

    for (const sender of ['juliet@verona.example', 'verona.example']) {
      const { attrs } = romeo.takes()
      const { id, from, to, type } = attrs
      assert.deepEqual([id, from, to, type], ['a&b', sender, 'romeo@verona.example/orchard', 'result'])
    }
  })

  it('is empty when the handler has nothing to say', async () => {
    const kit = await Kit.start({ modules: [silent] })
    const romeo = await kit.connects('romeo/orchard')

    const answer = await romeo.asks('set', call)

    assert.deepEqual([answer.attrs.type, answer.children], ['result', []])
  })

  it('is made from all that the request says', async () => {
    const kit = await Kit.start({ modules: [silent] })
    const romeo = await kit.connects('romeo/orchard')

    await romeo.asks('set', xml('call', { xmlns: NURSE, loudly: 'true' }), 'juliet@verona.example')

    const [request] = requests
    assert.equal(`${request?.from} ${request?.to}`, 'romeo@verona.example/orchard juliet@verona.example')
    assert.equal(request?.payload.attrs.loudly, 'true')
    assert.equal(request?.session, romeo)
    assert.equal(request?.stanza.kind, 'iq')
  })

  it('finds its way to who asked from elsewhere than a session of ours', async () => {
    const kit = await Kit.start({ modules: [silent] })
    const romeo = await kit.connects('romeo/orchard')
    const request = el`<iq xmlns='jabber:client' type='set' id='1'><call xmlns='${NURSE}'/></iq>`

    await kit.router.route(makeStanza({ from: romeo.jid, to: parseJid('juliet@verona.example'), el: request }))
    await kit.router.route(
      makeStanza({ from: parseJid('friar@padua.example/cell'), to: parseJid('verona.example'), el: request }),
    )
    await settled()

    assert.deepEqual([romeo.takes().attrs.type, romeo.received], ['result', []])
    assert.deepEqual(
      requests.map(({ session }) => session),
      [undefined, undefined],
    )
  })

  for (const [when, answer] of [
    ['at once', (fault: unknown) => raise(fault)],
    ['later', (fault: unknown) => settled().then(() => raise(fault))],
  ] as const) {
    const failing = (fault: unknown) => module('failing', { iq: [get(['self'], 'call', NURSE, () => answer(fault))] })

    it(`is the refusal that the handler throws ${when}`, async () => {
      const lines: string[] = []
      const kit = await Kit.start({ modules: [failing(forbidden('Not to a Montague'))], log: logTo(lines) })
      const romeo = await kit.connects('romeo/orchard')

      const answer = await romeo.asks('get', call)

      assert.equal(conditionOf(answer), 'forbidden')
      assert.equal(child(child(answer, 'error') ?? answer, 'text')?.getText(), 'Not to a Montague')
      assert.deepEqual(lines, [])
    })

    it(`is an internal-server-error without details when the handler fails ${when}`, async () => {
      const lines: string[] = []
      const fault = new Error('no such table: rosters')
      const kit = await Kit.start({ modules: [failing(fault)], log: logTo(lines) })
      const romeo = await kit.connects('romeo/orchard')

      const answer = await romeo.asks('get', call)

      assert.equal(conditionOf(answer), 'internal-server-error')
      assert.doesNotMatch(`${parseElement(answer.toString())}`, /table|<text/)
      assert.deepEqual(lines, ['a stanza could not be handled: Error: no such table: rosters'])
    })
  }
})

function raise(fault: unknown): never {
  throw fault
}
