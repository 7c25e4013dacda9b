import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { signatureHash } from './certificate.js'

/**
 * What both ends of a TLS channel see of it and nobody in between can, by the type of channel binding (RFC 5056),
 * strongest first. Empty without TLS.
 */
export function channelBindings(socket: Duplex): ReadonlyMap<string, Uint8Array> {
  const bindings = new Map<string, Uint8Array>()
  if (!(socket instanceof TLSSocket)) return bindings
  // in TLS 1.2 it is only safe with an extension that nobody tells us about (RFC 9266 §4.2)
  if (socket.getProtocol() === 'TLSv1.3') bindings.set('tls-exporter', exported(socket))
  const endPoint = endPointOf(socket)
  if (endPoint) bindings.set('tls-server-end-point', endPoint)
  return bindings
}

/**
 * The client's first Finished message, or the server's when the session was resumed (RFC 5929 §3). It is not announced:
 * it has better successors, and TLS 1.3 does not define it. But slixmpp has no other, takes it under any version when it
 * sees a -PLUS mechanism, and cannot log in at all where that is refused. It does bind: it is a MAC of the handshake.
 */
export function tlsUnique(socket: Duplex): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  return socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished()
}

/** RFC 9266 §2 */
const exported = (socket: TLSSocket): Uint8Array =>
  socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))

/** RFC 5929 §4: of the certificate that was shown on this very connection. There is none for some kinds of signature. */
function endPointOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getX509Certificate()?.raw
  const hash = certificate && signatureHash(certificate)
  return hash && createHash(hash).update(certificate).digest()
}
