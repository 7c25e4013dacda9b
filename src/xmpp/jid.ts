import { domainPart, opaqueString, PrecisError, usernameCaseMapped } from './precis/index.js'

/** An address (RFC 7622). Prepared: two JIDs are the same exactly when their texts are. */
export class Jid {
  readonly #text: string
  #bare: Jid | undefined

  /** Of parts that are prepared already; for all else there is `parseJid`. */
  constructor(
    /** '' when there is none. */
    readonly local: string,
    readonly domain: string,
    /** '' for a bare JID. */
    readonly resource = '',
    /** The canonical text, for who has it already. */
    text?: string,
  ) {
    this.#text = text ?? written(local, domain, resource)
  }

  /** The canonical text: local@domain/resource. */
  toString(): string {
    return this.#text
  }

  /** Without the resource. */
  get bare(): Jid {
    if (this.resource === '') return this
    if (this.#bare === undefined) {
      const text = written(this.local, this.domain, '')
      this.#bare = parsed.get(text) ?? parsed.keep(text, new Jid(this.local, this.domain, '', text))
    }
    return this.#bare
  }

  get isBare(): boolean {
    return this.resource === ''
  }

  /** Whether it is a server or service: neither local part nor resource. */
  get isDomain(): boolean {
    return this.local === '' && this.resource === ''
  }

  equals(other: Jid): boolean {
    return this.#text === other.#text
  }

  /** The same account, room or server with this resource, which must be prepared already. */
  withResource(prepared: string): Jid {
    return new Jid(this.local, this.domain, prepared)
  }
}

/** Why a text is no JID. The message is for logs and quotes nothing of the text. */
export class JidError extends Error {
  override readonly name = 'JidError'
}

export { PrecisError, preparePassword } from './precis/index.js'

/** Reads an address that somebody wrote (RFC 7622 §3.1); what is kept of it is prepared. Throws a JidError. */
export function parseJid(text: string): Jid {
  return parsed.get(text) ?? parse(text)
}

export function tryParseJid(text: string): Jid | undefined {
  try {
    return parseJid(text)
  } catch (fault) {
    if (fault instanceof JidError) return undefined
    throw fault
  }
}

/** The local part: UsernameCaseMapped, without what separates or quotes (RFC 7622 §3.3). Throws a JidError. */
export function prepareLocal(text: string): string {
  return unsliced(localPart(text))
}

/** The domain part: a name in U-labels and lower case, or an IP address (RFC 7622 §3.2). Throws a JidError. */
export function prepareDomain(text: string): string {
  return domains.get(text) ?? readDomain(text)
}

/** The resource: OpaqueString (RFC 7622 §3.4). Throws a JidError. */
export function prepareResource(text: string): string {
  return unsliced(resourcePart(text))
}

const LONGEST_PART = 1023 // octets, when it is prepared (RFC 7622 §3.1)
/*
 * What is longer as it comes, in UTF-16 units, is not looked at: no text has more of them than octets, and hardly any
 * has more than octets when it is prepared. Normalising takes time by the square of a run of combining marks.
 */
const LONGEST_TEXT = 3 * LONGEST_PART + 2

function parse(text: string): Jid {
  if (text.length > LONGEST_TEXT) throw new JidError('too long')
  const own = unsliced(text)
  const slash = own.indexOf('/')
  const account = slash < 0 ? own : own.slice(0, slash)
  const at = account.indexOf('@')
  const local = at < 0 ? '' : localPart(account.slice(0, at))
  const domain = prepareDomain(account.slice(at + 1))
  const resource = slash < 0 ? '' : resourcePart(own.slice(slash + 1))
  const canonical = written(local, domain, resource)
  const jid = new Jid(local, domain, resource, canonical === own ? own : canonical) // the key and it may be one string
  return text.length > LONGEST_KEPT ? jid : parsed.keep(own, jid)
}

const written = (local: string, domain: string, resource: string): string =>
  (local === '' ? domain : `${local}@${domain}`) + (resource === '' ? '' : `/${resource}`)

// what an ASCII character may be in
const LOCAL = 1
const RESOURCE = 2
const CAPITAL = 4
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  if (/[A-Z]/.test(char)) return LOCAL | RESOURCE | CAPITAL
  if (/[ "&'/:<>@]/.test(char)) return RESOURCE
  return /[!-~]/.test(char) ? LOCAL | RESOURCE : 0
})
const SEPARATOR = /["&'/:<>@]/

function localPart(text: string): string {
  const kinds = kindsOf(text, 'local part', LOCAL)
  if (kinds < 0) {
    const prepared = enforce(text, 'local part', usernameCaseMapped)
    if (SEPARATOR.test(prepared)) throw new JidError('local part: a separator')
    return prepared
  }
  return kinds & CAPITAL ? text.toLowerCase() : text
}

function resourcePart(text: string): string {
  return kindsOf(text, 'resource', RESOURCE) < 0 ? enforce(text, 'resource', opaqueString) : text
}

/** Checks a part by table and tells which kinds of characters it has; -1 if that takes more than a table of ASCII. */
function kindsOf(text: string, part: string, needed: number): number {
  if (text === '') throw new JidError(`${part}: empty`)
  if (text.length > LONGEST_PART) throw new JidError(`${part}: too long`)
  let kinds = 0
  for (let i = 0; i < text.length; i++) {
    const kind = ASCII[text.charCodeAt(i)]
    if (kind === undefined) return -1
    if ((kind & needed) === 0) throw new JidError(`${part}: ASCII ${text.charCodeAt(i)} is not allowed`)
    kinds |= kind
  }
  return kinds
}

function readDomain(text: string): string {
  if (text === '') throw new JidError('domain: empty')
  if (text.length > LONGEST_PART) throw new JidError('domain: too long')
  const prepared = unsliced(enforce(text, 'domain', domainPart))
  return text.length > LONGEST_KEPT ? prepared : domains.keep(unsliced(text), prepared)
}

function enforce(text: string, part: string, profile: (text: string) => string): string {
  try {
    const prepared = profile(text)
    if (Buffer.byteLength(prepared) > LONGEST_PART) throw new PrecisError('too long')
    return prepared
  } catch (fault) {
    if (fault instanceof PrecisError) throw new JidError(`${part}: ${fault.message}`)
    throw fault
  }
}

/** Recently used values: in two generations, so that a hit writes nothing and forgetting costs nothing. */
class Recent<V extends Jid | string> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor(readonly size: number) {}

  get(key: string): V | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const old = this.#old.get(key)
    return old === undefined ? undefined : this.keep(unsliced(key), old)
  }

  /** The key must be un-sliced, since it stays. */
  keep(key: string, value: V): V {
    if (this.#young.size * 2 >= this.size) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }
}

const LONGEST_KEPT = 256 // so that the caches are bounded in bytes too
const parsed = new Recent<Jid>(4096)
const domains = new Recent<string>(512)

/** A copy that does not keep the chunk alive which the slice was taken from; 0.2 µs. */
const unsliced = (slice: string): string => JSON.parse(JSON.stringify(slice)) as string
