import type { Directory } from '../core/directory.js'
import { defineModule, type Flows, type Request, set } from '../core/module.js'
import type { Session } from '../core/session.js'
import { Slot } from '../core/slot.js'
import { xml } from '../xml/index.js'
import { notAllowed } from '../xmpp/errors.js'
import { forwarded } from '../xmpp/forwarded.js'
import type { Jid } from '../xmpp/jid.js'
import { CARBONS, CARBONS_RULES, CLIENT } from '../xmpp/ns.js'
import { type Addressed, isAddressed, makeStanza } from '../xmpp/stanza.js'
import { Copied, type Direction, isEligible } from './carbons-rules.js'

const enabled = new Slot('carbons', false)
const copied = new Slot<Copied | undefined>('copied by carbons', undefined)

/** Shows a user the whole of each conversation on each device. XEP-0280 */
export const carbons = defineModule({
  name: 'carbons',
  doc: 'Gives copies of what one client of an account sends and receives to its others (XEP-0280).',
  implements: ['XEP-0280 1.0.1', 'XEP-0297 1.0', 'XEP-0334 1.0.0'],
  features: [CARBONS, CARBONS_RULES],
  setup: ({ sessions }) => ({
    iq: [
      set(['self', 'account'], 'enable', CARBONS, request => own(request).set(enabled, true)),
      set(['self', 'account'], 'disable', CARBONS, request => own(request).set(enabled, false)),
    ],
    hooks: {
      fromClient: { copy: met => copySent(met, sessions) },
      toAccount: { copy: met => copyReceived(met, sessions) },
    },
  }),
})

function own({ session, to }: Request): Session {
  if (!session?.account.equals(to)) throw notAllowed() // §4.1, §5.1
  return session
}

function copySent({ stanza, session }: Flows['fromClient'], sessions: Directory): void {
  if (stanza.kind !== 'message' || !isAddressed(stanza)) return
  // to oneself: as recipients all clients get it or a copy of it, and once is enough
  if (stanza.to.bare.equals(session.account)) return
  const others = sessions.of(session.account).filter(other => other.get(enabled) && other !== session)
  if (others.length === 0) return
  if (!isEligible('sent', stanza, () => isAboutCopied(session, stanza.to, stanza.id))) return
  remember(session, stanza.to, stanza.id)
  const copy = copyOf('sent', session.account, stanza)
  for (const other of others) other.send(copy.readdressed(other.jid))
}

function copyReceived({ stanza, account, recipients, custody }: Flows['toAccount'], sessions: Directory): void {
  const isTaken = recipients.length > 0
  const others = sessions.of(account).filter(
    other =>
      other.get(enabled) &&
      !recipients.includes(other) &&
      !other.jid.equals(stanza.from) &&
      // what nobody takes is stored, and comes to this one when it is available
      (isTaken || other.presence !== undefined),
  )
  if (others.length === 0) return
  const isAboutTheirs = () => recipients.some(session => isAboutCopied(session, stanza.from, stanza.id))
  if (!isEligible('received', stanza, isAboutTheirs)) return
  for (const session of recipients) remember(session, stanza.from, stanza.id)
  const copy = copyOf('received', account, stanza)
  for (const other of others) {
    recipients.push(other)
    // and who stores it answers for it
    other.send(copy.readdressed(other.jid), isTaken ? custody : undefined)
  }
}

const isAboutCopied = (session: Session, peer: Jid, id: string): boolean => session.get(copied)?.has(peer, id) ?? false

function remember(session: Session, peer: Jid, id: string): void {
  const before = session.get(copied)
  const messages = before ?? new Copied()
  if (!before) session.set(copied, messages)
  messages.add(peer, id)
}

/** With the sender's address inside only: a client believes no copies but its own account's (§11). */
function copyOf(direction: Direction, account: Jid, { type, el }: Addressed): Addressed {
  const copy = xml('message', { xmlns: CLIENT }, xml(direction, { xmlns: CARBONS }, forwarded(el)))
  return makeStanza({ type, from: account, to: account, el: copy })
}
