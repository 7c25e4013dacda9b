/** The client's part of RFC 5802, written a second time, which can be told to do it wrong. */
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { Element } from '../src/xml/index.js'
import { CHANNEL_BINDING, SASL } from '../src/xmpp/ns.js'
import { base64, PASSWORD, type Wire } from './stream-client.js'

export interface ScramOptions {
  readonly password?: string
  /** What it says of channel binding: `n`, `y` or `p=` and a type. */
  readonly flag?: string
  /** The data that it takes for the channel's. */
  readonly data?: Uint8Array
  /** The flag that it repeats at the end, if it is another. */
  readonly lastFlag?: string
  /** The attribute that both are in as it is sent, if it is another: `c=…,`, or nothing. */
  readonly attribute?: string
  /** The features that it was shown; then it checks that they are those that the server signs (XEP-0474). */
  readonly features?: Element
}

/** Logs in by a mechanism; what the server says to it at last: <success/>, checked, or <failure/>. */
export async function scram(wire: Wire, user: string, mechanism: string, options: ScramOptions = {}): Promise<Element> {
  const { flag = 'n', data = Buffer.alloc(0), lastFlag = flag, password = PASSWORD, features } = options
  const digest = mechanism
    .replace(/^SCRAM-|-PLUS$/g, '')
    .replace('-', '')
    .toLowerCase()
  const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest()
  const bare = `n=${user},r=rose`

  wire.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(`${flag},,${bare}`)}</auth>`)
  const first = await wire.anyOf('challenge', 'failure')
  if (first.name === 'failure') return first
  const challenge = Buffer.from(first.getText(), 'base64').toString()

  const [, nonce = '', salt = '', iterations = '', announced] =
    /^r=([^,]+),s=([^,]+),i=(\d+),h=([^,]+)$/.exec(challenge) ?? []
  assert.ok(nonce.startsWith('rose'), challenge)
  if (features) assert.equal(announced, hashOf(features, digest))
  const length = createHash(digest).digest().length
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), length, digest)
  const binding = Buffer.concat([Buffer.from(`${lastFlag},,`), data]).toString('base64')
  const withoutProof = `${options.attribute ?? `c=${binding},`}r=${nonce}`
  const signed = `${bare},${challenge},${withoutProof}`
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(createHash(digest).update(clientKey).digest(), signed)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
  wire.send(`<response xmlns='${SASL}'>${base64(`${withoutProof},p=${proof.toString('base64')}`)}</response>`)

  const last = await wire.anyOf('success', 'failure')
  if (last.name === 'success') {
    const words = Buffer.from(last.getText(), 'base64').toString()
    assert.equal(words, `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`)
  }
  return last
}

export const mechanismsOf = (features: Element): string[] =>
  features
    .getChild('mechanisms', SASL)
    ?.getChildren('mechanism')
    .map(mechanism => mechanism.getText()) ?? []

export const bindingTypesOf = (features: Element): string[] =>
  features
    .getChild('sasl-channel-binding', CHANNEL_BINDING)
    ?.getChildren('channel-binding')
    .map(({ attrs }) => attrs.type ?? '') ?? []

/** XEP-0474 §5.1 */
function hashOf(features: Element, digest: string): string {
  const types = bindingTypesOf(features)
  const mechanisms = mechanismsOf(features).sort().join('\x1e')
  const text = types.length === 0 ? mechanisms : `${mechanisms}\x1f${types.sort().join('\x1e')}`
  return createHash(digest).update(text).digest('base64')
}
