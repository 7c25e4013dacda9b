/** What is wrong with the configuration: where, what stands there, and what was expected. For the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(
    /** `modules.offline.maxMessages` */
    readonly path: string,
    problem: string,
  ) {
    super(`${path}: ${problem}`)
  }
}

/** One setting: what it may be, what it is when nothing is said, and a sentence about it for the operator. */
export interface Field<T> {
  readonly default: T
  readonly doc: string
  /** What it may be, as a noun: `a whole number from 1 to 100`. */
  readonly expects: string
  /** The value of what stands in the file; undefined when it can be none. */
  parse(raw: unknown): T | undefined
  /** How a value is written in the file. */
  format(value: T): string
}

export type Fields = Readonly<Record<string, Field<unknown>>>

export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** Reads a section of the configuration. Keys that are no fields, and values that are none of theirs, are refused. */
export function readFields<F extends Fields>(fields: F, raw: unknown, path: string): Values<F> {
  const section = raw ?? {}
  if (typeof section !== 'object' || Array.isArray(section)) throw wrong(path, section, 'a section of settings')
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) values[name] = field.default
  for (const [name, written] of Object.entries(section)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field) throw unknownKey(path, name, Object.keys(fields))
    const value = field.parse(written)
    if (value === undefined) throw wrong(`${path}.${name}`, written, field.expects)
    values[name] = value
  }
  return values as Values<F> // every field has got its value above
}

export const wrong = (path: string, raw: unknown, expected: string): ConfigError =>
  new ConfigError(path, `${inWords(raw)} was found, ${expected} was expected`)

export function unknownKey(path: string, name: string, known: readonly string[]): ConfigError {
  const choices = known.length > 0 ? `known here: ${known.join(', ')}` : 'there are no settings here'
  return new ConfigError(path === '' ? name : `${path}.${name}`, `unknown setting; ${choices}`)
}

function inWords(raw: unknown): string {
  if (raw === null || raw === undefined) return 'nothing'
  return typeof raw === 'number' ? String(raw) : JSON.stringify(raw)
}

interface Described<T> {
  readonly default: T
  readonly doc: string
}

/** A whole number. */
export function integer({
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
  ...rest
}: Described<number> & { readonly min?: number; readonly max?: number }): Field<number> {
  return {
    ...rest,
    expects: max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
    parse: raw => (Number.isSafeInteger(raw) && Number(raw) >= min && Number(raw) <= max ? Number(raw) : undefined),
    format: String,
  }
}

/** Yes or no. */
export function flag(described: Described<boolean>): Field<boolean> {
  return {
    ...described,
    expects: 'true or false',
    parse: raw => (typeof raw === 'boolean' ? raw : undefined),
    format: String,
  }
}

/** Any text, or one that `check` agrees to. */
export function text(
  described: Described<string> & { readonly expects?: string; readonly check?: (text: string) => boolean },
): Field<string> {
  const { expects = 'a text', check = () => true, ...rest } = described
  return {
    ...rest,
    expects,
    parse: raw => (typeof raw === 'string' && check(raw) ? raw : undefined),
    format: value => JSON.stringify(value),
  }
}

/** One of some words. */
export function choice<T extends string>(described: Described<T> & { readonly of: readonly T[] }): Field<T> {
  const { of, ...rest } = described
  return { ...rest, expects: `one of ${of.join(', ')}`, parse: raw => of.find(word => word === raw), format: String }
}

/** Several texts. */
export function list(described: Described<readonly string[]>): Field<readonly string[]> {
  return {
    ...described,
    expects: 'a list of texts',
    parse: raw => (Array.isArray(raw) && raw.every(item => typeof item === 'string') ? raw : undefined),
    // in quotes, or some would be read as numbers and the like
    format: value => (value.length === 0 ? '[]' : `[ ${value.map(item => JSON.stringify(item)).join(', ')} ]`),
  }
}

/** A time span in milliseconds, written as `30 seconds`, `1 hour` or `2 weeks`. */
export function duration(described: { readonly default: string; readonly doc: string }): Field<number> {
  return measured(described, TIMES, 'a time span such as 30 seconds, 1 hour or 2 weeks')
}

/** An amount of data in bytes, written as `500 bytes`, `256 kB` or `1 MB`. */
export function size(described: { readonly default: string; readonly doc: string }): Field<number> {
  return measured(described, SIZES, 'a size such as 500 bytes, 256 kB or 1 MB')
}

const SECOND = 1000
const TIMES: Units = [
  ['year', 365 * 24 * 3600 * SECOND],
  ['week', 7 * 24 * 3600 * SECOND],
  ['day', 24 * 3600 * SECOND],
  ['hour', 3600 * SECOND],
  ['minute', 60 * SECOND],
  ['second', SECOND],
  ['millisecond', 1],
]
const SIZES: Units = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['kB', 1024],
  ['byte', 1],
]

type Units = readonly (readonly [name: string, worth: number])[]

function measured(
  { default: written, doc }: { readonly default: string; readonly doc: string },
  units: Units,
  expects: string,
): Field<number> {
  const parse = (raw: unknown): number | undefined => {
    const found = typeof raw === 'string' ? /^(\d{1,16}(?:\.\d{1,3})?) ?([A-Za-z]+)$/.exec(raw) : null
    const word = found?.[2]
    const unit = units.find(([name]) => word === name || word === `${name}s`)
    const value = unit ? Math.round(Number(found?.[1]) * unit[1]) : Number.NaN
    return Number.isSafeInteger(value) ? value : undefined
  }
  const format = (value: number): string => {
    const [name, worth] = units.find(([, worth]) => Math.max(value, 1) >= worth && value % worth === 0) ?? ['', 1]
    const count = value / worth
    return `${count} ${name}${count !== 1 && /[a-z]{3}/.test(name) ? 's' : ''}`
  }
  const initial = parse(written)
  if (initial === undefined) throw new TypeError(`${written} is no default for ${expects}`)
  return { default: initial, doc, expects, parse, format }
}
