import * as tables from './tables.js'

/** What a table says of each code point: a letter. */
class Property {
  readonly #starts: Uint32Array
  readonly #letters: string
  readonly #latin: string // most of what is asked for, also where there is more than ASCII

  constructor(runs: string) {
    const tokens = runs.trim().split(/\s+/)
    this.#starts = new Uint32Array(tokens.length)
    this.#letters = tokens.map(token => token.charAt(0)).join('')
    let start = 0
    for (const [n, token] of tokens.entries()) {
      this.#starts[n] = start
      start += Number.parseInt(token.slice(1), 36)
    }
    this.#latin = Array.from({ length: LATIN }, (_, cp) => this.#find(cp)).join('')
  }

  of(cp: number): string {
    return cp < LATIN ? this.#latin.charAt(cp) : this.#find(cp)
  }

  #find(cp: number): string {
    const starts = this.#starts
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((starts[middle] as number) <= cp)
        low = middle // it is between the two
      else high = middle
    }
    return this.#letters.charAt(low)
  }
}

const LATIN = 0x250

/** RFC 8264 §8: P for PVALID, C for CONTEXTJ and CONTEXTO, F for FREE_PVAL and ID_DIS, DISALLOWED, UNASSIGNED. */
export const precis = new Property(tables.PRECIS)

/** RFC 5892 §3: P for PVALID, M for PVALID marks, C for CONTEXTJ and CONTEXTO, D for all else. */
export const idna = new Property(tables.IDNA)

/** RFC 5893 §2: L, R, A for AL, N for AN, E for EN, S for ES, C for CS, T for ET, B for BN, O for ON, M for NSM. */
export const bidi = new Property(tables.BIDI)

/** RFC 5892 A.1: L, R, D, T for transparent, V for a virama that is transparent, W for one that is not; else U. */
export const joining = new Property(tables.JOINING)

/** RFC 5892 A.4 to A.7: G for Greek, H for Hebrew, K for Hiragana, Katakana and Han; else O. */
export const script = new Property(tables.SCRIPT)

const WIDE = /[\u3000\uff01-\uffee]/
const width = new Map<string, string>()
for (const run of tables.WIDTH.trim().split(/\s+/)) {
  const [first = 0, count = 0, to = 0] = run.split(':').map(hex => Number.parseInt(hex, 16))
  for (let k = 0; k < count; k++) width.set(String.fromCharCode(first + k), String.fromCharCode(to + k))
}

/** Fullwidth and halfwidth code points as what they decompose to (RFC 8264 §5.2.1). */
export function withoutWidth(text: string): string {
  if (!WIDE.test(text)) return text
  let mapped = ''
  for (let i = 0; i < text.length; i++) mapped += width.get(text.charAt(i)) ?? text.charAt(i)
  return mapped
}

/** The code points of a text; a lone surrogate is one, and no class allows it. */
export function codePoints(text: string): number[] {
  const found: number[] = []
  for (let i = 0; i < text.length; i++) {
    const cp = text.codePointAt(i) as number // there is a character at i
    if (cp > 0xffff) i++
    found.push(cp)
  }
  return found
}
