import type { Directory } from '../core/directory.js'
import { counter, gauge, type Metric, type Sample, Tally } from '../core/metrics.js'
import type { Kind } from '../xmpp/stanza.js'
import { ClientSession } from './client-session.js'
import { mechanisms } from './sasl/mechanisms.js'

/** Stanzas by their kind. Fields with names take a tenth of the time of a table where kinds are mixed. */
export class StanzaCounts {
  message = 0
  presence = 0
  iq = 0

  add(kind: Kind): void {
    if (kind === 'message') this.message++
    else if (kind === 'presence') this.presence++
    else this.iq++
  }

  samples(direction: 'in' | 'out'): readonly Sample[] {
    return KINDS.map(kind => ({ labels: { direction, kind }, value: this[kind] }))
  }
}

const KINDS: readonly Kind[] = ['message', 'presence', 'iq']

/** What is counted of clients. Each stanza costs an increment. */
export class ClientCounts {
  /** Stanzas that clients sent. */
  readonly received = new StanzaCounts()
  /** Stanzas that were given to clients; those that a resumption repeats are counted once. */
  readonly sent = new StanzaCounts()
  /** By mechanism. */
  readonly loggedIn = new Tally(mechanisms.map(({ name }) => name))
  readonly turnedAway = new Tally([...mechanisms.map(({ name }) => name), UNKNOWN])
  connections = 0

  /** What a login came to with this mechanism; undefined when it was with none that is offered. */
  login(mechanism: string | undefined, isGood: boolean): void {
    const tally = isGood ? this.loggedIn : this.turnedAway
    tally.add(mechanism ?? UNKNOWN)
  }
}

/** Whatever clients may make up is one word. */
const UNKNOWN = 'unknown'

export interface Counted {
  readonly counts: ClientCounts
  readonly directory: Directory
  /** Those that are served. */
  readonly domains: ReadonlySet<string>
  /** How many connections there are. */
  readonly connections: () => number
}

/** What operators can watch of clients. */
export const clientMetrics = ({ counts, directory, domains, connections }: Counted): readonly Metric[] => [
  gauge({ name: 'parlance_client_connections', doc: 'Connections of clients, logged in or not.' }, connections),
  counter(
    { name: 'parlance_client_connections_opened', doc: 'Connections that clients have opened.' },
    () => counts.connections,
  ),
  gauge(
    {
      name: 'parlance_sessions',
      doc: 'Sessions of clients by domain: online, or without a connection and waiting to be resumed.',
    },
    () => sessionsIn(directory, domains),
  ),
  gauge(
    {
      name: 'parlance_session_backlog_stanzas',
      doc: 'The most stanzas that one client was sent and has not acknowledged, or read without stream management.',
    },
    () => largest(directory, session => session.backlog.stanzas),
  ),
  gauge(
    {
      name: 'parlance_session_backlog_bytes',
      unit: 'bytes',
      doc: 'The most that waits in this way for one client.',
    },
    () => largest(directory, session => session.backlog.bytes),
  ),
  gauge({ name: 'parlance_sessions_inactive', doc: 'Sessions whose clients say that they are not in use.' }, () =>
    sum(directory, session => (session.waiting ? 1 : 0)),
  ),
  gauge({ name: 'parlance_inactive_waiting_stanzas', doc: 'Stanzas that wait for clients that are not in use.' }, () =>
    sum(directory, session => session.waiting?.count ?? 0),
  ),
  counter({ name: 'parlance_stanzas', doc: 'Stanzas from clients (in) and to clients (out).' }, () => [
    ...counts.received.samples('in'),
    ...counts.sent.samples('out'),
  ]),
  counter({ name: 'parlance_logins', doc: 'Logins by SASL mechanism, and what they came to.' }, () => [
    ...counts.loggedIn.samples('mechanism', { outcome: 'ok' }),
    ...counts.turnedAway.samples('mechanism', { outcome: 'failed' }),
  ]),
]

function* clients(directory: Directory): Iterable<ClientSession> {
  for (const session of directory.all()) if (session instanceof ClientSession) yield session
}

function largest(directory: Directory, of: (session: ClientSession) => number): number {
  let most = 0
  for (const session of clients(directory)) most = Math.max(most, of(session))
  return most
}

function sum(directory: Directory, of: (session: ClientSession) => number): number {
  let all = 0
  for (const session of clients(directory)) all += of(session)
  return all
}

function sessionsIn(directory: Directory, served: ReadonlySet<string>): readonly Sample[] {
  const none = () => ({ online: 0, resumable: 0 })
  const domains = new Map([...served].map(domain => [domain, none()]))
  for (const { account, isAttached } of clients(directory)) {
    const numbers = domains.get(account.domain) ?? none()
    domains.set(account.domain, numbers)
    numbers[isAttached ? 'online' : 'resumable']++
  }
  return [...domains].flatMap(([domain, numbers]) =>
    Object.entries(numbers).map(([state, value]) => ({ labels: { domain, state }, value })),
  )
}
