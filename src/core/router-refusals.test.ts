import assert from 'node:assert/strict'
import { conditionOf, el, Kit, settled } from '../../test/kit.js'
import { child, type Element, xml } from '../xml/index.js'
import { notAllowed, policyViolation } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { availability, logTo, module } from './fixture.test.js'
import { type Flows, type Stage, TAKEN } from './module.js'

const to = 'juliet@verona.example/balcony'

/** One stanza of each kind and type that may be refused. */
const refusable: Readonly<Record<string, Element>> = {
  'a message': el`<message id='1' type='chat' to='${to}'><body>Hark</body><thread>wall</thread></message>`,
  presence: el`<presence id='1' to='${to}'><show>away</show></presence>`,
  'a subscription': el`<presence id='1' type='subscribe' to='${to}'/>`,
  'a get': el`<iq id='1' type='get' to='${to}'><query xmlns='jabber:iq:version'/></iq>`,
  'a set': el`<iq id='1' type='set' to='${to}'><query xmlns='jabber:iq:version'/></iq>`,
}

/** What is an answer itself. */
const answers: Readonly<Record<string, Element>> = {
  'an error message': el`<message id='1' type='error' to='${to}'><body>Hark</body></message>`,
  'an error in presence': el`<presence id='1' type='error' to='${to}'/>`,
  'a result': el`<iq id='1' type='result' to='${to}'/>`,
  'an error': el`<iq id='1' type='error' to='${to}'><query xmlns='jabber:iq:version'/></iq>`,
}

type Act = () => undefined | typeof TAKEN | Promise<undefined | typeof TAKEN>

const hooked = (flow: keyof Flows, stage: Stage, act: Act) =>
  module('guard', {
    hooks: { [flow]: { [stage]: ({ stanza }: Flows[keyof Flows]) => (stanza.id === '' ? undefined : act()) } },
  })

async function verona(...modules: Parameters<typeof Kit.start>[0]['modules']) {
  const lines: string[] = []
  const kit = await Kit.start({ modules: [availability, ...modules], log: logTo(lines) })
  const juliet = await kit.comesOnline('juliet/balcony')
  const romeo = await kit.comesOnline('romeo/orchard')
  return { kit, juliet, romeo, lines }
}

const raise = (fault: unknown) => (): never => {
  throw fault
}
const reject = (fault: unknown) => async (): Promise<never> => {
  await settled()
  throw fault
}

for (const flow of ['fromClient', 'toAccount'] as const)
  for (const [when, fails] of [
    ['at once', raise],
    ['later', reject],
  ] as const) {
    describe(`what a hook of ${flow} refuses ${when}`, () => {
      for (const [what, stanza] of Object.entries(refusable))
        it(`comes back to Romeo when it is ${what}`, async () => {
          const { juliet, romeo, lines } = await verona(hooked(flow, 'check', fails(notAllowed('Not here'))))

          await romeo.sends(stanza)

          const { name, attrs } = romeo.received[0] ?? xml('nothing')
          assert.deepEqual([name, attrs.id, attrs.from, attrs.to], [stanza.name, '1', to, romeo.jid.toString()])
          assert.equal(conditionOf(romeo.takes()), 'not-allowed')
          assert.deepEqual([juliet.received, romeo.received, lines], [[], [], []])
        })

      for (const [what, stanza] of Object.entries(answers))
        it(`goes nowhere when it is ${what} (RFC 6120 §8.3.1)`, async () => {
          const { juliet, romeo } = await verona(hooked(flow, 'check', fails(notAllowed())))

          await romeo.sends(stanza)

          assert.deepEqual([juliet.received, romeo.received], [[], []])
        })
    })

    describe(`what a hook of ${flow} fails at ${when}`, () => {
      for (const stage of ['check', 'rewrite', 'record'] as const)
        it(`is refused without details, in the stage ${stage}`, async () => {
          const { juliet, romeo, lines } = await verona(hooked(flow, stage, fails(new Error('no such table'))))

          for (const stanza of Object.values(refusable)) await romeo.sends(stanza)

          assert.equal(romeo.received.length, Object.keys(refusable).length)
          for (const error of romeo.received) {
            assert.equal(conditionOf(error), 'internal-server-error')
            assert.doesNotMatch(`${error}`, /table|<text/)
          }
          assert.deepEqual(juliet.received, [])
          assert.deepEqual(
            lines,
            Object.keys(refusable).map(() => `a hook failed: guard ${stage}`),
          )
        })

      it('is delivered all the same when it was about copies', async () => {
        const { juliet, romeo, lines } = await verona(hooked(flow, 'copy', fails(new Error('no such table'))))

        await romeo.sends(el`<message id='1' type='chat' to='${to}'><body>Hark</body></message>`)

        assert.deepEqual([juliet.hears(), romeo.received], [['Hark'], []])
        assert.deepEqual(lines, ['a hook failed: guard copy'])
      })
    })

    describe(`what a hook of ${flow} takes ${when}`, () => {
      it('is its own business from then on', async () => {
        const take = when === 'at once' ? (): typeof TAKEN => TAKEN : async (): Promise<typeof TAKEN> => TAKEN
        const { juliet, romeo, lines } = await verona(hooked(flow, 'check', take))

        for (const stanza of [...Object.values(refusable), ...Object.values(answers)]) await romeo.sends(stanza)

        assert.deepEqual([juliet.received, romeo.received, lines], [[], [], []])
      })
    })
  }

describe('an error that the server sends', () => {
  it('holds what was refused, so that its sender knows it', async () => {
    const { romeo } = await verona(hooked('toAccount', 'check', raise(policyViolation('Too many words'))))

    await romeo.sends(refusable['a message'] ?? xml('nothing'))

    const error = romeo.takes()
    assert.deepEqual(
      error.getChildElements().map(({ name }) => name),
      ['body', 'thread', 'error'],
    )
    assert.equal(child(error, 'body')?.getText(), 'Hark')
    assert.equal(child(error, 'error')?.attrs.type, 'modify')
  })

  it('comes from Romeo’s own account when what he sent was for nobody', async () => {
    const { romeo } = await verona(hooked('fromClient', 'check', raise(notAllowed())))

    await romeo.sends(el`<presence id='1'/>`)

    assert.equal(romeo.received[0]?.attrs.from, 'romeo@verona.example')
    assert.equal(conditionOf(romeo.takes()), 'not-allowed')
  })

  it('cannot be refused: it would be lost', async () => {
    const grumpy = module('grumpy', {
      hooks: {
        toAccount: { check: raise(notAllowed()), copy: raise(notAllowed()), fallback: raise(notAllowed()) },
      },
    })
    const { romeo } = await verona(grumpy)

    await romeo.sends(el`<message id='1' type='chat' to='rosaline@verona.example'><body>Hark</body></message>`)

    assert.equal(conditionOf(romeo.takes()), 'service-unavailable')
  })

  it('is for nobody when who should get it has left', async () => {
    const { juliet, romeo } = await verona(hooked('toAccount', 'check', reject(notAllowed())))
    const other = await romeo.kit.comesOnline('romeo/mantua')

    const sent = romeo.sends(refusable['a message'] ?? xml('nothing'))
    await romeo.dies()
    await sent

    assert.deepEqual([juliet.received, romeo.received, other.received], [[], [], []])
  })

  it('is not sent for what the server itself sends: there would be nobody to read it', async () => {
    const { kit, juliet, romeo, lines } = await verona(hooked('toAccount', 'check', raise(notAllowed())))
    const notice = (from: string, to: string) =>
      kit.router.route(
        makeStanza({ from: parseJid(from), to: parseJid(to), el: el`<message id='1' xmlns='jabber:client'/>` }),
      )

    await notice('verona.example', 'juliet@verona.example')
    await notice('romeo@verona.example', 'juliet@verona.example')
    await notice('padua.example', 'juliet@verona.example')
    await notice('padua.example', 'rosaline@verona.example')

    assert.deepEqual([juliet.received, romeo.received, lines], [[], [], []])
  })
})

describe('a bug', () => {
  it('in a session costs its own user alone', async () => {
    const { kit, juliet, romeo, lines } = await verona()
    const nurse = await kit.comesOnline('nurse/kitchen')
    const send = juliet.send
    juliet.send = raise(new Error('a bug'))

    await romeo.sends(el`<message type='chat' id='1' to='${to}'><body>Hark</body></message>`)
    await juliet.sends(el`<iq type='get' id='2'><query xmlns='jabber:iq:version'/></iq>`)
    await juliet.sends(el`<message type='chat' id='3' to='nurse@verona.example'><body>Nurse!</body></message>`)
    juliet.send = send
    await romeo.sends(el`<message type='chat' id='4' to='${to}'><body>Again</body></message>`)

    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
    assert.deepEqual([nurse.hears(), juliet.hears()], [['Nurse!'], ['Again']])
    assert.deepEqual(lines, [
      'a stanza could not be handled: Error: a bug',
      'a stanza could not be handled: Error: a bug',
      'an error could not be sent: Error: a bug',
    ])
  })

  it('in the accounts costs the sender of the one stanza an error', async () => {
    const { kit, juliet, romeo, lines } = await verona()
    kit.accounts.exists = reject(new Error('connection reset'))

    await romeo.sends(el`<message type='chat' id='1' to='nurse@verona.example'><body>Nurse!</body></message>`)
    await romeo.sends(el`<message type='chat' id='2' to='${to}'><body>Hark</body></message>`)

    assert.equal(conditionOf(romeo.takes()), 'internal-server-error')
    assert.deepEqual([juliet.hears(), romeo.received], [['Hark'], []])
    assert.deepEqual(lines, ['a stanza could not be handled: Error: connection reset'])
  })
})
