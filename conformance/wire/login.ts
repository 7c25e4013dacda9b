/** From a connection to a bound resource, the way a client goes (RFC 6120 §4–7). */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { type Client, conditionOf, Difference } from './client.js'
import { childOf, type Element, elementsOf, escapeXml, parseElements, show, textOf } from './xml.js'

export const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const SESSION = 'urn:ietf:params:xml:ns:xmpp-session'

/** Connects, and encrypts where that is the transport. No stream is open afterwards. */
export async function connectSecurely(client: Client): Promise<void> {
  await client.connect()
  if (client.transport === 'starttls') {
    await client.open()
    await startTls(client)
  }
}

export async function startTls(client: Client): Promise<void> {
  client.send(`<starttls xmlns='${TLS}'/>`)
  await client.receive(parseElements(`<proceed xmlns='${TLS}'/>`), new Map())
  await client.link.secure()
}

export const mechanismsOf = (features: Element): readonly string[] =>
  elementsOf(childOf(features, 'mechanisms', SASL) ?? features)
    .filter(({ name }) => name === 'mechanism')
    .map(textOf)

/** Logs in on an open stream; what is left is to open the next one. Without a mechanism it takes the best. */
export async function authenticate(client: Client, mechanism?: string): Promise<void> {
  const offered = client.features ? mechanismsOf(client.features) : []
  const chosen = mechanism ?? PREFERRED.find(name => offered.includes(name)) ?? 'PLAIN'
  if (chosen === 'PLAIN') plain(client)
  else if (chosen === 'ANONYMOUS') client.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'/>`)
  else return scram(client, chosen)
  await succeeded(client)
}

/** The same, when it must fail. */
export async function isRefused(client: Client, mechanism: string): Promise<void> {
  try {
    await authenticate(client, mechanism)
  } catch (fault) {
    if (fault instanceof Refusal) return
    throw fault
  }
  throw new Difference(`${client.name} expected to be refused\n  but is logged in`)
}

/** A login has failed. */
class Refusal extends Difference {}

const PREFERRED = ['SCRAM-SHA-1', 'PLAIN']

function plain(client: Client): void {
  const { user, password } = client.account
  client.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(`\0${user}\0${password}`)}</auth>`)
}

async function succeeded(client: Client): Promise<Element> {
  const element = await sasl(client)
  if (element.name === 'success') return element
  throw new Refusal(`${client.name} expected to be logged in\n  but got  ${show(element)}`)
}

async function sasl(client: Client): Promise<Element> {
  const arrival = await client.expect('an answer to a login', ({ kind }) => kind === 'element')
  if (arrival.kind !== 'element' || arrival.element.ns !== SASL)
    throw new Difference(`${client.name} got no answer to a login`)
  return arrival.element
}

/**
 * RFC 5802; for -PLUS with the exporter of RFC 9266. Behind a slash may stand another type of channel binding, or `n`
 * or `y`: without one, as a client that cannot do it, or has seen that the server cannot (§6). Checks that the server knows the password, too, and that it offered what it has announced if it says so (XEP-0474).
 */
async function scram(client: Client, chosen: string): Promise<void> {
  const [mechanism = '', flag = mechanism.endsWith('-PLUS') ? 'tls-exporter' : 'n'] = chosen.split('/')
  const [, hash = ''] = /^SCRAM-(SHA-[0-9-]+?)(?:-PLUS)?$/.exec(mechanism) ?? []
  const digest = hash.replace('-', '').toLowerCase()
  const hmac = (key: string | Buffer, text: string | Buffer) => createHmac(digest, key).update(text).digest()
  const binding = flag === 'n' || flag === 'y' ? undefined : client.link.binding(flag)
  const header = binding ? `p=${flag},,` : `${flag},,`
  const nonce = randomBytes(18).toString('base64')
  const { user, password } = client.account
  const first = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  client.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(header + first)}</auth>`)

  const challenge = await sasl(client)
  if (challenge.name !== 'challenge')
    throw new Refusal(`${client.name} expected a challenge\n  but got  ${show(challenge)}`)
  const served = Buffer.from(textOf(challenge), 'base64').toString()
  const { r = '', s = '', i = '', h } = Object.fromEntries(served.split(',').map(part => [part[0], part.slice(2)]))
  if (!r.startsWith(nonce)) throw new Difference(`${client.name} got a challenge with another nonce: ${served}`)
  client.isProtected = h !== undefined
  const offered = createHash(digest).update(announcedTo(client)).digest('base64')
  if (h !== undefined && h !== offered) throw new Difference(`${client.name} was offered something else than announced`)
  const final = `c=${Buffer.concat([Buffer.from(header), binding ?? Buffer.alloc(0)]).toString('base64')},r=${r}`
  const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), hmac('', '').length, digest)
  const signed = `${first},${served},${final}`
  const key = hmac(salted, 'Client Key')
  const signature = hmac(createHash(digest).update(key).digest(), signed)
  const proof = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64')
  client.send(`<response xmlns='${SASL}'>${base64(`${final},p=${proof}`)}</response>`)

  const verifier = `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`
  const success = await succeeded(client)
  if (Buffer.from(textOf(success), 'base64').toString() !== verifier)
    throw new Difference(`${client.name} was let in by a server that does not know the password`)
}

/** What the server has announced, as it is hashed. XEP-0474 §6.1 */
function announcedTo({ features }: Client): string {
  if (!features) return ''
  const binding = childOf(features, 'sasl-channel-binding', 'urn:xmpp:sasl-cb:0')
  const types = binding && elementsOf(binding).map(({ attrs }) => attrs.get('type') ?? '')
  return [mechanismsOf(features), ...(types ? [types] : [])].map(names => names.toSorted().join('\x1e')).join('\x1f')
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** On an open stream after login. */
export async function bind(client: Client, resource?: string): Promise<void> {
  const wanted = resource === undefined ? '' : `<resource>${escapeXml(resource)}</resource>`
  const answer = await client.ask(`<iq type='set' id='bind'><bind xmlns='${BIND}'>${wanted}</bind></iq>`, 'bind')
  const jid = childOf(childOf(answer, 'bind', BIND) ?? answer, 'jid', BIND)
  if (!jid) throw new Difference(`${client.name} expected to be bound\n  but got  ${conditionOf(answer)}`)
  client.jid = textOf(jid)
  const session = client.features && childOf(client.features, 'session', SESSION)
  // RFC 3921 §3, where a server insists
  if (session && !childOf(session, 'optional', SESSION))
    await client.ask(`<iq type='set' id='session'><session xmlns='${SESSION}'/></iq>`, 'session')
}

export async function logIn(client: Client, resource?: string): Promise<void> {
  await connectSecurely(client)
  await client.open()
  await authenticate(client)
  await client.open()
  await bind(client, resource)
}

/** Closes the stream as RFC 6120 §4.4 has it. */
export async function logOut(client: Client): Promise<void> {
  client.send('</stream:stream>')
  client.ignore(() => true)
  await client.expect('the end of the stream', ({ kind }) => kind === 'closed')
  client.leave()
  client.jid = undefined
}
