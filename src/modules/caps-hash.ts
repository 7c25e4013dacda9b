import { createHash } from 'node:crypto'
import type { DiscoInfo } from '../core/discovery.js'
import { FORM_TYPE, formTypeOf } from '../xmpp/forms/index.js'

/*
 * What an entity says of itself, boiled down to a hash, so that who knows the hash need not ask. What is given has no
 * feature, identity or FORM_TYPE twice, and its forms have a FORM_TYPE.
 */

/** The text that XEP-0115 hashes. §5.1 */
export function capsInput({ identities, features, forms }: DiscoInfo): string {
  const parts = [
    ...sorted(identities.map(({ category, type, lang = '', name = '' }) => [category, type, lang, name].join('/'))),
    ...sorted(features),
  ]
  for (const form of sortedBy(forms, form => formTypeOf(form) ?? '')) {
    parts.push(formTypeOf(form) ?? '')
    const others = form.fields.filter(field => field.var !== FORM_TYPE)
    for (const field of sortedBy(others, field => field.var ?? ''))
      parts.push(field.var ?? '', ...sorted(field.values ?? []))
  }
  return parts.map(part => `${part}<`).join('')
}

/** The text that XEP-0390 hashes, in which nothing can stand for anything else. §4.1 */
export function caps2Input({ identities, features, forms }: DiscoInfo): string {
  const identity = identities.map(
    ({ category, type, lang = '', name = '' }) =>
      [category, type, lang, name].map(part => part + UNIT).join('') + RECORD,
  )
  const extensions = forms.map(({ fields }) => {
    const written = fields.map(
      ({ var: name = '', values = [] }) => name + UNIT + sorted(values.map(value => value + UNIT)).join('') + RECORD,
    )
    return sorted(written).join('') + GROUP
  })
  const featureVars = features.map(feature => feature + UNIT)
  return [featureVars, identity, extensions].map(parts => sorted(parts).join('') + FILE).join('')
}

// XML has none of them, so that nobody can put one into a text
const UNIT = '\x1f'
const RECORD = '\x1e'
const GROUP = '\x1d'
const FILE = '\x1c'

/** In Base64. */
export const hashOf = (algorithm: 'sha1' | 'sha256' | 'sha3-256', text: string): string =>
  createHash(algorithm).update(text).digest('base64')

const sorted = (texts: readonly string[]): string[] => sortedBy(texts, text => text)

/** By the octets of UTF-8 (`i;octet`). */
const sortedBy = <T>(items: readonly T[], textOf: (item: T) => string): T[] =>
  items
    .map(item => [Buffer.from(textOf(item)), item] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .map(([, item]) => item)
