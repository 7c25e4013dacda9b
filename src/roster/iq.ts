import { type Awaitable, follow } from '../core/awaitable.js'
import type { Directory } from '../core/directory.js'
import { get, type IqHandler, type Request, set } from '../core/module.js'
import { type Element, xml } from '../xml/index.js'
import { forbidden, itemNotFound, resourceConstraint } from '../xmpp/errors.js'
import { ROSTER } from '../xmpp/ns.js'
import { type Contact, itemOf, stranger } from './contact.js'
import { type ItemLimits, type Naming, readWish } from './items.js'
import { push, setInterested } from './pushes.js'
import type { Plan, Roster, Rosters } from './rosters.js'
import { isAsked } from './states.js'
import type { Subscriptions } from './subscriptions.js'

export interface Parts {
  readonly rosters: Rosters
  readonly subscriptions: Subscriptions
  readonly sessions: Directory
  readonly limits: ItemLimits & { readonly maxItems: number }
}

/** A request: whose client has made it, if one has, about which account. */
type Asked = Pick<Request, 'payload' | 'to' | 'session'>

/** Requests about the roster. RFC 6121 §2 */
export function rosterRequests(parts: Parts): readonly IqHandler[] {
  return [
    get(['self'], 'query', ROSTER, request => read(parts, request)),
    set(['self'], 'query', ROSTER, request => write(parts, request)),
    // §2.3.3; of an account that does not exist no less, since nobody shall learn which do
    set(['account', 'nobody'], 'query', ROSTER, () => {
      throw forbidden()
    }),
  ]
}

/** The roster, or nothing to somebody who has it already (§2.6.3). From now on that resource hears of changes (§2.2). */
export function read({ rosters }: Pick<Parts, 'rosters'>, { payload, to, session }: Asked): Awaitable<Element | void> {
  return follow(rosters.of(to), roster => {
    if (session) setInterested(session)
    const { version } = roster
    if (payload.attrs.ver === version) return
    return xml('query', { xmlns: ROSTER, ver: version }, roster.listed().map(itemOf))
  })
}

export function write(
  { rosters, subscriptions, sessions, limits }: Parts,
  { payload, to: account }: Asked,
): Promise<void> {
  const { jid, naming } = readWish(payload, account, limits)
  return rosters.change(
    account,
    jid,
    (before, roster) => (naming ? named(before, naming, roster, limits.maxItems) : unlisted(before)),
    change => {
      push(sessions, account, change)
      if (!naming) return subscriptions.removed(account, change.before)
    },
  )
}

/** Every set is pushed, whether or not it says anything new. §2.3.2, §2.4.2 */
function named(before: Contact, naming: Naming, roster: Roster, maxItems: number): Plan {
  if (!before.listed && roster.listed().length >= maxItems) throw resourceConstraint('the contact list is full')
  return { after: { ...before, ...naming, listed: true }, isPushed: true }
}

/** A request that waits for an answer goes on waiting: it was neither granted nor denied (§3.1.3). */
function unlisted({ jid, listed, state, request }: Contact): Plan {
  if (!listed) throw itemNotFound() // §2.5.3
  const isWaiting = isAsked(state) && request !== undefined
  return { after: isWaiting ? { ...stranger(jid), state: 'none+in', request } : stranger(jid), isPushed: true }
}
