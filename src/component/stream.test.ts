import assert from 'node:assert/strict'
import { el } from '../../test/kit.js'
import { StreamOpen } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { COMPONENT, STREAM } from '../xmpp/ns.js'
import { LEGAL, START, type StreamInput, type StreamState, step } from './stream.js'

const DOMAIN = 'gateway.verona.example'
const domains = new Set([DOMAIN])

const header = (to: string | undefined = DOMAIN, { ns = STREAM, name = 'stream', stanzas = COMPONENT } = {}) =>
  ({ on: 'header', id: '1595', header: new StreamOpen(name, 'stream', ns, stanzas, to ? { to } : {}) }) as const

const handshake = { on: 'element', el: el`<handshake xmlns='jabber:component:accept'>abc</handshake>` } as const
const message = { on: 'element', el: el`<message xmlns='jabber:component:accept'/>` } as const

/** The states that there are, each with what is true in it. */
const states: Readonly<Record<StreamState['at'], StreamState>> = {
  opening: START,
  greeted: { at: 'greeted', domain: DOMAIN, id: '1595' },
  proving: { at: 'proving', domain: DOMAIN },
  bound: { at: 'bound', domain: DOMAIN },
  closed: { at: 'closed' },
}

const inputs: Readonly<Record<StreamInput['on'], StreamInput>> = {
  header: header(),
  element: message,
  end: { on: 'end' },
  proven: { on: 'proven' },
  fault: { on: 'fault', error: new StreamError('system-shutdown') },
}

/** What is done: `open`, `close host-unknown`. */
function does(state: StreamState, input: StreamInput): readonly string[] {
  const [, ...effects] = step(state, input, domains)
  return effects.map(effect => (effect.do === 'close' ? `close ${effect.error?.condition ?? ''}`.trim() : effect.do))
}

describe('the stream of a component (XEP-0114 §3)', () => {
  it('is opened, proved and then carries stanzas', () => {
    const [greeted, ...opened] = step(START, header(), domains)
    assert.deepEqual(greeted, states.greeted)
    assert.deepEqual(opened, [{ do: 'open', domain: DOMAIN, id: '1595' }])

    const [proving, ...proved] = step(greeted, handshake, domains)
    assert.deepEqual(proving, states.proving)
    assert.deepEqual(proved, [{ do: 'prove', domain: DOMAIN, id: '1595', digest: 'abc' }])

    const [bound] = step(proving, { on: 'proven' }, domains)
    assert.deepEqual(bound, states.bound)
    assert.deepEqual(does(proving, { on: 'proven' }), ['send', 'attach'])
    assert.deepEqual(does(bound, message), ['dispatch'])
  })

  const refused: readonly (readonly [what: string, input: StreamInput, condition: string])[] = [
    ['is not of streams', header(DOMAIN, { ns: 'urn:example' }), 'invalid-namespace'],
    ['is no stream', header(DOMAIN, { name: 'river' }), 'bad-format'],
    ['is a client’s', header(DOMAIN, { stanzas: 'jabber:client' }), 'invalid-namespace'],
    ['waits for the server to connect', header(DOMAIN, { stanzas: 'jabber:component:connect' }), 'invalid-namespace'],
    ['has no name', header(''), 'improper-addressing'],
    ['has a name that nobody has', header('rome.example'), 'host-unknown'],
    ['has a name that can be none', header('ro me'), 'host-unknown'],
    ['has the name of a user', header(`romeo@${DOMAIN}`), 'host-unknown'],
  ]
  for (const [what, input, condition] of refused)
    it(`is not opened when its header ${what}`, () => {
      assert.deepEqual(does(START, input), ['open', `close ${condition}`])
    })

  it('is for a name however it is written', () => {
    assert.deepEqual(step(START, header('Gateway.VERONA.example'), domains)[0], states.greeted)
  })

  it('carries nothing before the handshake', () => {
    assert.deepEqual(does(states.greeted, message), ['close not-authorized'])
    const dance = { on: 'element', el: el`<dance xmlns='urn:example'/>` } as const
    assert.deepEqual(does(states.greeted, dance), ['close unsupported-stanza-type'])
  })

  it('carries stanzas of its own namespace only', () => {
    for (const other of [el`<message xmlns='jabber:client'/>`, el`<dance xmlns='jabber:component:accept'/>`])
      assert.deepEqual(does(states.bound, { on: 'element', el: other }), ['close unsupported-stanza-type'])
    assert.deepEqual(does(states.bound, handshake), ['close unsupported-stanza-type'])
  })

  it('has an answer to everything in every state', () => {
    for (const [at, state] of Object.entries(states) as [StreamState['at'], StreamState][])
      for (const [on, input] of Object.entries(inputs) as [StreamInput['on'], StreamInput][]) {
        if (at === 'closed') assert.deepEqual(does(state, input), [])
        else if (!LEGAL[at].includes(on)) assert.deepEqual(does(state, input), ['close policy-violation'])
        else if (on === 'end') assert.deepEqual(does(state, input), ['close'])
        else if (on === 'fault')
          assert.deepEqual(does(state, input), [...(at === 'opening' ? ['open'] : []), 'close system-shutdown'])
      }
  })
})
