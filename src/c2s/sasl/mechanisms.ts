import type { Mechanism } from './mechanism.js'
import { plain } from './plain.js'
import { scram } from './scram.js'

/** The ways to log in, strongest first, as they are announced. A new one is its file and a row here. */
export const mechanisms: readonly Mechanism[] = [scram('SHA-512'), scram('SHA-256'), scram('SHA-1'), plain]

export { decodeBase64, encodeBase64 } from './encoding.js'
export type { Mechanism, SaslCondition, SaslContext, SaslStep } from './mechanism.js'
