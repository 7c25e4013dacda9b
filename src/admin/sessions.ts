import { END_USER_SESSION } from '../core/admin-forms.js'
import type { Directory } from '../core/directory.js'
import { type Arguments, type Command, CommandError, type Table } from '../core/module.js'
import type { Session, SessionStatus } from '../core/session.js'
import { child, textOf } from '../xml/index.js'
import { formatDateTime } from '../xmpp/dates.js'
import { StreamError } from '../xmpp/errors.js'
import { type Jid, parseJid } from '../xmpp/jid.js'

export interface SessionParts {
  readonly sessions: Directory
}

/** Who is connected, for operators. */
export const sessionCommands = ({ sessions }: SessionParts): readonly Command[] => [
  {
    name: 'session list',
    doc: 'Lists who is connected: everybody, a domain, an account or one session.',
    args: { jid: { type: 'jid', doc: 'of whom: DOMAIN, NAME@DOMAIN or NAME@DOMAIN/RESOURCE', optional: true } },
    run: async args => {
      const found = meant(sessions, args)
      return found.length > 0 ? sessionTable(found) : 'Nobody is connected.'
    },
  },
  {
    name: 'session kick',
    doc: 'Ends a session, or all of an account, and tells the client why. It can log in again.',
    args: {
      jid: { type: 'jid', doc: 'whose: NAME@DOMAIN or NAME@DOMAIN/RESOURCE' },
      reason: { doc: 'what the client is told', optional: true },
    },
    forms: [END_USER_SESSION],
    run: async args => {
      const jid = parseJid(args.jid ?? '')
      if (jid.local === '')
        throw new CommandError(`${jid} is no account or session, such as romeo@example.org.`, {
          condition: 'bad-request',
        })
      const found = meant(sessions, args)
      if (found.length === 0) throw new CommandError(`${jid} is not connected.`, { condition: 'item-not-found' })
      const error = new StreamError('policy-violation', { text: args.reason ?? 'An administrator ended the session' })
      for (const session of found) session.end(error)
      return `Ended: ${found.map(({ jid }) => jid).join(', ')}.`
    },
  },
]

/** The sessions that an address means, in the order of their accounts. */
function meant(sessions: Directory, { jid: text }: Arguments): readonly Session[] {
  const jid = text === undefined ? undefined : parseJid(text)
  if (jid?.local) return sessions.of(jid).filter(session => jid.isBare || session.jid.equals(jid))
  const all = [...sessions.all()].filter(({ account }) => !jid || account.domain === jid.domain)
  return all.sort((a, b) => compare(a.jid, b.jid))
}

const compare = (a: Jid, b: Jid): number => (a.toString() < b.toString() ? -1 : 1)

export const sessionTable = (sessions: readonly Session[]): Table => ({
  columns: {
    jid: 'SESSION',
    from: 'FROM',
    since: 'SINCE',
    presence: 'PRESENCE',
    encryption: 'ENCRYPTION',
    stream: 'STREAM MANAGEMENT',
  },
  rows: sessions.map(session => {
    const status = session.status()
    return {
      jid: session.jid.toString(),
      from: status.from ?? '-',
      since: formatDateTime(status.since),
      presence: presenceOf(session),
      encryption: status.isConnected ? (status.encryption ?? 'none') : '-',
      stream: streamOf(status),
    }
  }),
})

/** As its client has put it: `available`, `away`, with a priority if that is not 0. */
function presenceOf({ presence }: Session): string {
  if (!presence) return 'unavailable'
  const show = child(presence.stanza.el, 'show')
  const word = (show && textOf(show).trim()) || 'available'
  return presence.priority === 0 ? word : `${word} (${presence.priority})`
}

function streamOf({ management, isConnected, unacknowledged }: SessionStatus): string {
  const waiting = isConnected ? [] : ['waits for its client']
  return [management, ...waiting, ...(unacknowledged > 0 ? [`${unacknowledged} unacknowledged`] : [])].join(', ')
}
