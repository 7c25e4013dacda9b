/** A line of the log: facts in fields, and a constant text. No stanza bodies above debug. */
export interface Log {
  debug(facts: object, text: string): void
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
  error(facts: object, text: string): void
  /** The same log with these facts on every line. */
  child(facts: object): Log
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog }
