import { createHash } from 'node:crypto'

/** A text as it stands in an indexed column. */
export interface StoredKey {
  readonly key: string
  /** The text as JSON, if the key does not say it all. */
  readonly whole: string | null
}

/**
 * Any text may be a key: an owner, an address, a key of a map. Databases index a bounded number of bytes and not every
 * character, so the digest stands for a text that is too long or strange.
 */
export function storedKey(text: string, bytes = KEY_BYTES): StoredKey {
  const fits = text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes
  if (fits && !STRANGE.test(text)) return { key: text, whole: null }
  const digest = createHash('sha256').update(text, 'utf16le').digest('hex')
  return { key: DIGEST + digest, whole: JSON.stringify(text) }
}

export const keyOf = (text: string, bytes?: number): string => storedKey(text, bytes).key

export const textOf = ({ key, whole }: StoredKey): string => (whole === null ? key : String(JSON.parse(whole)))

/**
 * What fits in an index together with an owner and the name of a store: 2,704 bytes in PostgreSQL, 3,072 in InnoDB. A
 * bare JID of a name in DNS has at most 1,023 + 1 + 253.
 */
export const KEY_BYTES = 1280

export const STORE_BYTES = 64

const DIGEST = '#sha256:'
// U+0000, lone surrogates, and what looks like one of our digests
const STRANGE = /[\0\p{Cs}]|^#sha256:/u
