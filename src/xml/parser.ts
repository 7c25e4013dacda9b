import { isAscii, isUtf8 } from 'node:buffer'
import { checkDeclaration } from './declaration.js'
import { malformed, overLimit, XmlError, type XmlLimits } from './errors.js'
import { StreamClose, type StreamEvent, StreamOpen } from './events.js'
import { TreeReader } from './reader.js'
import { TokenScanner } from './token.js'

export { type XmlCondition, XmlError, type XmlLimits } from './errors.js'
export { StreamClose, type StreamEvent, StreamOpen } from './events.js'
export { parseElement } from './reader.js'

const NO_BYTES = Buffer.alloc(0)

/**
 * A strict parser for XML streams (RFC 6120 §11), pulled from: bytes in by write(), whole things out by next(). What
 * was not asked for has not been looked at.
 *
 * There are two ways through. A whole chunk is decoded at once and read as one text, which is fast. Where that text is
 * cut off within a token, or anything is wrong with it, the bytes from that token on are taken one token at a time,
 * for which it makes no difference where chunks were cut: errors come from there only.
 */
export class StreamParser {
  readonly #reader: TreeReader
  readonly #token = new TokenScanner()
  readonly #chunks: Buffer[] = []
  #chunk: Buffer = NO_BYTES
  /** How much of the chunk the reader or the carry has. */
  #taken = 0
  /** Whether the reader's text is ASCII only: a byte for each character. */
  #ascii = true
  /** The bytes of a token whose end has not come. */
  #carry: Buffer = NO_BYTES
  #carried = 0
  /** Bytes of the unfinished stanza before the reader's text, and before the carry. */
  #used = 0
  #byToken = true
  /** Whether this chunk is known not to be UTF-8. */
  #unsound = false
  #begun = false
  #pending: StreamEvent | undefined
  #failure: unknown

  constructor(limits: XmlLimits) {
    this.#reader = new TreeReader(limits, 'stream')
    this.#token.reset(true)
  }

  /** May be replaced at any time, for instance after login. */
  get limits(): XmlLimits {
    return this.#reader.limits
  }

  set limits(limits: XmlLimits) {
    this.#reader.limits = limits
  }

  /** Whether no part of a stanza is waiting, and nothing is left to be read. */
  get idle(): boolean {
    const { depth, at, text } = this.#reader
    return (
      depth <= 0 &&
      this.#carried === 0 &&
      at === text.length &&
      this.#taken === this.#chunk.length &&
      this.#chunks.length === 0
    )
  }

  /** Takes bytes from the peer. They must not be changed afterwards. */
  write(chunk: Uint8Array): void {
    if (this.#failure !== undefined || chunk.length === 0) return
    this.#chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  /**
   * The stream's header, then each complete stanza, then the stream's end; undefined when that takes more bytes.
   * Throws an XmlError when the peer sends what it must not, and the same one ever after.
   */
  next(): StreamEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#advance()
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#failure = error
    this.#chunks.length = 0
    this.#chunk = NO_BYTES
    this.#taken = 0
    this.#carry = NO_BYTES
    this.#carried = 0
    this.#load('', 0)
  }

  #advance(): StreamEvent | undefined {
    const reader = this.#reader
    for (;;) {
      let event = this.#pending
      this.#pending = undefined
      if (event) return event
      if (reader.at < reader.text.length) event = this.#readText()
      else if (this.#taken === this.#chunk.length && !this.#nextChunk()) return undefined
      else if (this.#byToken || !this.#decodeChunk()) event = this.#readToken()
      if (event) return event
    }
  }

  #nextChunk(): boolean {
    const chunk = this.#chunks.shift()
    this.#chunk = chunk ?? NO_BYTES
    this.#taken = 0
    this.#unsound = false
    this.#load('', 0)
    return chunk !== undefined
  }

  /** Gives the reader what is left of the chunk, up to its last whole character; not when that is nothing or no UTF-8. */
  #decodeChunk(): boolean {
    if (this.#unsound) return false
    const end = wholeCharacters(this.#chunk, this.#taken)
    const text = decode(this.#chunk, this.#taken, end)
    this.#unsound = text === undefined
    if (text === undefined || text === '') return false
    this.#load(text, end - this.#taken)
    this.#taken = end
    return true
  }

  /** Puts another text before the reader, and counts what the unfinished stanza took of the last one. */
  #load(text: string, bytes: number): void {
    const reader = this.#reader
    if (reader.text !== '') this.#used = reader.depth > 0 ? this.#stanzaBytes() : 0
    reader.text = text
    reader.at = 0
    reader.stanzaStart = -this.#used
    this.#ascii = text.length === bytes
  }

  /** The size so far of the stanza that the reader is in, or has just finished. */
  #stanzaBytes(): number {
    const { text, at, stanzaStart } = this.#reader
    if (this.#ascii) return at - stanzaStart
    if (stanzaStart < 0) return Buffer.byteLength(text.slice(0, at)) - stanzaStart
    return Buffer.byteLength(text.slice(stanzaStart, at))
  }

  #readText(): StreamEvent | undefined {
    const reader = this.#reader
    const event = this.#tryRead()
    if (event === undefined && reader.at < reader.text.length) {
      this.#taken -= this.#ascii ? reader.text.length - reader.at : Buffer.byteLength(reader.text.slice(reader.at))
      this.#load('', 0)
      this.#token.reset(false)
      this.#byToken = true
    } else if ((event || reader.depth > 0) && this.#stanzaBytes() > reader.limits.maxStanzaBytes) {
      throw overLimit('stanza too big')
    }
    return event
  }

  #tryRead(): StreamEvent | undefined {
    try {
      return this.#reader.read()
    } catch (error) {
      if (error instanceof XmlError) return undefined // comes up again when this token is read on its own
      throw error
    }
  }

  #readToken(): StreamEvent | undefined {
    const token = this.#token
    const from = this.#taken
    if (!this.#begun) this.#checkFirstByte(this.#chunk[from] ?? 0)
    const found = token.scan(this.#chunk, from, this.#reader.depth > 0)
    const end = found < 0 ? this.#chunk.length : found
    const size = this.#carried + end - from
    this.#taken = end
    if (token.kind !== 'space') this.#checkSize(size)
    if (found < 0) {
      this.#byToken = true
      this.#keep(from, end)
      return undefined
    }
    const event = token.kind === 'space' ? undefined : this.#take(this.#tokenText(from, end), size)
    token.reset(false)
    this.#byToken = this.#reader.depth < 0
    return event
  }

  #checkFirstByte(byte: number): void {
    this.#begun = true
    if (byte === 0xfe || byte === 0xff || byte === 0) throw notUtf8()
  }

  #checkSize(size: number): void {
    const { maxStanzaBytes, maxTagBytes } = this.limits
    if (this.#used + size > maxStanzaBytes) throw overLimit('stanza too big')
    if (maxTagBytes !== undefined && this.#token.kind === 'tag' && size > maxTagBytes) throw overLimit('tag too big')
  }

  /** Adds a part of the chunk to the carry. */
  #keep(from: number, end: number): void {
    const size = this.#carried + end - from
    if (this.#carry.length < size) {
      const roomier = Buffer.allocUnsafeSlow(Math.max(256, 2 * size))
      this.#carry.copy(roomier, 0, 0, this.#carried)
      this.#carry = roomier
    }
    this.#chunk.copy(this.#carry, this.#carried, from, end)
    this.#carried = size
  }

  /** The text of the token that ends in this part of the chunk. */
  #tokenText(from: number, end: number): string {
    let text: string | undefined
    if (this.#carried === 0) text = decode(this.#chunk, from, end)
    else {
      this.#keep(from, end)
      text = decode(this.#carry, 0, this.#carried)
      this.#carried = 0
      if (this.#carry.length > 1024) this.#carry = NO_BYTES
    }
    if (text === undefined) throw malformed('not UTF-8')
    return text
  }

  #take(text: string, size: number): StreamEvent | undefined {
    const reader = this.#reader
    const { kind } = this.#token
    if (kind === 'declaration') {
      checkDeclaration(text)
      return undefined
    }
    if (kind === 'text') {
      if (reader.depth <= 0) throw malformed('text outside of a stanza')
      reader.addText(text)
      this.#used += size
      return undefined
    }
    if (reader.depth < 0 && text.charCodeAt(1) === 0) throw notUtf8()
    this.#load(text, size)
    const event = reader.read()
    if (reader.at < text.length) throw malformed('broken markup')
    this.#load('', 0)
    if (event instanceof StreamOpen && reader.depth < 0) this.#pending = new StreamClose()
    return event
  }
}

const notUtf8 = (): XmlError => new XmlError('unsupported-encoding', 'not UTF-8')

/** The text of these bytes; undefined when they are no UTF-8. */
function decode(bytes: Buffer, from: number, to: number): string | undefined {
  const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
  if (isAscii(part)) return part.toString('latin1')
  return isUtf8(part) ? part.toString('utf8') : undefined
}

/** Where the last character ends that these bytes hold to its end. */
function wholeCharacters(bytes: Uint8Array, from: number): number {
  const end = bytes.length
  for (let i = end - 1; i >= from && i >= end - 3; i--) {
    const c = bytes[i] ?? 0
    if (c < 0x80) return end
    if (c >= 0xc0) return i + (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) > end ? i : end
  }
  return end
}
