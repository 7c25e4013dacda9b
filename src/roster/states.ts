/**
 * What stands between a user and a contact, seen from the user's side, and what each subscription stanza makes of it.
 * RFC 6121 appendix A, row by row.
 */

/** §A.1: `out` is a request of the user's that waits for an answer, `in` one of the contact's. */
export type State = 'none' | 'none+out' | 'none+in' | 'none+out+in' | 'to' | 'to+in' | 'from' | 'from+out' | 'both'

/** What the roster says of a state. */
export type Subscription = 'none' | 'to' | 'from' | 'both'

export type Act = 'subscribe' | 'unsubscribe' | 'subscribed' | 'unsubscribed'

/** What one stanza does in one state. */
export interface Step {
  /** Whether it goes on: outbound to the contact, inbound to the user's resources. */
  readonly passes: boolean
  readonly next: State
  /** What the server answers in the user's name. */
  readonly reply?: 'subscribed' | 'unsubscribed'
  /** What becomes of the approval given before any request (§3.4); left out, it stays as it is. */
  readonly approved?: boolean
}

export type Table = Readonly<Record<Act, Readonly<Record<State, Step>>>>

const pass = (next: State): Step => ({ passes: true, next })
const stop = (next: State): Step => ({ passes: false, next })
const approve = (next: State): Step => ({ passes: false, next, approved: true })
const disapprove = (next: State): Step => ({ passes: false, next, approved: false })
const passAndConfirm = (next: State): Step => ({ passes: true, next, reply: 'unsubscribed' })
const confirm = (next: State): Step => ({ passes: false, next, reply: 'subscribed' })

/** What the user's client sends. §A.2 */
export const OUTBOUND: Table = {
  subscribe: {
    none: pass('none+out'),
    'none+out': pass('none+out'),
    'none+in': pass('none+out+in'),
    'none+out+in': pass('none+out+in'),
    to: pass('to'),
    'to+in': pass('to+in'),
    from: pass('from+out'),
    'from+out': pass('from+out'),
    both: pass('both'),
  },
  unsubscribe: {
    none: pass('none'),
    'none+out': pass('none'),
    'none+in': pass('none+in'),
    'none+out+in': pass('none+in'),
    to: pass('none'),
    'to+in': pass('none+in'),
    from: pass('from'),
    'from+out': pass('from'),
    both: pass('from'),
  },
  subscribed: {
    none: approve('none'),
    'none+out': approve('none+out'),
    'none+in': pass('from'),
    'none+out+in': pass('from+out'),
    to: approve('to'),
    'to+in': pass('both'),
    from: stop('from'),
    'from+out': stop('from+out'),
    both: stop('both'),
  },
  unsubscribed: {
    none: disapprove('none'),
    'none+out': disapprove('none+out'),
    'none+in': pass('none'),
    'none+out+in': pass('none+out'),
    to: disapprove('to'),
    'to+in': pass('to'),
    from: pass('none'),
    'from+out': pass('none+out'),
    both: pass('to'),
  },
}

/** What comes from the contact. §A.3 */
export const INBOUND: Table = {
  subscribe: {
    none: pass('none+in'),
    'none+out': pass('none+out+in'),
    'none+in': stop('none+in'),
    'none+out+in': stop('none+out+in'),
    to: pass('to+in'),
    'to+in': stop('to+in'),
    from: confirm('from'),
    'from+out': confirm('from+out'),
    both: confirm('both'),
  },
  unsubscribe: {
    none: stop('none'),
    'none+out': stop('none+out'),
    'none+in': passAndConfirm('none'),
    'none+out+in': passAndConfirm('none+out'),
    to: stop('to'),
    'to+in': passAndConfirm('to'),
    from: passAndConfirm('none'),
    'from+out': passAndConfirm('none+out'),
    both: passAndConfirm('to'),
  },
  subscribed: {
    none: stop('none'),
    'none+out': pass('to'),
    'none+in': stop('none+in'),
    'none+out+in': pass('to+in'),
    to: stop('to'),
    'to+in': stop('to+in'),
    from: stop('from'),
    'from+out': pass('both'),
    both: stop('both'),
  },
  unsubscribed: {
    none: stop('none'),
    'none+out': pass('none'),
    'none+in': stop('none+in'),
    'none+out+in': pass('none+in'),
    to: pass('none'),
    'to+in': pass('none+in'),
    from: stop('from'),
    'from+out': pass('from'),
    both: pass('from'),
  },
}

const grant = (next: State): Step => ({ passes: false, next, reply: 'subscribed', approved: false })

/** A request from a contact that is approved already; it uses the approval up. §3.4.2 */
export const APPROVED: Readonly<Partial<Record<State, Step>>> = {
  none: grant('from'),
  'none+out': grant('from+out'),
  to: grant('both'),
}

export const isAct = (type: string): type is Act => Object.hasOwn(OUTBOUND, type)

export const outbound = (act: Act, state: State): Step => OUTBOUND[act][state]

export function inbound(act: Act, state: State, approved: boolean): Step {
  const granted = approved && act === 'subscribe' ? APPROVED[state] : undefined
  return granted ?? INBOUND[act][state]
}

export const subscriptionOf = (state: State): Subscription => state.split('+', 1)[0] as Subscription // each begins with it

/** Whether the user sees the contact's presence. */
export const sees = (state: State): boolean => state === 'to' || state === 'to+in' || state === 'both'

/** Whether the contact sees the user's presence. */
export const shows = (state: State): boolean => state === 'from' || state === 'from+out' || state === 'both'

/** Whether a request of the user's waits for an answer. */
export const asks = (state: State): boolean => state.includes('+out')

/** Whether a request of the contact's waits for an answer. */
export const isAsked = (state: State): boolean => state.endsWith('+in')
