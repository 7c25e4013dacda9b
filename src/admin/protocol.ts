import type { Arguments } from '../core/module.js'
import type { CommandSummary } from './door.js'

/*
 * What is said through the admin socket: a line of JSON for each request, and one for each reply, in the same order.
 * Requests may follow each other without waiting.
 */

export type Request = RunRequest | { readonly list: true }

export interface RunRequest {
  readonly command: string
  readonly args: Arguments
}

export type Reply =
  | { readonly commands: readonly CommandSummary[] }
  | { readonly output: string }
  /** For the operator. */
  | { readonly error: string }

/** More than any command has to say, and little enough to hold. */
export const MAX_REQUEST_BYTES = 256 * 1024

/** Lists of accounts come in one line. */
export const MAX_REPLY_BYTES = 256 * 1024 * 1024

/** Undefined when it is none. */
export function parseRequest(line: string): Request | undefined {
  const raw = parseJson(line)
  if (!isRecord(raw)) return undefined
  if (raw.list === true) return { list: true }
  const { command, args } = raw
  if (typeof command !== 'string' || !isRecord(args)) return undefined
  return { command, args: Object.fromEntries(Object.entries(args).map(([name, value]) => [name, String(value)])) }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isRecord = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null
