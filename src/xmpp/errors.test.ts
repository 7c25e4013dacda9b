import assert from 'node:assert/strict'
import { child, elements, is, parseElement, serialise, xml } from '../xml/index.js'
import * as errors from './errors.js'
import {
  errorReply,
  mayBounce,
  type StanzaCondition,
  StanzaError,
  type StreamCondition,
  StreamError,
} from './errors.js'
import { parseJid } from './jid.js'
import { CLIENT } from './ns.js'
import { type Addressed, makeStanza } from './stanza.js'

const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const STREAMS = 'urn:ietf:params:xml:ns:xmpp-streams'

const romeo = parseJid('romeo@montague.example/orchard')
const juliet = parseJid('juliet@capulet.example')

const stanza = (text: string): Addressed =>
  makeStanza({ from: romeo, to: juliet, el: parseElement(text.replace(/^<\w+/, `$& xmlns='${CLIENT}'`)) })

describe('stanza errors', () => {
  /** RFC 6120 §8.3.3; where it leaves a choice, the first of those it names. */
  const TYPES: Readonly<Record<StanzaCondition, string>> = {
    'bad-request': 'modify',
    conflict: 'cancel',
    'feature-not-implemented': 'cancel',
    forbidden: 'auth',
    gone: 'cancel',
    'internal-server-error': 'cancel',
    'item-not-found': 'cancel',
    'jid-malformed': 'modify',
    'not-acceptable': 'modify',
    'not-allowed': 'cancel',
    'not-authorized': 'auth',
    'policy-violation': 'modify',
    'recipient-unavailable': 'wait',
    redirect: 'modify',
    'registration-required': 'auth',
    'remote-server-not-found': 'cancel',
    'remote-server-timeout': 'wait',
    'resource-constraint': 'wait',
    'service-unavailable': 'cancel',
    'subscription-required': 'auth',
    'undefined-condition': 'modify',
    'unexpected-request': 'wait',
  }
  for (const [condition, type] of Object.entries(TYPES))
    it(`of condition ${condition} say: ${type}`, () => {
      const { type: said } = new StanzaError(condition as StanzaCondition)

      assert.equal(said, type)
    })

  it('have a constructor by the name of their condition', () => {
    const made = Object.entries(errors).flatMap(([name, make]) => {
      const isConstructor = /^[a-z]/.test(name) && !['errorReply', 'mayBounce'].includes(name)
      return isConstructor ? [[name, (make as () => StanzaError)()] as const] : []
    })

    assert.ok(made.length > 10)
    for (const [name, error] of made)
      assert.equal(
        error.condition.replace(/-./g, part => part.slice(1).toUpperCase()),
        name,
      )
  })

  it('are written as RFC 6120 §8.3.2 has it', () => {
    const written = (error: StanzaError) => serialise(error.toElement(), CLIENT)
    const detail = xml('too-many-words', { xmlns: 'urn:example:words' })

    assert.equal(written(errors.forbidden()), `<error type='auth'><forbidden xmlns='${STANZAS}'/></error>`)
    assert.equal(
      written(errors.notAllowed('Not <here>', { type: 'wait', detail })),
      `<error type='wait'><not-allowed xmlns='${STANZAS}'/><text xmlns='${STANZAS}' xml:lang='en'>Not &lt;here&gt;</text>` +
        `<too-many-words xmlns='urn:example:words'/></error>`,
    )
  })

  it('tell the log more than the peer', () => {
    const cause = new Error('no such table')
    const error = errors.internalServerError(undefined, { cause })

    assert.deepEqual([error.name, error.message, error.cause], ['StanzaError', 'internal-server-error', cause])
    assert.ok(error instanceof Error)
    assert.doesNotMatch(serialise(error.toElement()), /table/)
  })
})

describe('the answer to a stanza that is refused', () => {
  const answer = (text: string) => serialise(errorReply(stanza(text), errors.forbidden()).el, CLIENT)
  const ERROR = `<error type='auth'><forbidden xmlns='${STANZAS}'/></error>`
  const BACK = `from='juliet@capulet.example' to='romeo@montague.example/orchard'`

  it('is a message with everything that it held', () => {
    const held = "<body>Hark</body><x xmlns='urn:example:x'><y/></x> and text"

    assert.equal(
      sorted(answer(`<message id='m&amp;1' type='chat' xml:lang='it'>${held}</message>`)),
      sorted(`<message id='m&amp;1' xml:lang='it' type='error' ${BACK}>${held}${ERROR}</message>`),
    )
  })

  it('is presence with everything that it held', () => {
    assert.equal(
      sorted(answer(`<presence type='subscribe'><status>Hark</status></presence>`)),
      sorted(`<presence type='error' ${BACK}><status>Hark</status>${ERROR}</presence>`),
    )
  })

  it('is an iq with its payload', () => {
    assert.equal(
      sorted(answer(`<iq type='get' id='1'>\n <query xmlns='jabber:iq:roster'><item/></query>\n</iq>`)),
      sorted(`<iq type='error' id='1' ${BACK}><query xmlns='jabber:iq:roster'><item/></query>${ERROR}</iq>`),
    )
    assert.equal(sorted(answer(`<iq type='get' id='1'/>`)), sorted(`<iq type='error' id='1' ${BACK}>${ERROR}</iq>`))
  })

  it('goes back the way that the stanza came', () => {
    const { kind, type, from, to, id } = errorReply(stanza(`<message id='1' type='chat'/>`), errors.forbidden())

    assert.deepEqual([kind, type, from, to, id], ['message', 'error', juliet, romeo, '1'])
  })

  it('has its error in the namespace of the stanza', () => {
    const { el } = errorReply(stanza(`<message><body>Hark</body></message>`), errors.forbidden())
    const error = child(el, 'error')

    assert.ok(error && is(error, 'error', CLIENT))
  })

  it('leaves the stanza as it was', () => {
    const refused = stanza(`<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>`)
    const [payload] = elements(refused.el)
    const before = [serialise(refused.el), payload?.parent]

    errorReply(refused, errors.forbidden())

    assert.deepEqual([serialise(refused.el), payload?.parent], before)
  })
})

describe('a stanza', () => {
  const may: Readonly<Record<string, boolean>> = {
    '<message/>': true,
    "<message type='headline'/>": true,
    "<message type='error'/>": false,
    '<presence/>': true,
    "<presence type='subscribe'/>": true,
    "<presence type='error'/>": false,
    "<iq type='get'/>": true,
    "<iq type='set'/>": true,
    "<iq type='result'/>": false,
    "<iq type='error'/>": false,
  }
  for (const [text, expected] of Object.entries(may))
    it(`${text} may ${expected ? '' : 'not '}be answered by an error (RFC 6120 §8.3.1)`, () =>
      assert.equal(mayBounce(stanza(text)), expected))
})

describe('stream errors', () => {
  const written = (error: StreamError) => serialise(error.toElement(), CLIENT)

  it('are written as RFC 6120 §4.9.2 has it', () => {
    const detail = xml('handled-count-too-high', { xmlns: 'urn:xmpp:sm:3', h: 10 })

    assert.equal(written(new StreamError('conflict')), `<stream:error><conflict xmlns='${STREAMS}'/></stream:error>`)
    assert.equal(
      written(new StreamError('undefined-condition', { text: 'You & I', detail })),
      `<stream:error><undefined-condition xmlns='${STREAMS}'/><text xmlns='${STREAMS}' xml:lang='en'>You &amp; I</text>` +
        `<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10'/></stream:error>`,
    )
  })

  it('tell the log more than the peer', () => {
    const cause = new Error('no such table')
    const condition: StreamCondition = 'internal-server-error'
    const error = new StreamError(condition, { cause })

    assert.deepEqual([error.name, error.message, error.cause], ['StreamError', condition, cause])
    assert.doesNotMatch(written(error), /table/)
  })
})

/** The order of attributes means nothing. */
const sorted = (text: string): string =>
  text.replace(/<([^\s/>]+)((?: [^\s=]+='[^']*')+)/g, (_, name: string, attrs: string) =>
    [`<${name}`, ...(attrs.match(/[^\s=]+='[^']*'/g) ?? []).sort()].join(' '),
  )
