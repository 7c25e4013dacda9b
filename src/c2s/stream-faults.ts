import type { Log } from '../core/log.js'
import { XmlError } from '../xml/index.js'
import { StreamError } from '../xmpp/errors.js'

/** What a fault is for the peer: its own, or one of ours that it learns nothing about. */
export function asStreamError(fault: unknown, log: Log): StreamError {
  if (fault instanceof StreamError) return fault
  if (fault instanceof XmlError) return new StreamError(fault.condition, { cause: fault })
  log.error({ err: fault }, 'a stream failed')
  return new StreamError('internal-server-error', { cause: fault })
}
