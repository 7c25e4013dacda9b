import assert from 'node:assert/strict'
import { type Element, parseElement, StreamOpen } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'
import { parseJid } from '../xmpp/jid.js'
import * as ns from '../xmpp/ns.js'
import {
  LEGAL,
  START,
  START_SECURE,
  type StreamEffect,
  type StreamInput,
  type StreamSettings,
  type StreamState,
  step,
} from './stream.js'

const settings: StreamSettings = {
  domains: new Set(['verona.example', 'mantua.example']),
  tlsRequired: true,
  loginAttempts: 3,
}
const lax = { ...settings, tlsRequired: false }

const romeo = parseJid('romeo@verona.example')
const domain = 'verona.example'

const states = {
  opening: START,
  negotiating: { at: 'negotiating', secure: true, failures: 0, domain },
  registering: { at: 'registering', secure: true, failures: 0, domain },
  securing: { at: 'securing', failures: 0 },
  authenticating: { at: 'authenticating', secure: true, failures: 0, domain },
  challenged: { at: 'challenged', secure: true, failures: 0, domain },
  binding: { at: 'binding', user: romeo },
  attaching: { at: 'attaching', user: romeo },
  bound: { at: 'bound' },
  closed: { at: 'closed' },
} as const satisfies { readonly [A in StreamState['at']]: StreamState }

const header = (attrs: Record<string, string | undefined> = {}, names: Partial<StreamOpen> = {}): StreamInput => {
  const all = { to: 'verona.example', version: '1.0', ...attrs }
  const written = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const { name = 'stream', prefix = 'stream', ns: space = ns.STREAM, defaultNs = ns.CLIENT } = names
  return { on: 'header', header: new StreamOpen(name, prefix, space, defaultNs, Object.fromEntries(written)) }
}

const says = (xml: string): StreamInput => ({ on: 'element', el: parseElement(xml) })

const inputs: { readonly [O in StreamInput['on']]: StreamInput } = {
  header: header(),
  element: says(`<message xmlns='jabber:client'/>`),
  end: { on: 'end' },
  secured: { on: 'secured' },
  answered: { on: 'answered' },
  challenge: { on: 'challenge', data: 'cj1m' },
  authenticated: { on: 'authenticated', user: romeo, data: undefined },
  rejected: { on: 'rejected', condition: 'not-authorized', text: undefined },
  attached: { on: 'attached' },
  'not attached': { on: 'not attached' },
  fault: { on: 'fault', error: new StreamError('internal-server-error') },
}

const starttls = says(`<starttls xmlns='${ns.TLS}'/>`)
const auth = says(`<auth xmlns='${ns.SASL}' mechanism='PLAIN'>AHJvbWVvAHBhc3M=</auth>`)
const register = (attrs = '', type = 'get') =>
  says(`<iq xmlns='jabber:client' type='${type}' id='r' ${attrs}><query xmlns='${ns.REGISTER}'/></iq>`)
const bind = says(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${ns.BIND}'/></iq>`)
const management = ['enable', 'r', 'a', 'resume'].map(name => says(`<${name} xmlns='${ns.STREAM_MANAGEMENT}'/>`))

/** The effects in a form that is easily compared: elements as text, errors by their conditions. */
function told(effects: readonly StreamEffect[]): unknown[] {
  return effects.map(effect => {
    if (effect.do === 'send') return `${effect.el}`
    if (effect.do === 'close') return `close ${effect.error?.condition ?? ''}`.trimEnd()
    return effect.do
  })
}

function advance(state: StreamState, input: StreamInput, how: StreamSettings = settings) {
  const [next, ...effects] = step(state, input, how)
  return { next, effects, told: told(effects) }
}

const failure = (condition: string): string => `<failure xmlns="${ns.SASL}"><${condition}/></failure>`
const notYet = (attrs: string): string =>
  `<iq type="error" ${attrs}><error type="auth"><not-authorized xmlns="${ns.STANZA_ERRORS}"/></error></iq>`
const unexpected = `<failed xmlns="${ns.STREAM_MANAGEMENT}"><unexpected-request xmlns="${ns.STANZA_ERRORS}"/></failed>`

describe('stream', () => {
  describe('every input in every state', () => {
    for (const [at, state] of Object.entries(states)) {
      for (const [on, input] of Object.entries(inputs)) {
        const isLegal = LEGAL[state.at].includes(input.on)

        it(`${at} ${isLegal ? 'understands' : 'does not expect'} ${on}`, () => {
          const { next, told } = advance(state, input)

          if (at === 'closed') assert.deepEqual([next, told], [state, []])
          else if (at === 'securing' && on !== 'secured') assert.deepEqual([next, told], [{ at: 'closed' }, ['drop']])
          else if (isLegal) assert.notDeepEqual(told, ['close policy-violation'])
          else assert.deepEqual([next, told], [{ at: 'closed' }, ['close policy-violation']])
        })
      }
    }
  })

  describe('its end', () => {
    for (const at of ['negotiating', 'authenticating', 'challenged', 'binding', 'attaching', 'bound'] as const) {
      it(`is answered while ${at}`, () => {
        assert.deepEqual(advance(states[at], inputs.end), {
          next: { at: 'closed' },
          effects: [{ do: 'close', error: undefined }],
          told: ['close'],
        })
      })

      it(`comes with our fault while ${at}`, () => {
        assert.deepEqual(advance(states[at], inputs.fault).told, ['close internal-server-error'])
      })
    }

    it('needs a header of ours before the error', () => {
      const { next, effects } = advance(START, inputs.fault)

      assert.equal(next.at, 'closed')
      assert.deepEqual(effects[0], { do: 'open', domain: undefined, to: undefined })
      assert.deepEqual(told(effects), ['open', 'close internal-server-error'])
    })

    for (const input of [inputs.fault, inputs.end]) {
      it(`has no words in the middle of a handshake (${input.on})`, () => {
        assert.deepEqual(advance(states.securing, input), {
          next: { at: 'closed' },
          effects: [{ do: 'drop' }],
          told: ['drop'],
        })
      })
    }
  })

  describe('header', () => {
    const refused: readonly [what: string, input: StreamInput, condition: string][] = [
      ['of another namespace', header({}, { ns: 'jabber:client' }), 'invalid-namespace'],
      ['of another name', header({}, { name: 'flood' }), 'bad-format'],
      ['without a default namespace', header({}, { defaultNs: '' }), 'invalid-namespace'],
      ['of a server', header({}, { defaultNs: 'jabber:server' }), 'invalid-namespace'],
      ['to nobody', header({ to: undefined }), 'improper-addressing'],
      ['to the empty address', header({ to: '' }), 'host-unknown'],
      ['to a foreign domain', header({ to: 'padua.example' }), 'host-unknown'],
      ['to what is no domain', header({ to: 'a b' }), 'host-unknown'],
      ['to a person', header({ to: 'juliet@verona.example' }), 'host-unknown'],
      ['to a resource', header({ to: 'verona.example/tomb' }), 'host-unknown'],
      ['without a version', header({ version: undefined }), 'unsupported-version'],
      ['of version 0.9', header({ version: '0.9' }), 'unsupported-version'],
      ['of no version', header({ version: 'one' }), 'unsupported-version'],
    ]
    for (const [what, input, condition] of refused) {
      it(`${what} is refused with ${condition}, behind a header of ours`, () => {
        const { next, told } = advance(START, input)

        assert.deepEqual([next.at, told], ['closed', ['open', `close ${condition}`]])
      })
    }

    for (const version of ['1.0', '1.1', '2.0', '01.0', '10.3'])
      it(`of version ${version} is taken`, () =>
        assert.equal(advance(START, header({ version })).next.at, 'negotiating'))

    it('has its sender echoed', () => {
      const { effects } = advance(START, header({ from: 'Romeo@Verona.example/Balcony' }))

      assert.deepEqual(effects[0], { do: 'open', domain, to: 'romeo@verona.example/Balcony' })
    })

    it('has its sender echoed when it is refused, too', () => {
      const { effects } = advance(START, header({ from: `${romeo}`, to: 'padua.example' }))

      assert.deepEqual(effects[0], { do: 'open', domain: undefined, to: 'romeo@verona.example' })
    })

    it('with a sender that is none is read without it', () => {
      assert.deepEqual(advance(START, header({ from: '@' })).effects[0], { do: 'open', domain, to: undefined })
    })

    it('names its domain as everybody likes to write it', () => {
      assert.deepEqual(advance(START, header({ to: 'VERONA.example' })).effects[0], {
        do: 'open',
        domain,
        to: undefined,
      })
    })

    it('is for the domain that the client has logged in to', () => {
      const loggedIn: StreamState = { at: 'opening', secure: true, failures: 0, user: romeo }

      assert.equal(advance(loggedIn, header()).next.at, 'binding')
      assert.deepEqual(advance(loggedIn, header({ to: 'mantua.example' })).told, ['open', 'close host-unknown'])
    })
  })

  describe('TLS', () => {
    const offers = (state: StreamState, how: StreamSettings) => advance(state, header(), how).effects[1]

    it('is all that is offered where it is required', () => {
      assert.deepEqual(offers(START, settings), { do: 'offer', features: 'tls', secure: false })
    })

    it('is offered beside logins where it is not', () => {
      assert.deepEqual(offers(START, lax), { do: 'offer', features: 'login', secure: false })
    })

    it('is not offered when it is there', () => {
      assert.deepEqual(offers(START_SECURE, settings), { do: 'offer', features: 'login', secure: true })
    })

    it('begins with our word, and a new stream behind it', () => {
      const plain: StreamState = { at: 'negotiating', secure: false, failures: 1, domain }
      const proceeding = advance(plain, starttls)
      const secured = advance(proceeding.next, inputs.secured)

      assert.deepEqual(proceeding.told, [`<proceed xmlns="${ns.TLS}"/>`, 'secure'])
      assert.deepEqual(secured.told, ['restart'])
      assert.deepEqual(secured.next, { at: 'opening', secure: true, failures: 1, user: undefined })
    })

    it('is not put on twice', () => {
      assert.deepEqual(advance(states.negotiating, starttls).told, ['close policy-violation'])
    })

    it('comes before login', () => {
      const { next, told } = advance({ at: 'negotiating', secure: false, failures: 0, domain }, auth)

      assert.deepEqual(told, [failure('encryption-required')])
      assert.equal(next.at === 'negotiating' && next.failures, 1)
    })
  })

  describe('login', () => {
    it('hands what the client says to the mechanism', () => {
      const { next, effects } = advance(states.negotiating, auth)

      assert.equal(next.at, 'authenticating')
      assert.deepEqual(effects, [{ do: 'authenticate', mechanism: 'PLAIN', text: 'AHJvbWVvAHBhc3M=', domain }])
    })

    it('without a mechanism is for the mechanisms to refuse', () => {
      const { effects } = advance(states.negotiating, says(`<auth xmlns='${ns.SASL}'/>`))

      assert.deepEqual(effects, [{ do: 'authenticate', mechanism: '', text: '', domain }])
    })

    it('goes through a challenge', () => {
      const challenged = advance(states.authenticating, inputs.challenge)
      const responded = advance(challenged.next, says(`<response xmlns='${ns.SASL}'>biws</response>`))

      assert.deepEqual(challenged.told, [`<challenge xmlns="${ns.SASL}">cj1m</challenge>`])
      assert.deepEqual(responded.effects, [{ do: 'respond', text: 'biws' }])
      assert.equal(responded.next.at, 'authenticating')
    })

    it('ends with a new stream', () => {
      const { next, told } = advance(states.authenticating, { on: 'authenticated', user: romeo, data: 'dj0=' })

      assert.deepEqual(told, [`<success xmlns="${ns.SASL}">dj0=</success>`, 'restart'])
      assert.deepEqual(next, { at: 'opening', secure: true, failures: 0, user: romeo })
    })

    it('may be tried again, but not for ever', () => {
      const first = advance(states.authenticating, inputs.rejected)
      const second = advance(advance(first.next, auth).next, inputs.rejected)
      const third = advance(advance(second.next, auth).next, inputs.rejected)

      assert.deepEqual(first.told, [failure('not-authorized')])
      assert.deepEqual(second.told, [failure('not-authorized')])
      assert.deepEqual(third.told, [failure('not-authorized'), 'close policy-violation'])
    })

    it('says why it failed when there is something to say', () => {
      const { told } = advance(states.authenticating, { on: 'rejected', condition: 'not-authorized', text: 'No' })

      assert.deepEqual(told, [`<failure xmlns="${ns.SASL}"><not-authorized/><text xml:lang="en">No</text></failure>`])
    })

    it('can be given up in the middle, which counts', () => {
      const { next, told } = advance(states.challenged, says(`<abort xmlns='${ns.SASL}'/>`))

      assert.deepEqual(told, ['abort', failure('aborted')])
      assert.deepEqual(next, { ...states.negotiating, failures: 1 })
    })

    for (const name of ['response', 'abort'])
      it(`does not begin with <${name}/>`, () => {
        assert.deepEqual(advance(states.negotiating, says(`<${name} xmlns='${ns.SASL}'/>`)).told, [
          failure('malformed-request'),
        ])
      })

    it('is not begun twice', () => {
      assert.deepEqual(advance(states.challenged, auth).told, ['close unsupported-stanza-type'])
    })
  })

  describe('what comes before its time', () => {
    for (const kind of ['message', 'presence', 'iq'])
      for (const at of ['negotiating', 'challenged', 'binding'] as const)
        it(`${kind} while ${at} is not authorized`, () => {
          assert.deepEqual(advance(states[at], says(`<${kind} xmlns='jabber:client'/>`)).told, ['close not-authorized'])
        })

    const asks = (to: string, type = 'get') =>
      says(`<iq xmlns='jabber:client' type='${type}' id='v' ${to}><query xmlns='jabber:iq:version'/></iq>`)

    for (const to of ['verona.example', 'romeo@verona.example'])
      it(`what the client asks of ${to} is answered, and changes nothing`, () => {
        for (const type of ['get', 'set']) {
          const { next, told } = advance(states.binding, asks(`to='${to}'`, type))
          assert.deepEqual([next, told], [states.binding, [notYet(`id="v" from="${to}"`)]])
        }
      })

    it('what it asks nobody is answered', () => {
      for (const at of ['negotiating', 'binding'] as const)
        assert.deepEqual(advance(states[at], asks('')).told, [notYet('id="v"')])
    })

    it('what it asks the server before login is answered; an account it does not have', () => {
      const { next, told } = advance(states.negotiating, asks("to='Verona.Example'"))
      assert.deepEqual([next, told], [states.negotiating, [notYet('id="v" from="Verona.Example"')]])
      assert.deepEqual(advance(states.negotiating, asks("to='romeo@verona.example'")).told, ['close not-authorized'])
    })

    it('what it asks others, and every answer, is not authorized', () => {
      for (const to of ['juliet@verona.example', 'rome.example', 'verona.example/balcony', '@'])
        for (const at of ['negotiating', 'binding'] as const)
          assert.deepEqual(advance(states[at], asks(`to='${to}'`)).told, ['close not-authorized'])
      assert.deepEqual(advance(states.binding, asks('', 'result')).told, ['close not-authorized'])
    })

    it('nothing is answered where TLS is required and is not there', () => {
      assert.deepEqual(advance({ ...states.negotiating, secure: false }, asks('')).told, ['close not-authorized'])
    })

    for (const at of ['negotiating', 'challenged', 'binding', 'bound'] as const)
      it(`an unknown element while ${at} is no stanza that there is`, () => {
        for (const unknown of [`<wherefore xmlns='jabber:client'/>`, `<message xmlns='jabber:server'/>`, `<message/>`])
          assert.deepEqual(advance(states[at], says(unknown)).told, ['close unsupported-stanza-type'])
      })

    it('stream management while negotiating, and all but a resumption while binding, fails without harm', () => {
      for (const input of management) assert.deepEqual(advance(states.negotiating, input).told, [unexpected])
      for (const input of management.slice(0, 3)) assert.deepEqual(advance(states.binding, input).told, [unexpected])
      assert.deepEqual(advance(states.binding, management[0] ?? inputs.end).next, states.binding)
    })
  })

  describe('binding', () => {
    const elOf = (input: StreamInput): Element | undefined => (input.on === 'element' ? input.el : undefined)

    it('asks for a resource', () => {
      assert.deepEqual(advance(states.binding, bind), {
        next: states.attaching,
        effects: [{ do: 'bind', request: elOf(bind), user: romeo }],
        told: ['bind'],
      })
    })

    it('asks for a session', () => {
      const resume = says(`<resume xmlns='${ns.STREAM_MANAGEMENT}' previd='x' h='1'/>`)

      assert.deepEqual(advance(states.binding, resume).effects, [{ do: 'resume', request: elOf(resume), user: romeo }])
    })

    it('may be tried again', () => {
      assert.deepEqual(advance(states.attaching, inputs['not attached']).next, states.binding)
      assert.deepEqual(advance(states.attaching, inputs.attached).next, states.bound)
    })

    it('is a request to change something', () => {
      const get = says(`<iq xmlns='jabber:client' type='get' id='b'><bind xmlns='${ns.BIND}'/></iq>`)

      assert.deepEqual(advance(states.binding, get).told, [notYet('id="b"')])
    })
  })

  describe('bound', () => {
    it('hands on stanzas', () => {
      for (const kind of ['message', 'presence', 'iq'] as const) {
        const { next, effects } = advance(states.bound, says(`<${kind} xmlns='jabber:client'/>`))

        assert.deepEqual([next, effects.map(effect => effect.do === 'dispatch' && effect.kind)], [states.bound, [kind]])
      }
    })

    it('hands on stream management', () => {
      for (const input of management) assert.deepEqual(advance(states.bound, input).told, ['manage'])
    })

    it('hands on a second binding, which is a stanza like others', () => {
      assert.deepEqual(advance(states.bound, bind).told, ['dispatch'])
    })
  })
})

describe('registration before login (XEP-0077 §3.1.1)', () => {
  for (const type of ['get', 'set'])
    for (const to of ['', "to='verona.example'", "to='Verona.Example'"])
      it(`is asked for by a ${type}, ${to || 'to nobody'}, and leaves the stream where it was`, () => {
        const { next, told } = advance(states.negotiating, register(to, type))
        assert.deepEqual([next, told], [states.registering, ['register']])
        assert.deepEqual(advance(next, inputs.answered), { next: states.negotiating, effects: [], told: [] })
      })

  it('forgets no failed login', () => {
    const { next } = advance({ ...states.negotiating, failures: 2 }, register())
    assert.deepEqual(advance(next, inputs.answered).next, { ...states.negotiating, failures: 2 })
  })

  it('waits for TLS where that is required', () => {
    const plain: StreamState = { ...states.negotiating, secure: false }
    assert.deepEqual(advance(plain, register()).told, ['close not-authorized'])
    assert.deepEqual(advance(plain, register(), { ...settings, tlsRequired: false }).told, ['register'])
  })

  it('is nothing that one asks others for, answers with, or asks for after login', () => {
    assert.deepEqual(advance(states.negotiating, register("to='rome.example'")).told, ['close not-authorized'])
    assert.deepEqual(advance(states.negotiating, register('', 'result')).told, ['close not-authorized'])
    assert.deepEqual(advance(states.binding, register()).told, [notYet('id="r"')])
    assert.deepEqual(advance(states.bound, register()).told, ['dispatch'])
  })
})
