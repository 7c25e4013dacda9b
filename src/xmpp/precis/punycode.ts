/** Punycode (RFC 3492), for labels: it takes time by the square of their length, which callers bound. */

const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700
const INITIAL_BIAS = 72
const INITIAL_N = 128
const OVERFLOW = 0x7fffffff
const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** What a label in Punycode, all lower case and without its xn--, stands for; undefined when it is none (§6.2). */
export function decodePunycode(encoded: string): number[] | undefined {
  const delimiter = encoded.lastIndexOf('-')
  const output = [...encoded.slice(0, Math.max(delimiter, 0))].map(char => char.charCodeAt(0))
  let n = INITIAL_N
  let i = 0
  let bias = INITIAL_BIAS
  for (let at = delimiter + 1; at < encoded.length; ) {
    const before = i
    let weight = 1
    for (let k = BASE; ; k += BASE) {
      if (at === encoded.length) return undefined
      const digit = DIGITS.indexOf(encoded.charAt(at++))
      i += digit * weight
      if (digit < 0 || i > OVERFLOW) return undefined
      const threshold = thresholdOf(k, bias)
      if (digit < threshold) break
      weight *= BASE - threshold
    }
    const length = output.length + 1
    bias = adapted(i - before, length, before === 0)
    n += Math.floor(i / length)
    if (n > 0x10ffff) return undefined
    i %= length
    output.splice(i++, 0, n)
  }
  return output
}

/** A label in Punycode, without xn-- (§6.3). */
export function encodePunycode(label: readonly number[]): string {
  const basic = label.filter(cp => cp < INITIAL_N)
  let output = String.fromCharCode(...basic)
  if (basic.length > 0) output += '-'
  let n = INITIAL_N
  let delta = 0
  let bias = INITIAL_BIAS
  for (let handled = basic.length; handled < label.length; n++, delta++) {
    const next = label.reduce((least, cp) => (cp >= n && cp < least ? cp : least), Number.MAX_SAFE_INTEGER)
    delta += (next - n) * (handled + 1)
    n = next
    for (const cp of label) {
      if (cp < n) delta++
      if (cp !== n) continue
      output += variableLength(delta, bias)
      bias = adapted(delta, handled + 1, handled === basic.length)
      delta = 0
      handled++
    }
  }
  return output
}

function variableLength(delta: number, bias: number): string {
  let output = ''
  let rest = delta
  for (let k = BASE; ; k += BASE) {
    const threshold = thresholdOf(k, bias)
    if (rest < threshold) return output + DIGITS.charAt(rest)
    output += DIGITS.charAt(threshold + ((rest - threshold) % (BASE - threshold)))
    rest = Math.floor((rest - threshold) / (BASE - threshold))
  }
}

const thresholdOf = (k: number, bias: number): number => Math.min(Math.max(k - bias, T_MIN), T_MAX)

function adapted(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? DAMP : 2))
  rest += Math.floor(rest / length)
  let k = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW))
}
