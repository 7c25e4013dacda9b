/**
 * The bytes of the benchmark's chat messages. Every field has a fixed width, so the generator stamps a message
 * in place before sending and finds it again by a byte scan: no XML library, nothing allocated per message.
 */

const WIRE_BYTES = 220
const BODY_BYTES = 100

// body: b3nch|RUN...|FLOW.|SEQUENCE.|MICROSECS|xxxx
const MARK = Buffer.from('b3nch|')
const RUN = { at: MARK.length, width: 6 }
const FLOW = { at: RUN.at + RUN.width + 1, width: 5 }
const SEQUENCE = { at: FLOW.at + FLOW.width + 1, width: 9 }
const TIME = { at: SEQUENCE.at + SEQUENCE.width + 1, width: 9 }
const STAMP_BYTES = TIME.at + TIME.width + 1

const GREATER_THAN = 0x3e
const NEWLINE = 0x0a
const ZERO = 0x30

export interface FlowOptions {
  readonly run: number
  readonly flow: number
  readonly to: string
  readonly window: number
  /** What ends a message: `</message>`, or for the relay the same number of bytes and a newline. */
  readonly framing: 'xmpp' | 'line'
}

/** The sending side of one direction of a pair: a ring of as many prepared messages as may be in flight. */
export class Flow {
  sent = 0
  readonly #window: number
  readonly #size: number
  readonly #ring: Buffer
  readonly #idAt: number
  readonly #bodyAt: number

  constructor(options: FlowOptions) {
    const { text, idAt, bodyAt } = template(options)
    this.#window = options.window
    this.#size = text.length
    this.#ring = Buffer.from(text.repeat(options.window))
    this.#idAt = idAt
    this.#bodyAt = bodyAt
  }

  /** The next messages in order, stamped: one piece, or two where they wrap around the ring. */
  stamp(count: number, now: number): Buffer[] {
    const first = this.sent % this.#window
    for (let i = 0; i < count; i++) this.#stampOne(now)
    const end = first + count
    if (end <= this.#window) return [this.#slots(first, end)]
    return [this.#slots(first, this.#window), this.#slots(0, end - this.#window)]
  }

  #stampOne(now: number): void {
    const start = (this.sent % this.#window) * this.#size
    writeDigits(this.#ring, start + this.#idAt, SEQUENCE.width, this.sent)
    writeDigits(this.#ring, start + this.#bodyAt + SEQUENCE.at, SEQUENCE.width, this.sent)
    writeDigits(this.#ring, start + this.#bodyAt + TIME.at, TIME.width, now)
    this.sent++
  }

  #slots(from: number, to: number): Buffer {
    return this.#ring.subarray(from * this.#size, to * this.#size)
  }
}

export type Visit = (run: number, flow: number, sequence: number, time: number) => void

/** Finds our own messages in what a connection receives, however it is cut into chunks. */
export class Scanner {
  #tail: Buffer | undefined
  readonly #visit: Visit

  constructor(visit: Visit) {
    this.#visit = visit
  }

  /** Does not keep `chunk`: the caller may read into the same memory again. */
  scan(chunk: Buffer): void {
    const bytes = this.#tail ? Buffer.concat([this.#tail, chunk]) : chunk
    this.#tail = undefined
    let position = 0
    for (;;) {
      const at = bytes.indexOf(MARK, position)
      if (at < 0) break
      if (at + STAMP_BYTES > bytes.length) {
        this.#keep(bytes, at)
        return
      }
      this.#visit(
        readDigits(bytes, at + RUN.at, RUN.width),
        readDigits(bytes, at + FLOW.at, FLOW.width),
        readDigits(bytes, at + SEQUENCE.at, SEQUENCE.width),
        readDigits(bytes, at + TIME.at, TIME.width),
      )
      position = at + STAMP_BYTES
    }
    // a chunk that ends with a tag or a line cannot hide the beginning of a mark
    const last = bytes[bytes.length - 1]
    if (last !== GREATER_THAN && last !== NEWLINE) {
      this.#keep(bytes, Math.max(position, bytes.length - MARK.length + 1))
    }
  }

  #keep(bytes: Buffer, from: number): void {
    this.#tail = Buffer.from(bytes.subarray(from))
  }
}

interface Template {
  readonly text: string
  readonly idAt: number
  readonly bodyAt: number
}

const template = ({ run, flow, to, framing }: FlowOptions): Template => {
  const opening = `<message to='${to}' type='chat' id='${digits(flow, FLOW.width)}-`
  const mark = `${MARK}${digits(run, RUN.width)}|${digits(flow, FLOW.width)}|${digits(0, SEQUENCE.width)}|${digits(0, TIME.width)}|`
  const body = `'><body>${mark.padEnd(BODY_BYTES, 'x')}</body></message>`
  const filler = '-'.repeat(Math.max(0, WIRE_BYTES - opening.length - SEQUENCE.width - body.length))
  const text = opening + digits(0, SEQUENCE.width) + filler + body
  return {
    text: framing === 'line' ? `${text.slice(0, -1)}\n` : text,
    idAt: opening.length,
    bodyAt: text.indexOf(MARK.toString()),
  }
}

const digits = (value: number, width: number): string => String(value).padStart(width, '0')

const writeDigits = (bytes: Buffer, at: number, width: number, value: number): void => {
  for (let i = at + width - 1; i >= at; i--) {
    const rest = (value / 10) | 0 // nine digits at most, so 32 bits are enough
    bytes[i] = ZERO + value - rest * 10
    value = rest
  }
}

const readDigits = (bytes: Buffer, at: number, width: number): number => {
  let value = 0
  for (let i = at; i < at + width; i++) value = value * 10 + (bytes[i] ?? 0) - ZERO
  return value
}
