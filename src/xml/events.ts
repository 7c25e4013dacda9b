import type Element from 'ltx/lib/Element.js'

/** The header of a stream, as it was written. */
export class StreamOpen {
  constructor(
    /** The root element's name without its prefix. */
    readonly name: string,
    readonly prefix: string,
    /** The namespace of the root element. */
    readonly ns: string,
    /** The default namespace, that of the stanzas; '' if there is none. */
    readonly defaultNs: string,
    /** The attributes; of the namespace declarations only those that other attributes need. */
    readonly attrs: Readonly<Record<string, string>>,
  ) {}
}

/** The end of a stream. */
export class StreamClose {}

export type StreamEvent = StreamOpen | Element | StreamClose
