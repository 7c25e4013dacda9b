/** The built-in datatypes of XML Schema (https://www.w3.org/TR/xmlschema-2/) that forms use. XEP-0122 §3.1, §6.2 */

/** A kind of text. */
export interface Datatype {
  isValid(text: string): boolean
  /** Where its values have an order: below 0 when the first is less. Both are valid. */
  readonly compare?: (one: string, other: string) => number
  /** Whether space around it and in it counts; where it does not, there is none (§4.3.6). */
  readonly keepsSpace?: boolean
}

/** By its name with its prefix; undefined for one that is not known here. */
export const datatypeOf = (name: string): Datatype | undefined => DATATYPES.get(name)

/** What stands for a datatype that is not known (XEP-0122 §4.1). */
export const STRING: Datatype = { isValid: () => true, keepsSpace: true }

/** More digits than anybody means: reading them takes time by the square of their number. */
const MAX_DIGITS = 1000

const isInteger = (text: string): boolean => text.length <= MAX_DIGITS && /^[+-]?\d+$/.test(text)

const sign = (difference: bigint): number => (difference === 0n ? 0 : difference < 0n ? -1 : 1)

/** BigInt does not take a plus. */
const bigOf = (text: string): bigint => BigInt(text.replace(/^\+/, ''))

function integer(min?: bigint, max?: bigint): Datatype {
  return {
    isValid: text => {
      if (!isInteger(text)) return false
      const value = bigOf(text)
      return (min === undefined || value >= min) && (max === undefined || value <= max)
    },
    compare: (one, other) => sign(bigOf(one) - bigOf(other)),
  }
}

const signed = (bits: bigint): Datatype => integer(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)
const unsigned = (bits: bigint): Datatype => integer(0n, 2n ** bits - 1n)

/** Exactly, however many digits there are. */
const decimal: Datatype = {
  isValid: text => text.length <= MAX_DIGITS && /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text),
  compare: (one, other) => {
    const places = Math.max(fractionOf(one).length, fractionOf(other).length)
    return sign(scaled(one, places) - scaled(other, places))
  },
}

const fractionOf = (text: string): string => text.split('.')[1] ?? ''

function scaled(text: string, places: number): bigint {
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  const value = BigInt(`0${whole}${fraction.padEnd(places, '0')}`)
  return text.startsWith('-') ? -value : value
}

const double: Datatype = {
  isValid: text => text.length <= MAX_DIGITS && /^([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN)$/.test(text),
  compare: (one, other) => numberOf(one) - numberOf(other) || 0,
}

const numberOf = (text: string): number => Number(text.replace('INF', 'Infinity'))

const ZONE = '(Z|[+-](?:0\\d|1[0-3]):[0-5]\\d|[+-]14:00)?'
const DATE = '(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])'
const TIME = '((?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d)(\\.\\d+)?'

/** In what `pattern` takes apart: date and time of day, either of which may be fixed, then a zone, else UTC. */
function moment(pattern: RegExp, read: (parts: readonly string[]) => string): Datatype {
  const at = (text: string): number => {
    const [, ...parts] = pattern.exec(text) ?? []
    return parts.length === 0 ? Number.NaN : Date.parse(read(parts.map(part => part ?? '')))
  }
  return {
    isValid: text => !Number.isNaN(at(text)) && isDay(text),
    compare: (one, other) => at(one) - at(other),
  }
}

/** Date.parse takes 31 February for a day in March. */
function isDay(text: string): boolean {
  const [date, , , day] = new RegExp(`^${DATE}`).exec(text) ?? []
  return date === undefined || new Date(date).getUTCDate() === Number(day)
}

const milliseconds = (fraction: string): string => fraction.slice(0, 4)

const dateTime = moment(
  new RegExp(`^${DATE}T${TIME}${ZONE}$`),
  ([year, month, day, time, fraction = '', zone]) =>
    `${year}-${month}-${day}T${time}${milliseconds(fraction)}${zone || 'Z'}`,
)
const date = moment(
  new RegExp(`^${DATE}${ZONE}$`),
  ([year, month, day, zone]) => `${year}-${month}-${day}T00:00:00${zone || 'Z'}`,
)
const time = moment(
  new RegExp(`^${TIME}${ZONE}$`),
  ([time, fraction = '', zone]) => `2000-01-01T${time}${milliseconds(fraction)}${zone || 'Z'}`,
)

const like = (pattern: RegExp): Datatype => ({ isValid: text => pattern.test(text) })

const DATATYPES: ReadonlyMap<string, Datatype> = new Map<string, Datatype>([
  // no space, and what begins like an escape is one; a reference may be relative
  ['xs:anyURI', like(/^(?:[^\s%<>"{}|\\^`]|%[\dA-Fa-f]{2})*$/)],
  ['xs:boolean', like(/^(?:true|false|1|0)$/)],
  ['xs:byte', signed(8n)],
  ['xs:date', date],
  ['xs:dateTime', dateTime],
  ['xs:decimal', decimal],
  ['xs:double', double],
  ['xs:float', double],
  ['xs:int', signed(32n)],
  ['xs:integer', integer()],
  ['xs:language', like(/^[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*$/)],
  ['xs:long', signed(64n)],
  ['xs:negativeInteger', integer(undefined, -1n)],
  ['xs:nonNegativeInteger', integer(0n)],
  ['xs:nonPositiveInteger', integer(undefined, 0n)],
  ['xs:positiveInteger', integer(1n)],
  ['xs:short', signed(16n)],
  ['xs:string', STRING],
  ['xs:time', time],
  ['xs:unsignedByte', unsigned(8n)],
  ['xs:unsignedInt', unsigned(32n)],
  ['xs:unsignedLong', unsigned(64n)],
  ['xs:unsignedShort', unsigned(16n)],
])
