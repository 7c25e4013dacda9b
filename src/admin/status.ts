import type { Clock } from '../core/clock.js'
import type { Directory } from '../core/directory.js'
import type { Command, Facts } from '../core/module.js'
import { formatDateTime } from '../xmpp/dates.js'

export interface StatusParts {
  readonly version: string
  readonly domains: ReadonlySet<string>
  readonly sessions: Directory
  readonly clock: Clock
  /** What is only known where the server is put together: where it listens, its database. */
  readonly more: () => Promise<Readonly<Record<string, string>>>
}

/** How the server is, for operators. It has run since now. */
export function statusCommand({ version, domains, sessions, clock, more }: StatusParts): Command {
  const start = clock.now()
  return {
    name: 'status',
    doc: 'Tells how the server is: what it serves and where, how many are connected, memory, database.',
    args: {},
    run: async (): Promise<Facts> => ({
      facts: {
        Version: `${version} (Node.js ${process.versions.node})`,
        Process: String(process.pid),
        'Running since': `${formatDateTime(start)} (${inWords(clock.now() - start)})`,
        Domains: [...domains].join(', '),
        ...(await more()),
        Sessions: countOf(sessions),
        Memory: memory(),
      },
    }),
  }
}

function countOf(sessions: Directory): string {
  const all = [...sessions.all()]
  const accounts = new Set(all.map(({ account }) => account.toString())).size
  const waiting = all.filter(session => !session.status().isConnected).length
  return `${all.length} of ${accounts} accounts${waiting > 0 ? `, ${waiting} without a connection` : ''}`
}

const MB = 1024 ** 2

function memory(): string {
  const { rss, heapUsed } = process.memoryUsage()
  return `${Math.round(rss / MB)} MB, ${Math.round(heapUsed / MB)} MB of it in objects`
}

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** A time span by its two greatest units: `3 days 4 hours`. */
export function inWords(ms: number): string {
  let left = Math.floor(ms / 1000)
  const parts = UNITS.map(([name, seconds]) => {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    return count === 0 ? '' : `${count} ${name}${count === 1 ? '' : 's'}`
  })
  const first = parts.findIndex(part => part !== '')
  return first < 0
    ? '0 seconds'
    : parts
        .slice(first, first + 2)
        .join(' ')
        .trim()
}
