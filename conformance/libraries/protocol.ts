/**
 * How the suite and the programs talk: one JSON object a line. The suite writes orders to the standard input of a
 * program, the program writes answers and happenings to its standard output. One program has many people, each logged in
 * once, told apart by `who`.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined }

export type Arguments = { readonly [name: string]: Json | undefined }

/** What is to be done: `do` is one of the verbs in README.md, with its arguments beside it. */
export type Order = Arguments & { readonly number: number; readonly who: string; readonly do: string }

/** What came of it: a result, or a refusal by the server as the library reports it, or a fault of the program. */
export interface Answer {
  /** That of the order. */
  readonly number: number
  readonly result?: Json
  readonly refused?: Refusal
  readonly fault?: string
}

export interface Refusal {
  /** The defined condition (RFC 6120 §8.3.3, or §6.5 for a login). */
  readonly condition: string
  /** The error type (RFC 6120 §8.3.2), where the library tells it. */
  readonly type?: string
}

/** What a person noticed. */
export type Happening = Arguments & { readonly who: string; readonly event: string }
