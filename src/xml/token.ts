import { APOSTROPHE, BANG, BRACKET, GREATER, isSpace, LESS, QUESTION, QUOTE } from './chars.js'

const CDATA = Buffer.from('<![CDATA[')
const DECLARATION = Buffer.from('<?xml')

export type TokenKind = 'space' | 'text' | 'markup' | 'tag' | 'declaration'

/** What is to be found next in the token. */
type Step = 'begin' | 'kind' | 'text' | 'tag' | 'cdata' | 'in cdata' | 'declaration' | 'in declaration' | 'over'

/**
 * Finds the end of one token in bytes that come in pieces of any size, looking at each byte once. Where a token is
 * in error its end is the byte that shows it, at the latest: the reader, given the token, will find the same.
 */
export class TokenScanner {
  kind: TokenKind = 'markup'
  #step: Step = 'begin'
  /** How much of `<![CDATA[` or `<?xml` was there, or how many brackets. */
  #matched = 0
  #quote = 0
  #last = 0
  #first = false

  /** Makes ready for a token; the first one of a stream may be an XML declaration. */
  reset(first: boolean): void {
    this.kind = 'markup'
    this.#step = 'begin'
    this.#first = first
  }

  /** Where the token ends, if it does within these bytes; -1 if not. `inStanza`: whether text may stand here. */
  scan(bytes: Uint8Array, from: number, inStanza: boolean): number {
    let i = from
    if (this.#step === 'begin' && i < bytes.length) {
      const c = bytes[i] ?? 0
      if (c === LESS) {
        this.#step = 'kind'
        i++
      } else if (!inStanza) return this.#space(bytes, i)
      else {
        this.#step = 'text'
        this.kind = 'text'
      }
    }
    while (i < bytes.length) {
      switch (this.#step) {
        case 'text':
          return bytes.indexOf(LESS, i)
        case 'tag':
          return this.#tag(bytes, i)
        case 'in cdata':
          return this.#cdata(bytes, i)
        case 'in declaration':
          return this.#declaration(bytes, i)
        default:
          this.#step = this.#next(bytes[i] ?? 0)
          if (this.#step === 'over') return i + 1
          if (this.#step !== 'tag') i++ // a tag begins with this byte
      }
    }
    return -1
  }

  /** Blanks as far as they go, or one byte that should not be there. */
  #space(bytes: Uint8Array, from: number): number {
    let i = from
    while (i < bytes.length && isSpace(bytes[i] ?? 0)) i++
    this.kind = i === from ? 'text' : 'space'
    return Math.max(i, from + 1)
  }

  /** The step after this byte, in the steps that look at one byte only. */
  #next(c: number): Step {
    switch (this.#step) {
      case 'kind':
        this.#matched = 2
        this.#quote = 0
        this.#last = 0
        if (c === BANG) return 'cdata'
        if (c === QUESTION) return this.#first ? 'declaration' : 'over'
        this.kind = 'tag'
        return 'tag'
      case 'cdata':
        if (c !== CDATA[this.#matched++]) return 'over'
        if (this.#matched < CDATA.length) return 'cdata'
        this.#matched = 0
        return 'in cdata'
      default:
        if (this.#matched < DECLARATION.length) return c === DECLARATION[this.#matched++] ? 'declaration' : 'over'
        if (!isSpace(c)) return 'over'
        this.kind = 'declaration'
        return 'in declaration'
    }
  }

  /** A tag ends at its `>`, or at a `<`, which no tag may contain. */
  #tag(bytes: Uint8Array, from: number): number {
    let quote = this.#quote
    for (let i = from; i < bytes.length; i++) {
      const c = bytes[i]
      if (c === LESS || (c === GREATER && quote === 0)) return i + 1
      if (c === quote) quote = 0
      else if (quote === 0 && (c === QUOTE || c === APOSTROPHE)) quote = c
    }
    this.#quote = quote
    return -1
  }

  #cdata(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      const c = bytes[i]
      if (c === GREATER && this.#matched >= 2) return i + 1
      this.#matched = c === BRACKET ? this.#matched + 1 : 0
    }
    return -1
  }

  #declaration(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      const c = bytes[i] ?? 0
      if (c === GREATER && this.#last === QUESTION) return i + 1
      this.#last = c
    }
    return -1
  }
}
