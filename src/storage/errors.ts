/** Something is wrong with the database: a sentence for the operator. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
}

/** What a driver says, without the statement that Knex puts before it. */
export function driverReason(fault: unknown): string {
  const first = firstOf(fault)
  const message = first instanceof Error ? first.message : String(first)
  const statement = message.lastIndexOf(' - ')
  return (statement < 0 ? message : message.slice(statement + 3)).replace(/\.$/, '')
}

/** A phrase at the beginning of a sentence. */
export const capitalised = (phrase: string): string => phrase.charAt(0).toUpperCase() + phrase.slice(1)

/** The code that a driver or the operating system gives a fault: `SQLITE_BUSY`, `57P01`, `ECONNREFUSED`. */
export function codeOf(fault: unknown): string {
  const first = firstOf(fault)
  return first instanceof Error && 'code' in first ? String(first.code) : ''
}

/** Of a name with several addresses, each of which has failed, Node says nothing but what failed first. */
const firstOf = (fault: unknown): unknown => (fault instanceof AggregateError ? (fault.errors[0] ?? fault) : fault)

/** Whether a fault is that no connection could be had, or that what was sent on one was never answered. */
export const isPoolFault = (fault: unknown): boolean => fault instanceof Error && POOL.test(fault.message)

// as Knex and its pool say it
const POOL = /Timeout acquiring a connection|Unable to acquire a connection|aborted|query timeout of \d+ms exceeded/

/** Whether a fault is one of the network, or that nobody answers there. */
export const isNetworkFault = (fault: unknown): boolean => NETWORK.has(codeOf(fault))

const NETWORK = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EACCES'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'],
])
