/**
 * The data of a SASL element, undefined when it is not base64 to the letter (RFC 4648 §4, RFC 6120 §13.9.1): no white
 * space, no missing padding, no stray bits. An <auth/> without text has no initial response: nothing to decode then.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text === '=') return new Uint8Array() // XMPP's way to write "there is data, and it is empty" (RFC 6120 §6.4.2)
  return strictBase64(text)
}

/** Base64 inside a mechanism's own message, where a lone '=' means nothing. */
export function strictBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips what it does not know; encoding again shows whether it did
  return bytes.toString('base64') === text ? bytes : undefined
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The text of a mechanism's message, undefined when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

export function encodeText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

// the text is signed: a byte order mark must survive decoding and encoding
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
