import { anonymous } from './anonymous.js'
import { external } from './external.js'
import { scramHashes } from './keys.js'
import type { Mechanism } from './mechanism.js'
import { plain } from './plain.js'
import { scram } from './scram.js'

/** The ways to log in, strongest first, as they are announced. A new one is its file and a row here. */
export const mechanisms: readonly Mechanism[] = [
  // who can do it is to take it before all others (RFC 6120 §6.3.4)
  external,
  ...scramHashes.map(hash => scram(hash, true)),
  ...scramHashes.map(hash => scram(hash)),
  plain,
  anonymous,
]

export { decodeBase64, encodeBase64 } from './encoding.js'
export type { Certified, Mechanism, Need, SaslCondition, SaslContext, SaslStep } from './mechanism.js'
