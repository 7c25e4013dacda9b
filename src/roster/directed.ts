import type { Session } from '../core/session.js'
import { Slot } from '../core/slot.js'
import { resourceConstraint } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import type { Addressed } from '../xmpp/stanza.js'

/** By their texts, those to whom a session has sent its presence by name. RFC 6121 §4.6 */
const recipients = new Slot<Map<string, Jid> | undefined>('directed presence', undefined)

/** Remembers whom a session is sending its presence, or forgets it where that is that it goes. §4.6.3 */
export function noteDirected(session: Session, { type, to }: Addressed, max: number): void {
  // one's own resources hear all there is
  if (to.bare.equals(session.account)) return
  const known = session.get(recipients)
  if (type === 'unavailable') known?.delete(to.toString())
  else if (known === undefined) session.set(recipients, new Map([[to.toString(), to]]))
  else {
    if (known.size >= max && !known.has(to.toString())) throw resourceConstraint('too many got presence by name')
    known.set(to.toString(), to)
  }
}

/** Whether a session has sent its presence to this entity: in a room to an occupant means to the room. */
export function hasDirected(session: Session, entity: Jid): boolean {
  for (const jid of session.get(recipients)?.values() ?? []) if (jid.bare.equals(entity.bare)) return true
  return false
}

/** Forgets one, who has gone itself. §4.6.1 */
export function forgetDirected(session: Session, gone: Jid): void {
  session.get(recipients)?.delete(gone.toString())
}

/** Forgets all, or those who match, and gives them back: they are to be told. */
export function takeDirected(session: Session, matches: (jid: Jid) => boolean = () => true): Jid[] {
  const known = session.get(recipients)
  const taken = [...(known?.values() ?? [])].filter(matches)
  for (const jid of taken) known?.delete(jid.toString())
  return taken
}
