import { CommandError } from '../core/module.js'

/** A line that is longer than it may be, or bytes that are no text. */
export class BadLine extends CommandError {}

/** The lines of a stream, without their ends. Throws a BadLine rather than keep more than so many bytes of one. */
export async function* readLines(source: AsyncIterable<Uint8Array | string>, maxBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of source) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      yield toLine([...parts, rest.subarray(0, end)], maxBytes)
      parts = []
      bytes = 0
      rest = rest.subarray(end + 1)
    }
    bytes += rest.length
    if (bytes > maxBytes) throw new BadLine(`A line has more than ${maxBytes} bytes.`)
    if (rest.length > 0) parts.push(rest)
  }
  if (bytes > 0) yield toLine(parts, maxBytes)
}

const LF = 0x0a

function toLine(parts: readonly Uint8Array[], maxBytes: number): string {
  const line = Buffer.concat(parts)
  if (line.length > maxBytes) throw new BadLine(`A line has more than ${maxBytes} bytes.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).replace(/\r$/, '')
  } catch {
    throw new BadLine('A line is no UTF-8.')
  }
}
