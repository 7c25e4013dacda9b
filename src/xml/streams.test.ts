// What the parser's tests share. It ends in .test.ts so that it stays out of the build.
import assert from 'node:assert/strict'
import {
  Element,
  type StreamEvent,
  StreamParser,
  serialise,
  type XmlCondition,
  XmlError,
  type XmlLimits,
} from './index.js'

export const LIMITS: XmlLimits = { maxStanzaBytes: 10_000, maxDepth: 8, maxAttributes: 8 }
export const HEADER =
  "<stream:stream to='verona.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
export const END = '</stream:stream>'

export const parser = (limits = LIMITS): StreamParser => new StreamParser(limits)

/** All that comes out for these bytes, written in chunks of a size. */
export function drain(p: StreamParser, bytes: Uint8Array | string, size = Number.POSITIVE_INFINITY): StreamEvent[] {
  const all = Buffer.from(bytes as Uint8Array) // Buffer.from takes strings as well; its overloads take no union
  const events: StreamEvent[] = []
  for (let from = 0; from < all.length; from += size) {
    p.write(all.subarray(from, from + size))
    for (let event = p.next(); event; event = p.next()) events.push(event)
  }
  return events
}

/** The stanzas inside a stream, each written out to stand alone. */
export const stanzas = (xml: string, size?: number): string[] =>
  drain(parser(), HEADER + xml, size).flatMap(event => (event instanceof Element ? [serialise(event)] : []))

export const stanza = (xml: string): Element => {
  const found = drain(parser(), HEADER + xml).find(event => event instanceof Element)
  assert(found)
  return found
}

export const condition =
  (expected: XmlCondition) =>
  (error: unknown): boolean => {
    assert(error instanceof XmlError, String(error))
    assert.equal(error.condition, expected, error.message)
    return true
  }

export const refuses = (bytes: Uint8Array | string, expected: XmlCondition, limits = LIMITS): void => {
  for (const size of [Number.POSITIVE_INFINITY, 1, 2, 7])
    assert.throws(() => drain(parser(limits), bytes, size), condition(expected), `in chunks of ${size}`)
}
