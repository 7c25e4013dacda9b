/**
 * Regular expressions as XEP-0122 wants them: POSIX extended ones, over Unicode. They may come from strangers, so they
 * are not handed to an engine that backtracks: a text is matched in one pass, in time by its length times the size of
 * the expression, whatever that is.
 */

/** Why a text is no expression that is understood here. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

export interface Pattern {
  /** Whether all of the text is what the expression says. */
  matches(text: string): boolean
}

/** Reads an expression. Throws a PatternError when it is none, or too large. */
export function compilePattern(source: string): Pattern {
  const program: Instruction[] = []
  emit(new Reader(source).whole(), program)
  program.push({ do: 'match' })
  return { matches: text => run(program, text) }
}

/** What the repetitions of an expression come to when they are written out. */
const MAX_INSTRUCTIONS = 1000
/** RE_DUP_MAX of POSIX. */
const MAX_REPEATS = 255
const MAX_DEPTH = 50

type Test = (char: number) => boolean

type Part =
  | { readonly is: 'char'; readonly test: Test }
  | { readonly is: 'start' | 'end' }
  | { readonly is: 'all' | 'any'; readonly parts: readonly Part[] }
  | { readonly is: 'repeat'; readonly part: Part; readonly min: number; readonly max: number }

type Instruction =
  | { readonly do: 'char'; readonly test: Test }
  | { readonly do: 'start' | 'end' | 'match' }
  | { readonly do: 'fork'; to: readonly number[] }

/** Recursive descent over the grammar of POSIX.1-2017 §9.5.3. */
class Reader {
  readonly #chars: readonly string[]
  #at = 0

  constructor(source: string) {
    this.#chars = [...source]
  }

  whole(): Part {
    const part = this.#choice(0)
    if (this.#at < this.#chars.length) throw new PatternError('a ) that closes nothing')
    return part
  }

  #choice(depth: number): Part {
    if (depth > MAX_DEPTH) throw new PatternError('too deep')
    const parts = [this.#sequence(depth)]
    while (this.#takes('|')) parts.push(this.#sequence(depth))
    return { is: 'any', parts }
  }

  #sequence(depth: number): Part {
    const parts: Part[] = []
    while (this.#at < this.#chars.length && this.#peek() !== '|' && this.#peek() !== ')') parts.push(this.#piece(depth))
    return { is: 'all', parts }
  }

  #piece(depth: number): Part {
    let part = this.#atom(depth)
    for (let repeats = this.#repeats(); repeats; repeats = this.#repeats()) part = { is: 'repeat', part, ...repeats }
    return part
  }

  #repeats(): { readonly min: number; readonly max: number } | undefined {
    if (this.#takes('*')) return { min: 0, max: Infinity }
    if (this.#takes('+')) return { min: 1, max: Infinity }
    if (this.#takes('?')) return { min: 0, max: 1 }
    if (!this.#takes('{')) return undefined
    const [, from = '', comma, to = ''] = /^(\d{1,3})(,)?(\d{0,3})$/.exec(this.#until('}')) ?? []
    const min = Number(from)
    const max = to === '' ? (comma === undefined ? min : Infinity) : Number(to)
    const isRead = from !== '' && (comma !== undefined || to === '')
    if (!isRead || min > max || min > MAX_REPEATS || (max > MAX_REPEATS && max !== Infinity))
      throw new PatternError('how often?')
    return { min, max }
  }

  #atom(depth: number): Part {
    const char = this.#next()
    if (char === '(') {
      const part = this.#choice(depth + 1)
      if (!this.#takes(')')) throw new PatternError('a ( that is not closed')
      return part
    }
    if (char === '[') return { is: 'char', test: this.#bracket() }
    if (char === '.') return { is: 'char', test: () => true }
    if (char === '^') return { is: 'start' }
    if (char === '$') return { is: 'end' }
    if ('*+?{'.includes(char)) throw new PatternError('nothing to repeat')
    return { is: 'char', test: literally(char === '\\' ? this.#escaped() : char) }
  }

  /** Only what would mean something without: all else means different things to different people. */
  #escaped(): string {
    const char = this.#next()
    if (/^[\p{L}\p{N}]$/u.test(char)) throw new PatternError('an escape that POSIX does not have')
    return char
  }

  #bracket(): Test {
    const isNegated = this.#takes('^')
    const tests: Test[] = []
    do tests.push(this.#range())
    while (!this.#takes(']'))
    return char => tests.some(test => test(char)) !== isNegated
  }

  #range(): Test {
    const from = this.#element()
    if (typeof from !== 'string') return from
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') return literally(from)
    this.#at++
    const to = this.#element()
    if (typeof to !== 'string' || codeOf(to) < codeOf(from)) throw new PatternError('no range')
    return char => char >= codeOf(from) && char <= codeOf(to)
  }

  /** A character, or a class of them. */
  #element(): string | Test {
    const char = this.#next()
    const kind = this.#peek()
    if (char !== '[' || kind === undefined || !':=.'.includes(kind)) return char
    this.#at++
    const name = this.#until(kind)
    if (!this.#takes(']')) throw new PatternError('a class that is not closed')
    if (kind !== ':' && [...name].length === 1) return name
    const chars = CLASSES.get(name)
    if (kind !== ':' || !chars) throw new PatternError('an unknown class')
    return code => chars.test(String.fromCodePoint(code))
  }

  #until(end: string): string {
    const closed = this.#chars.indexOf(end, this.#at)
    if (closed < 0) throw new PatternError(`no ${end}`)
    const found = this.#chars.slice(this.#at, closed).join('')
    this.#at = closed + 1
    return found
  }

  #takes(char: string): boolean {
    const isThere = this.#peek() === char
    if (isThere) this.#at++
    return isThere
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #next(): string {
    const char = this.#chars[this.#at++]
    if (char === undefined) throw new PatternError('it ends too early')
    return char
  }
}

/** What they are over Unicode: UTS #18, annex C. */
const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['alpha', /^\p{Alphabetic}$/u],
  ['lower', /^\p{Lowercase}$/u],
  ['upper', /^\p{Uppercase}$/u],
  ['punct', /^\p{P}$/u],
  ['digit', /^\p{Nd}$/u],
  ['xdigit', /^[\p{Nd}\p{Hex_Digit}]$/u],
  ['alnum', /^[\p{Alphabetic}\p{Nd}]$/u],
  ['space', /^\p{White_Space}$/u],
  ['blank', /^[\p{Zs}\t]$/u],
  ['cntrl', /^\p{Cc}$/u],
  ['graph', /^[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]$/u],
  ['print', /^[^\t\n\v\f\r\x85\u2028\u2029\p{Cc}\p{Cs}\p{Cn}]$/u],
])

const codeOf = (char: string): number => char.codePointAt(0) ?? 0

function literally(char: string): Test {
  const code = codeOf(char)
  return other => other === code
}

/** Appends what matches the part and then goes on behind it. */
function emit(part: Part, program: Instruction[]): void {
  if (program.length > MAX_INSTRUCTIONS) throw new PatternError('too large')
  if (part.is === 'all') for (const one of part.parts) emit(one, program)
  else if (part.is === 'any') emitChoice(part.parts, program)
  else if (part.is === 'repeat') emitRepeat(part, program)
  else program.push(part.is === 'char' ? { do: 'char', test: part.test } : { do: part.is })
}

function emitChoice(parts: readonly Part[], program: Instruction[]): void {
  const [only] = parts
  if (parts.length === 1 && only) return emit(only, program)
  const starts: number[] = []
  const leaves: { do: 'fork'; to: readonly number[] }[] = []
  program.push({ do: 'fork', to: starts })
  for (const part of parts) {
    starts.push(program.length)
    emit(part, program)
    const leave = { do: 'fork' as const, to: [] as readonly number[] }
    leaves.push(leave)
    program.push(leave)
  }
  for (const leave of leaves) leave.to = [program.length]
}

function emitRepeat({ part, min, max }: Part & { is: 'repeat' }, program: Instruction[]): void {
  for (let i = 0; i < min; i++) {
    const before = program.length
    emit(part, program)
    if (program.length === before) break // nothing, however often: nor shall it take time
  }
  if (max === Infinity) {
    const loop = { do: 'fork' as const, to: [] as readonly number[] }
    const at = program.push(loop) - 1
    emit(part, program)
    program.push({ do: 'fork', to: [at] })
    loop.to = [at + 1, program.length]
    return
  }
  const skips: { do: 'fork'; to: readonly number[] }[] = []
  for (let i = min; i < max; i++) {
    const skip = { do: 'fork' as const, to: [] as readonly number[] }
    skips.push(skip)
    skip.to = [program.push(skip)]
    emit(part, program)
  }
  for (const skip of skips) skip.to = [...skip.to, program.length]
}

/** Follows all ways through the program at once (Thompson 1968). */
function run(program: readonly Instruction[], text: string): boolean {
  const chars = [...text]
  let states = closure(program, [0], 0, chars.length)
  for (let at = 0; at < chars.length && states.size > 0; at++) {
    const code = codeOf(chars[at] ?? '')
    const next: number[] = []
    for (const state of states) {
      const instruction = program[state]
      if (instruction?.do === 'char' && instruction.test(code)) next.push(state + 1)
    }
    states = closure(program, next, at + 1, chars.length)
  }
  return states.has(program.length - 1)
}

/** All states that are reached from these without taking a character. */
function closure(program: readonly Instruction[], from: readonly number[], at: number, end: number): Set<number> {
  const reached = new Set<number>()
  const open = [...from]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (reached.has(state)) continue
    reached.add(state)
    const instruction = program[state]
    if (instruction?.do === 'fork') open.push(...instruction.to)
    else if (instruction?.do === 'start' && at === 0) open.push(state + 1)
    else if (instruction?.do === 'end' && at === end) open.push(state + 1)
  }
  return reached
}
