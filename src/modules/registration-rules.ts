import { duration, type Fields, flag, integer, list, text, type Values } from '../core/config.js'
import { notAcceptable } from '../xmpp/errors.js'
import { escapeLocal, isEscaped } from '../xmpp/escaping.js'
import { PrecisError, prepareLocal, preparePassword, tryParseJid } from '../xmpp/jid.js'

const RESERVED = ['abuse', 'admin', 'hostmaster', 'info', 'postmaster', 'root', 'security', 'support', 'webmaster']

/** What is to be set about registration. */
export const fields = {
  open: flag({ default: false, doc: 'Whether everybody may make an account.' }),
  instructions: text({ default: 'Choose a name and a password.', doc: 'What people read who make an account.' }),
  email: flag({ default: false, doc: 'Whether they have to give an e-mail address, which is kept.' }),
  redirect: text({
    default: '',
    doc: 'A page on which accounts can be had, "https://example.org/register"; for who asks while it is not open.',
  }),
  reserved: list({ default: RESERVED, doc: 'Names that nobody gets in this way.' }),
  minPassword: integer({ default: 8, min: 1, doc: 'The fewest characters of a password.' }),
  welcome: text({ default: '', doc: 'A message that each new account finds; none when it is empty.' }),
  triesPerStream: integer({ default: 5, min: 1, doc: 'How often one connection may try to make an account.' }),
  tries: integer({
    default: 5,
    min: 1,
    doc: 'How often one network address may try before it has to wait. Not counted for the machine itself.',
  }),
  wait: duration({ default: '10 minutes', doc: 'How long it has to wait then; twice as long after each further try.' }),
  maxWait: duration({ default: '1 day', doc: 'The longest that it has to wait; then its tries are forgotten, too.' }),
  maxAddresses: integer({ default: 10_000, min: 1, doc: 'How many network addresses are remembered for that.' }),
  changePassword: flag({ default: true, doc: 'Whether users may change their passwords.' }),
  remove: flag({ default: true, doc: 'Whether users may remove their accounts.' }),
} satisfies Fields

export type Rules = Values<typeof fields>

/** What is kept of somebody who has registered. */
export interface Details {
  readonly email: string
}

/** The name in a user name, which may be written as an address; undefined when it is none, or of another domain. */
export function nameIn(username: string, domain: string): string | undefined {
  const jid = username.includes('@') ? tryParseJid(username) : undefined
  if (jid) return jid.isBare && jid.domain === domain && jid.local !== '' ? jid.local : undefined
  try {
    return prepareLocal(username)
  } catch {
    return undefined
  }
}

/** Throws not-acceptable when it cannot be a name, is kept for others, or is shown by clients as if it were another's. */
export function checkName(username: string, domain: string, { reserved }: Rules): string {
  const name = nameIn(username, domain)
  if (name === undefined) throw notAcceptable(`This cannot be a name${instead(username, domain)}`)
  // XEP-0106 §2, requirement 3: what looks alike is the same. Names that there are stay valid (requirement 4)
  if (!isEscaped(name)) throw notAcceptable('This cannot be a name: it would look like another')
  if (reserved.some(taken => nameIn(taken, domain) === name)) throw notAcceptable('This name is reserved')
  return name
}

/**
 * How it can be written. Not taken for that by ourselves: whoever registers has to know under which name to log in, and
 * it is for clients to escape and unescape (XEP-0106 §4.1, rules 1 and 4).
 */
function instead(username: string, domain: string): string {
  const escaped = username.includes('@') ? undefined : escapeLocal(username)
  return escaped !== undefined && nameIn(escaped, domain) !== undefined ? `, but ${escaped} can` : ''
}

/** Throws not-acceptable when it is too short, or can be none (RFC 8265 §4.2). */
export function checkPassword(password: string, { minPassword }: Rules): string {
  if ([...password].length < minPassword) throw notAcceptable(`A password has at least ${minPassword} characters`)
  try {
    return preparePassword(password)
  } catch (cause) {
    if (!(cause instanceof PrecisError)) throw cause
    throw notAcceptable('This cannot be a password', { cause })
  }
}
