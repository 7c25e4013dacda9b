import type { Directory } from '../core/directory.js'
import type { Session } from '../core/session.js'
import { Slot } from '../core/slot.js'
import { type Element, xml } from '../xml/index.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT, ROSTER } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import { itemOf } from './contact.js'
import type { Change } from './rosters.js'

/** Sessions that have asked for the roster: they hear of its changes. RFC 6121 §2.2 */
const interested = new Slot('interested in the roster', false)

export const setInterested = (session: Session): void => session.set(interested, true)

export const isInterested = (session: Session): boolean => session.get(interested)

/** The `<query/>` of a roster push. RFC 6121 §2.1.6 */
export const pushOf = ({ after, version }: Change): Element =>
  xml('query', { xmlns: ROSTER, ver: version }, itemOf(after))

/** Tells the interested resources what a contact is now, if that is to be told. RFC 6121 §2.1.6 */
export function push(sessions: Directory, account: Jid, change: Change): void {
  if (!change.isPushed) return
  // no two changes have the same version, so it names the push too
  const el = xml('iq', { xmlns: CLIENT, type: 'set', id: change.version }, pushOf(change))
  for (const session of sessions.of(account))
    if (isInterested(session)) session.send(makeStanza({ from: account, to: session.jid, el }))
}
