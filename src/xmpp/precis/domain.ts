import { isIPv4, isIPv6 } from 'node:net'
import { hasRightToLeft, satisfiesBidiRule } from './bidi.js'
import { checkContext } from './context.js'
import { codePointName, PrecisError } from './errors.js'
import { checkAssigned, lowerCase } from './profiles.js'
import { codePoints, idna, withoutWidth } from './properties.js'
import { decodePunycode, encodePunycode } from './punycode.js'

/**
 * The domain part of an address as it is to be kept and compared (RFC 7622 §3.2): an IPv4 address, an IPv6 address in
 * brackets, or a name by IDNA2008, in U-labels, mapped as RFC 5895 §2 has it: width, case, NFC, ideographic full stops.
 *
 * A name's labels are NR-LDH labels and U-labels and nothing else (RFC 7622 §3.2.1). So there is no underscore: it can
 * be in the DNS, but not in the name of a host, nor in a certificate, and s2s could never verify it.
 */
export function domainPart(text: string): string {
  if (text.startsWith('[')) return ipLiteral(text)
  const mapped = mapDomain(text)
  const name = mapped.endsWith('.') ? mapped.slice(0, -1) : mapped
  if (name.length > LONGEST_NAME) throw new PrecisError('a name that is too long')
  if (isIPv4(name)) return name
  const labels = name.split('.').map(readLabel)
  // to the resolver 127.1 and 0x7f.1 are addresses, though not to those who check whether they may connect to them
  if (NUMBER.test(labels.at(-1)?.ascii ?? '')) throw new PrecisError('a number for a top-level domain')
  const length = labels.reduce((sum, { ascii }) => sum + ascii.length + 1, -1)
  if (length > LONGEST_NAME) throw new PrecisError('a name that is too long')
  if (labels.some(label => hasRightToLeft(label.points)) && !labels.every(label => satisfiesBidiRule(label.points)))
    throw new PrecisError('a name that mixes directions of writing') // RFC 5893 §2: then the rule is for every label
  return labels.map(label => label.text).join('.')
}

const LONGEST_NAME = 253 // RFC 1034 §3.1, without the length octets of first label and root
const LONGEST_LABEL = 63
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/
const NOT_ASCII = /[^\0-\x7f]/
const LDH = /^[-0-9a-z]+$/

/** RFC 3986 §3.2.2, but for versions of IP that there are none of, and zones, which mean something on one host only. */
function ipLiteral(text: string): string {
  const address = text.endsWith(']') ? text.slice(1, -1) : ''
  if (!isIPv6(address) || address.includes('%')) throw new PrecisError('a broken IP address')
  return new URL(`http://[${address}]`).hostname // one form of many
}

/** Case is mapped only where the label could not have it: Cherokee capitals are the ones that IDNA allows. */
function mapDomain(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase()
  checkAssigned(text)
  let mapped = ''
  for (const cp of codePoints(withoutWidth(text))) {
    const char = String.fromCodePoint(cp)
    mapped += idna.of(cp) === 'D' ? lowerCase(char) : char
  }
  return mapped.normalize('NFC').replaceAll('\u3002', '.')
}

/** A label in the form that is kept, and as the DNS has it. */
interface Label {
  readonly text: string
  readonly points: readonly number[]
  readonly ascii: string
}

/** RFC 5891 §5.3 and §5.4, with all that §4.2 asks of who registers a name: a server is known by it. */
function readLabel(label: string): Label {
  if (label === '') throw new PrecisError('an empty label')
  if (label.startsWith('xn--')) return readALabel(label)
  if (NOT_ASCII.test(label)) return readULabel(codePoints(label))
  if (!LDH.test(label)) throw notAllowed(codePoints(label).find(cp => !LDH.test(String.fromCodePoint(cp))) ?? 0)
  checkHyphens(label)
  if (label.length > LONGEST_LABEL) throw new PrecisError('a label that is too long')
  return { text: label, points: codePoints(label), ascii: label }
}

function readALabel(ascii: string): Label {
  const points = ascii.length > LONGEST_LABEL ? undefined : decodePunycode(ascii.slice(4))
  // a U-label has something that is not ASCII (RFC 5890 §2.3.2.1)
  if (points === undefined || points.every(cp => cp < 0x80)) throw new PrecisError('a broken A-label')
  const label = readULabel(points)
  if (label.ascii !== ascii || label.text !== label.text.normalize('NFC')) throw new PrecisError('a wrong A-label')
  return label
}

function readULabel(points: readonly number[]): Label {
  // the A-label has no fewer characters; looking first bounds the work
  if (points.length > LONGEST_LABEL) throw new PrecisError('a label that is too long')
  const forbidden = points.find(cp => idna.of(cp) === 'D')
  if (forbidden !== undefined) throw notAllowed(forbidden)
  if (idna.of(points[0] ?? 0) === 'M') throw new PrecisError('a label that begins with a combining mark')
  checkContext(points)
  const text = String.fromCodePoint(...points)
  checkHyphens(text)
  const ascii = `xn--${encodePunycode(points)}`
  if (ascii.length > LONGEST_LABEL) throw new PrecisError('a label that is too long')
  return { text, points, ascii }
}

function checkHyphens(label: string): void {
  if (label.startsWith('-') || label.endsWith('-')) throw new PrecisError('a label with a hyphen at its end')
  if (label.startsWith('--', 2)) throw new PrecisError('a label with two hyphens that is no A-label')
}

const notAllowed = (cp: number): PrecisError => new PrecisError(`${codePointName(cp)} is not allowed`)
