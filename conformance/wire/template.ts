/**
 * Text with values in braces, as scripts write it. To be sent:
 *
 *     {romeo}  {domain}  {id}          what is known by this name
 *     {U+200B}                         a character
 *     {repeat 1023 a}                  a text, so many times; also {repeat {max}-10 a}
 *     {count 3 <a id='{#}'/>}          the same, with a number each time, from 1
 *     {base64 ...}  {sha1 ...}         of what the rest stands for
 *     {utf16 ...}                      its bytes in UTF-16, as hexadecimal
 *     {upper ...}  {wide ...}          the rest in capitals, or in full-width letters
 *     {field r {challenge}}            an attribute of a message of SCRAM, which is in base64 (RFC 5802 §5.1)
 *
 * and to be compared with what comes, also
 *
 *     {any}                            anything but nothing
 *     {absent}  {absent|...}           no such attribute; none, or this
 *     {=id}                            anything but nothing, known as {id} from then on
 *     {datetime}  {utc}  {number}      of this form; utc: a datetime in UTC
 *     {auth|cancel}                    one of these texts
 */
import { createHash } from 'node:crypto'

export type Values = Map<string, string>

/** What stands in a script cannot mean anything. */
export class ScriptFault extends Error {}

/** `encode` is for what is put in place of a name: what goes into XML is escaped. */
export function fill(text: string, values: ReadonlyMap<string, string>, encode = (value: string) => value): string {
  return pieces(text)
    .map(piece => (typeof piece === 'string' ? piece : worthOf(piece.inner, values, encode)))
    .join('')
}

function worthOf(inner: string, values: ReadonlyMap<string, string>, encode: (value: string) => string): string {
  const known = values.get(inner)
  if (known !== undefined) return encode(known)
  const character = /^U\+([0-9A-F]{4,6})$/.exec(inner)
  if (character) return String.fromCodePoint(Number.parseInt(character[1] ?? '', 16))
  const [, name = '', rest = ''] = /^(\w+) ([\s\S]*)$/.exec(inner) ?? []
  switch (name) {
    case 'repeat': {
      const [, times = '', less = '0', what = ''] = /^(\d+|\{[^{}]+\})(?:-(\d+))? ([\s\S]+)$/.exec(rest) ?? []
      return fill(what, values, encode).repeat(Number(fill(times, values)) - Number(less))
    }
    case 'count': {
      const [, times = '', what = ''] = /^(\d+) ([\s\S]+)$/.exec(rest) ?? []
      const turns = Array.from({ length: Number(times) }, (_, index) => new Map([...values, ['#', `${index + 1}`]]))
      return turns.map(known => fill(what, known, encode)).join('')
    }
    case 'base64':
      return Buffer.from(fill(rest, values)).toString('base64')
    case 'sha1':
      return createHash('sha1').update(fill(rest, values)).digest('hex')
    case 'utf16':
      return Buffer.from(fill(rest, values), 'utf16le').toString('hex')
    case 'upper':
      return encode(fill(rest, values).toUpperCase())
    case 'wide':
      return fill(rest, values).replace(/[!-~]/g, mark => String.fromCharCode(mark.charCodeAt(0) + WIDE))
    case 'field':
      return fieldOf(fill(rest, values))
  }
  throw new ScriptFault(`nothing is known as {${inner}}`)
}

/** From a character of ASCII to the full-width one. */
const WIDE = 0xfee0

/** Of a message of SCRAM: `r cj1hYmM=` is `abc`. */
function fieldOf(text: string): string {
  const [name = '', message = ''] = text.split(' ')
  const field = Buffer.from(message, 'base64')
    .toString()
    .split(',')
    .find(part => part.startsWith(`${name}=`))
  if (field === undefined) throw new ScriptFault(`there is no ${name} in ${message}`)
  return field.slice(2)
}

/** Whether a value is what the text asks for; undefined stands for an attribute that is not there. */
export function agrees(text: string, value: string | undefined, values: Values): boolean {
  if (text === '{absent}') return value === undefined
  if (value === undefined) return text.startsWith('{absent|')
  const found = new RegExp(
    `^${pieces(text)
      .map(piece => source(piece, values))
      .join('')}$`,
    'u',
  ).exec(value)
  if (!found) return false
  for (const [name, captured] of Object.entries(found.groups ?? {})) values.set(decodeGroup(name), captured)
  return true
}

function source(piece: string | Placeholder, values: Values): string {
  if (typeof piece === 'string') return literal(piece)
  const { inner } = piece
  if (inner.startsWith('=')) return `(?<${encodeGroup(inner.slice(1))}>[\\s\\S]+)`
  const form = FORMS.get(inner)
  if (form !== undefined) return form
  if (inner.includes('|'))
    return `(?:${inner
      .split('|')
      .map(choice => literal(fill(choice, values)))
      .join('|')})`
  return literal(worthOf(inner, values, value => value))
}

/** XEP-0082 §3.2 */
const MOMENT = '[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:\\.[0-9]+)?'

const FORMS: ReadonlyMap<string, string> = new Map([
  ['any', '[\\s\\S]+'],
  ['number', '[0-9]+'],
  ['datetime', `${MOMENT}(?:Z|[+-][0-9]{2}:[0-9]{2})`],
  ['utc', `${MOMENT}Z`],
])

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

// names of scripts may have marks that names of groups may not
const encodeGroup = (name: string) => `g_${Buffer.from(name).toString('hex')}`
const decodeGroup = (name: string) => Buffer.from(name.slice(2), 'hex').toString()

interface Placeholder {
  readonly inner: string
}

function pieces(text: string): readonly (string | Placeholder)[] {
  const found: (string | Placeholder)[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('{')
    if (start < 0) return [...found, rest]
    const end = closing(rest, start)
    found.push(rest.slice(0, start), { inner: rest.slice(start + 1, end) })
    rest = rest.slice(end + 1)
  }
}

function closing(text: string, start: number): number {
  for (let at = start, depth = 0; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  throw new ScriptFault(`a brace is not closed: ${text}`)
}
