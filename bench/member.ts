/** One of many sessions: it logs in, answers what a server asks of a client that is idle, and goes. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { scramClient } from './scram.js'
import { type Account, dialogue, type Wire } from './session.js'

export type Security = 'plain' | 'starttls' | 'tls'

export interface Venue {
  readonly port: number
  /** For TLS from the first byte. */
  readonly tlsPort: number
  readonly security: Security
  /** With stream management and resumption, carbons and a roster request, as clients for phones have it. */
  readonly managed: boolean
}

export interface Member {
  readonly wire: Wire
  readonly account: Account
  /** For resumption. */
  readonly id: string | undefined
}

/** A session that is online, its initial presence processed by the server. */
export const enter = async (venue: Venue, account: Account): Promise<Member> => {
  const wire = await authenticate(venue, account)
  const ask = dialogue(wire)
  await ask(BIND, '</jid>')
  const enabled = venue.managed ? await ask(SET_UP, 'roster', 'carbons', '<enabled') : ''
  // stanzas are handled in order: when the ping is answered the presence has been dealt with
  await ask(`<presence/><iq type='get' id='online' to='${account.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`, 'online')
  keepCompany(wire)
  return { wire, account, id: /<enabled [^>]*\bid=['"]([^'"]+)/.exec(enabled)?.[1] }
}

/** The same session on a new connection; the old one is cut. */
export const resume = async (venue: Venue, { wire: old, account, id }: Member): Promise<Member> => {
  old.socket.destroy()
  const wire = await authenticate(venue, account)
  await dialogue(wire)(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`, '<resumed')
  keepCompany(wire)
  return { wire, account, id }
}

/** Says goodbye; resolves when the server has closed. */
export const leave = async ({ wire: { socket } }: Member): Promise<void> => {
  const closed = once(socket, 'close')
  socket.end('</stream:stream>')
  await closed
}

const authenticate = async (venue: Venue, { user, domain, password }: Account): Promise<Wire> => {
  const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`
  const wire = await begin(venue, header)
  const ask = dialogue(wire)
  await ask(`<?xml version='1.0'?>${header}`, '</stream:features>')
  const scram = scramClient(user, password)
  const first = await ask(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${base64(scram.first)}</auth>`, '</challenge>')
  const challenge = />([^<]+)<\/challenge>/.exec(first)?.[1] ?? ''
  const final = scram.final(Buffer.from(challenge, 'base64').toString())
  await ask(`<response xmlns='${SASL}'>${base64(final)}</response>`, '<success')
  await ask(header, '</stream:features>')
  return wire
}

/** A connection as secure as it shall be. */
const begin = async ({ port, tlsPort, security }: Venue, header: string): Promise<Wire> => {
  const socket = await opened(security === 'tls' ? tlsPort : port)
  if (security === 'plain') return listening(socket)
  if (security === 'tls') return listening(await secured(socket))
  const ask = dialogue(listening(socket))
  await ask(`<?xml version='1.0'?>${header}`, '</stream:features>')
  await ask(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, '<proceed')
  return listening(await secured(socket.removeAllListeners('data')))
}

const listening = (socket: Socket): Wire => {
  const wire: Wire = { socket, receive: () => {} }
  socket.on('data', chunk => wire.receive(chunk))
  socket.on('error', () => {}) // it closes, and who waits for something hears of that
  return wire
}

const opened = async (port: number): Promise<Socket> => {
  // several addresses, for each has only so many ports, and those of closed connections rest for a minute
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (count++ % 8)}` })
  socket.setNoDelay(true)
  await once(socket, 'connect')
  return socket
}

const secured = async (socket: Socket): Promise<Socket> => {
  const secure = tls.connect({ socket, secureContext: context, rejectUnauthorized: false, servername: 'localhost' })
  await once(secure, 'secureConnect')
  return secure
}

/** Answers pings and requests for acknowledgement, or it would be taken for dead. */
const keepCompany = (wire: Wire): void => {
  let stanzas = 0
  wire.receive = chunk => {
    const text = chunk.toString()
    stanzas += text.match(/<(?:message|presence|iq)[\s>/]/g)?.length ?? 0
    const ping = /<iq [^>]*>\s*<ping/.exec(text)?.[0]
    const id = ping && /\bid=['"]([^'"]+)/.exec(ping)?.[1]
    if (id) wire.socket.write(`<iq type='result' id='${id}'/>`)
    if (/<r [^>]*\/>/.test(text)) wire.socket.write(`<a xmlns='urn:xmpp:sm:3' h='${stanzas}'/>`)
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const BIND = `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`
const SET_UP = [
  `<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>`,
  `<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>`,
  `<enable xmlns='urn:xmpp:sm:3' resume='true'/>`,
].join('')

/** One for all: it is most of what a TLS client takes. */
const context = tls.createSecureContext()
let count = 0
