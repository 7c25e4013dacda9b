import type { ScramHash, ScramKeys } from '../../core/accounts.js'
import { decodeText, encodeBase64, encodeText, strictBase64 } from './encoding.js'
import { digestOf, fakeKeys, hmac, sameBytes } from './keys.js'
import { clientFirst, type Mechanism, mayActAs, type SaslContext, type SaslStep, userOf } from './mechanism.js'

/**
 * Login by a proof that one knows the password, which itself never crosses the wire; the server proves that it knows
 * the account. RFC 5802, RFC 7677. With `plus`, both also prove that they see the same TLS channel.
 */
export function scram(hash: ScramHash, plus = false): Mechanism {
  return {
    name: `SCRAM-${hash}${plus ? '-PLUS' : ''}`,
    ...(plus && { needs: 'channel binding' }),
    start: clientFirst((ctx, message) => answerFirst(ctx, { hash, plus }, message)),
  }
}

/** What the server knows between its two messages. */
interface Exchange {
  readonly hash: ScramHash
  readonly user: string
  readonly keys: ScramKeys
  readonly nonce: string
  /** What the client has to repeat as its `c`: its gs2 header, then the channel binding data. */
  readonly binding: Uint8Array
  /** The beginning of the text that both sides sign. */
  readonly signed: string
}

async function answerFirst(
  ctx: SaslContext,
  { hash, plus }: { readonly hash: ScramHash; readonly plus: boolean },
  message: Uint8Array,
): Promise<SaslStep> {
  const first = parseFirst(message)
  if (!first) return { failure: 'malformed-request' }
  const channel = channelData(ctx, plus, first.flag)
  if (!channel) return { failure: 'not-authorized', text: 'Client and server disagree about channel binding' }
  const user = userOf(ctx, first.username)
  if (user === undefined) return { failure: 'not-authorized' }
  if (!mayActAs(ctx, user, first.authzid)) return { failure: 'invalid-authzid' }

  const fake = fakeKeys(user, hash, ctx) // made for accounts that exist as well: the same work
  const keys = (await ctx.keys(user, hash)) ?? fake
  const nonce = first.nonce + ctx.nonce()
  const reply = `r=${nonce},s=${encodeBase64(keys.salt)},i=${keys.iterations}${downgradeProtection(ctx, hash)}`
  const binding = Buffer.concat([encodeText(first.gs2Header), channel])
  const exchange = { hash, user, keys, nonce, binding, signed: `${first.bare},${reply}` }
  return { challenge: encodeText(reply), next: response => answerFinal(exchange, response) }
}

function answerFinal({ hash, user, keys, nonce, binding, signed }: Exchange, message: Uint8Array): SaslStep {
  const final = parseFinal(message)
  if (!final) return { failure: 'malformed-request' }
  if (final.nonce !== nonce || !sameBytes(final.binding, binding)) return { failure: 'not-authorized' }

  const text = `${signed},${final.withoutProof}`
  const clientKey = xor(final.proof, hmac(hash, keys.storedKey, text))
  if (!sameBytes(digestOf(hash, clientKey), keys.storedKey)) return { failure: 'not-authorized' }
  return { success: { user, data: encodeText(`v=${encodeBase64(hmac(hash, keys.serverKey, text))}`) } }
}

/** The channel binding data that a client's flag calls for (§6), undefined when we cannot agree to it. */
function channelData(ctx: SaslContext, plus: boolean, flag: string): Uint8Array | undefined {
  if (plus !== flag.startsWith('p=')) return undefined
  if (plus) return flag === 'p=tls-unique' ? ctx.tlsUnique : ctx.channelBindings?.get(flag.slice(2))
  // y: it could bind but saw no -PLUS mechanism. If we announced one, somebody between us took it out of the list
  return flag === 'y' && ctx.channelBindings?.size ? undefined : new Uint8Array()
}

/**
 * A hash of what was announced, which both sides sign: a client that was shown something else finds out (XEP-0474).
 * All names are ASCII, and so their order is that of their octets.
 */
function downgradeProtection({ announced, channelBindings }: SaslContext, hash: ScramHash): string {
  if (!announced) return ''
  const types = channelBindings?.size ? [[...channelBindings.keys()]] : []
  const text = [announced, ...types].map(names => names.toSorted().join('\x1e')).join('\x1f')
  return `,h=${encodeBase64(digestOf(hash, encodeText(text)))}`
}

/*
 * The grammar of §7. No value holds a comma, so a message is split first. undefined stands for malformed.
 */

function parseFirst(message: Uint8Array) {
  const [flag = '', authorization = '', ...bare] = fieldsOf(message)
  const [name, random, ...extensions] = bare
  const authzid = unescapeName(attribute('a', authorization))
  const username = unescapeName(attribute('n', name))
  const nonce = attribute('r', random)
  if (!isFlag.test(flag) || (authorization !== '' && authzid === undefined)) return undefined
  if (username === undefined || nonce === undefined || !isNonce.test(nonce)) return undefined
  if (!extensions.every(isHarmless)) return undefined
  return { flag, authzid, username, nonce, gs2Header: `${flag},${authorization},`, bare: bare.join(',') }
}

function parseFinal(message: Uint8Array) {
  const fields = fieldsOf(message)
  const proof = strictBase64Of(attribute('p', fields.at(-1)))
  const [channel, random, ...extensions] = fields.slice(0, -1)
  const binding = strictBase64Of(attribute('c', channel))
  const nonce = attribute('r', random)
  if (!binding || nonce === undefined || !isNonce.test(nonce) || !proof) return undefined
  if (!extensions.every(isHarmless)) return undefined
  return { binding, nonce, proof, withoutProof: fields.slice(0, -1).join(',') }
}

/** The comma-separated parts of a message; none at all, which fits no grammar, if it holds what none may hold. */
function fieldsOf(message: Uint8Array): readonly string[] {
  const text = decodeText(message)
  return text === undefined || text.includes('\0') ? [] : text.split(',')
}

function attribute(name: string, field: string | undefined): string | undefined {
  return field?.startsWith(`${name}=`) && field.length > 2 ? field.slice(2) : undefined
}

function strictBase64Of(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : strictBase64(value)
}

/** A name with its '=2C' and '=3D' resolved. */
function unescapeName(value: string | undefined): string | undefined {
  if (value === undefined || /=(?!2C|3D)/.test(value)) return undefined
  return value.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

/** Extensions may be ignored, except `m`, by which a client says that they may not (§5.1). */
function isHarmless(extension: string): boolean {
  return /^[A-Za-z]=./s.test(extension) && !extension.startsWith('m=')
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0))
}

const isFlag = /^(?:n|y|p=[A-Za-z0-9.-]+)$/
const isNonce = /^[\x21-\x2b\x2d-\x7e]+$/
