/** The stream errors of RFC 6120 §4.9.3 that XML alone can cause. */
export type XmlCondition = 'not-well-formed' | 'restricted-xml' | 'unsupported-encoding' | 'policy-violation'

/** Why a stream or document cannot be read on. The message is for the log: the peer learns the condition only. */
export class XmlError extends Error {
  override readonly name = 'XmlError'

  constructor(
    readonly condition: XmlCondition,
    message: string,
  ) {
    super(message)
  }
}

export const malformed = (message: string): XmlError => new XmlError('not-well-formed', message)

/** XML that RFC 6120 §11.1 forbids in a stream: comments, processing instructions, declarations, further entities. */
export const restricted = (message: string): XmlError => new XmlError('restricted-xml', message)

export const overLimit = (message: string): XmlError => new XmlError('policy-violation', message)

/** What a peer may make us hold. */
export interface XmlLimits {
  /**
   * Bytes since the end of the last complete stanza; whitespace between stanzas does not add up. Also characters of its
   * namespaces, each as often as it has to be written where no prefix stands for it: a long one costs its length again
   * for every short tag that uses it.
   */
  readonly maxStanzaBytes: number
  /** Elements inside each other, the stanza itself being the first. */
  readonly maxDepth: number
  /** Attributes of one tag, declarations included; also prefixes in scope at a time. */
  readonly maxAttributes: number
  /** Elements, attributes and pieces of text of a stanza: each takes up a multiple of its bytes. */
  readonly maxParts?: number
  /** Bytes of one tag, if less than a whole stanza. */
  readonly maxTagBytes?: number
}
