import assert from 'node:assert/strict'
import {
  APPROVED,
  asks,
  INBOUND,
  inbound,
  isAsked,
  OUTBOUND,
  type State,
  sees,
  shows,
  subscriptionOf,
} from './states.js'

/** The rows of all tables of RFC 6121 appendix A, in their order. */
const STATES: readonly State[] = [
  'none',
  'none+out',
  'none+in',
  'none+out+in',
  'to',
  'to+in',
  'from',
  'from+out',
  'both',
]

/** As the tables have it: whether the stanza passes (+ MUST, - SHOULD or MUST NOT), and the state after it. */
const TABLES = {
  outbound: {
    subscribe: '+none+out +none+out +none+out+in +none+out+in +to +to+in +from+out +from+out +both',
    unsubscribe: '+none +none +none+in +none+in +none +none+in +from +from +from',
    subscribed: '-none -none+out +from +from+out -to +both -from -from+out -both',
    unsubscribed: '-none -none+out +none +none+out -to +to +none +none+out +to',
  },
  inbound: {
    subscribe: '+none+in +none+out+in -none+in -none+out+in +to+in -to+in -from -from+out -both',
    unsubscribe: '-none -none+out +none +none+out -to +to +none +none+out +to',
    subscribed: '-none +to -none+in +to+in -to -to+in -from +both -both',
    unsubscribed: '-none +none -none+in +none+in +none +none+in -from +from +from',
  },
} as const

describe('subscription states', () => {
  for (const [direction, tables] of Object.entries(TABLES)) {
    for (const [act, rows] of Object.entries(tables)) {
      const table = (direction === 'outbound' ? OUTBOUND : INBOUND)[act as keyof typeof OUTBOUND]

      it(`follow the table for ${direction} "${act}" row by row (RFC 6121 appendix A)`, () => {
        const walked = STATES.map(state => `${table[state].passes ? '+' : '-'}${table[state].next}`)

        assert.deepEqual(walked, rows.split(' '))
      })
    }
  }

  it('answer for the user where a request is granted already, and where one is taken back', () => {
    const answers = (act: 'subscribe' | 'unsubscribe') =>
      STATES.filter(state => INBOUND[act][state].reply).map(state => `${state} ${INBOUND[act][state].reply}`)

    assert.deepEqual(answers('subscribe'), ['from subscribed', 'from+out subscribed', 'both subscribed'])
    assert.deepEqual(
      answers('unsubscribe'),
      ['none+in', 'none+out+in', 'to+in', 'from', 'from+out', 'both'].map(state => `${state} unsubscribed`),
    )
  })

  it('note an approval before any request, and take it back, where nothing is asked or granted (§3.4)', () => {
    const notes = (act: 'subscribed' | 'unsubscribed') =>
      STATES.filter(state => OUTBOUND[act][state].approved !== undefined)

    assert.deepEqual(notes('subscribed'), ['none', 'none+out', 'to'])
    assert.deepEqual(notes('unsubscribed'), ['none', 'none+out', 'to'])
  })

  it('use an approval up when the request comes', () => {
    assert.deepEqual(
      Object.entries(APPROVED).map(([state, step]) => [state, step.next, step.reply, step.passes, step.approved]),
      [
        ['none', 'from', 'subscribed', false, false],
        ['none+out', 'from+out', 'subscribed', false, false],
        ['to', 'both', 'subscribed', false, false],
      ],
    )
    assert.equal(inbound('subscribe', 'none', false).next, 'none+in')
    assert.equal(inbound('unsubscribed', 'to', true).next, 'none')
  })

  it('are shown in the roster as subscription and ask (§A.1)', () => {
    const shown = STATES.map(state => `${subscriptionOf(state)}${asks(state) ? ' ask' : ''}`)

    assert.deepEqual(shown, ['none', 'none ask', 'none', 'none ask', 'to', 'to', 'from', 'from ask', 'both'])
  })

  it('say who sees whom', () => {
    assert.deepEqual(STATES.filter(sees), ['to', 'to+in', 'both'])
    assert.deepEqual(STATES.filter(shows), ['from', 'from+out', 'both'])
    assert.deepEqual(STATES.filter(isAsked), ['none+in', 'none+out+in', 'to+in'])
  })
})
