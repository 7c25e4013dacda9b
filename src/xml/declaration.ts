import { malformed, XmlError } from './errors.js'

const EQUALS = '[ \\t\\r\\n]*=[ \\t\\r\\n]*'
const attribute = (name: string, value: string): string => `[ \\t\\r\\n]+${name}${EQUALS}(?:'${value}'|"${value}")`
const DECLARATION = new RegExp(
  `^<\\?xml${attribute('version', '1\\.0')}` +
    `(?:${attribute('encoding', '([A-Za-z][-\\w.]*)')})?` +
    `(?:${attribute('standalone', '(?:yes|no)')})?[ \\t\\r\\n]*\\?>$`,
)

/** Checks a whole XML declaration, `<?xml version='1.0'?>`: version 1.0, and no encoding but UTF-8 (RFC 6120 §11.6). */
export function checkDeclaration(text: string): void {
  const found = DECLARATION.exec(text)
  if (!found) throw malformed('broken XML declaration')
  const encoding = found[1] ?? found[2] ?? 'utf-8'
  if (encoding.toLowerCase() !== 'utf-8') throw new XmlError('unsupported-encoding', 'an encoding other than UTF-8')
}
