import type { Clock } from '../core/clock.js'
import { counter, gauge, type Metric } from '../core/metrics.js'
import type { SqlAccounts } from './accounts.js'
import type { Writer } from './writer.js'

interface Watched {
  readonly writer: Writer
  readonly accounts: SqlAccounts
  readonly clock: Clock
}

/** What operators can watch of the database. */
export const databaseMetrics = ({ writer, accounts, clock }: Watched): readonly Metric[] => [
  gauge(
    { name: 'parlance_writes_waiting', doc: 'Writes that were asked for and are not committed.' },
    () => writer.waiting.writes,
  ),
  gauge(
    { name: 'parlance_writes_waiting_bytes', unit: 'bytes', doc: 'About how much memory they take up.' },
    () => writer.waiting.bytes,
  ),
  counter({ name: 'parlance_writes_failed', doc: 'Writes that the database could not do.' }, () => writer.failed),
  writer.commits.metric({
    name: 'parlance_commit_seconds',
    unit: 'seconds',
    doc: 'How long commits take, from their first statement on.',
  }),
  writer.batches.metric({ name: 'parlance_commit_writes', doc: 'How many writes a commit has.' }),
  gauge(
    { name: 'parlance_accounts', doc: 'Accounts by domain, as they were counted within the last minute.' },
    remembered(clock, async () => {
      const counts = await accounts.count()
      return [...counts].map(([domain, value]) => ({ labels: { domain }, value }))
    }),
  ),
]

/** To count many rows takes a while: what was read a moment ago will do. */
function remembered<T>(clock: Clock, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined
  return () => {
    if (last && clock.now() - last.at < REMEMBERED_MS) return last.value
    const value = read()
    last = { at: clock.now(), value }
    value.catch(() => (last = undefined)) // the next one tries again
    return value
  }
}

const REMEMBERED_MS = 60_000
