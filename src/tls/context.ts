import { constants } from 'node:crypto'
import tls from 'node:tls'
import { ConfigError } from '../core/config.js'
import { reasonOf } from '../core/system-error.js'
import { type Authorities, trusting } from './authorities.js'
import type { Files, Pair } from './pair.js'

/** What goes with certificates of clients. */
export interface ForClients {
  /** Who vouches for them; undefined where they are asked for none. */
  readonly authorities?: Authorities | undefined
  /** Whether TLS sessions can be resumed. */
  readonly resumes: boolean
}

/** What TLS is spoken with. Throws a ConfigError for a certificate that it cannot use. */
export function secureContext(
  { chain, key }: Pair,
  { certificate: file }: Files,
  { authorities, resumes }: ForClients = { resumes: true },
): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ...(authorities && trusting(authorities)),
      cert: chain,
      key: key.export({ type: 'pkcs8', format: 'pem' }),
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (resumes ? 0 : constants.SSL_OP_NO_TICKET),
    })
  } catch (fault) {
    throw new ConfigError(file, `TLS cannot use this certificate: ${reasonOf(fault)}`)
  }
}

/** Authenticated encryption and forward secrecy only (RFC 9325 §4.2). The client chooses: it knows what it does fast. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
