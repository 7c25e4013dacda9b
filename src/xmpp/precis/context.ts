import { codePointName, PrecisError } from './errors.js'
import { joining, script } from './properties.js'

const KATAKANA_MIDDLE_DOT = 0x30fb

/** The contextual rules of RFC 5892 appendix A, for one label or text whose other code points are allowed already. */
export function checkContext(text: readonly number[]): void {
  for (let at = 0; at < text.length; at++) {
    const rule = RULES.get(text[at] as number) // within the text
    if (rule !== undefined && !rule(text, at)) throw misplaced(text[at] as number)
  }
  // these look at the whole text, and so once for all of them
  const arabicIndic = text.find(isArabicIndic)
  if (arabicIndic !== undefined && text.some(isExtendedArabicIndic)) throw misplaced(arabicIndic)
  if (text.includes(KATAKANA_MIDDLE_DOT) && !text.some(isKanaOrHan)) throw misplaced(KATAKANA_MIDDLE_DOT)
}

const misplaced = (cp: number): PrecisError => new PrecisError(`${codePointName(cp)} is not allowed where it stands`)

type Rule = (text: readonly number[], at: number) => boolean

const isHebrew: Rule = (text, at) => script.of(text[at] ?? 0) === 'H'

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [0x200c, (text, at) => followsVirama(text, at) || joinsBothWays(text, at)], // A.1 zero width non-joiner
  [0x200d, followsVirama], // A.2 zero width joiner
  [0x00b7, (text, at) => text[at - 1] === 0x6c && text[at + 1] === 0x6c], // A.3 middle dot
  [0x0375, (text, at) => script.of(text[at + 1] ?? 0) === 'G'], // A.4 Greek lower numeral sign
  [0x05f3, (text, at) => isHebrew(text, at - 1)], // A.5 Hebrew geresh
  [0x05f4, (text, at) => isHebrew(text, at - 1)], // A.6 Hebrew gershayim
])

// A.7 to A.9
const isKanaOrHan = (cp: number): boolean => script.of(cp) === 'K'
const isArabicIndic = (cp: number): boolean => cp >= 0x660 && cp <= 0x669
const isExtendedArabicIndic = (cp: number): boolean => cp >= 0x6f0 && cp <= 0x6f9

function followsVirama(text: readonly number[], at: number): boolean {
  return 'VW'.includes(typeAt(text, at - 1))
}

/** (Joining_Type:{L,D})(Joining_Type:T)* before, and (Joining_Type:T)*(Joining_Type:{R,D}) after. */
function joinsBothWays(text: readonly number[], at: number): boolean {
  let before = at - 1
  while (isTransparent(text, before)) before--
  let after = at + 1
  while (isTransparent(text, after)) after++
  return 'LD'.includes(typeAt(text, before)) && 'RD'.includes(typeAt(text, after))
}

const isTransparent: Rule = (text, at) => 'TV'.includes(typeAt(text, at))

/** Beyond the ends nothing joins. */
const typeAt = (text: readonly number[], at: number): string => {
  const cp = text[at]
  return cp === undefined ? 'U' : joining.of(cp)
}
