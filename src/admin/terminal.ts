import type { Readable, Writable } from 'node:stream'

/** Where a command line is typed, and where its answer goes. */
export interface Terminal {
  /** `isTTY` when a person sits at it. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable
  readonly stderr: Writable
}

/** Somebody pressed Ctrl-C while being asked. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** The command line makes no sense: the message says why, in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(
    message: string,
    /** The words whose help would tell. */
    readonly about: readonly string[] = [],
  ) {
    super(message)
  }
}
