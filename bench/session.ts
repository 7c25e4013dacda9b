/** Connects the generator's accounts: raw sockets, SASL PLAIN, bind, presence. Not timed, so plain text will do. */
import { connect, type Socket } from 'node:net'

export interface Wire {
  readonly socket: Socket
  /** Called with what has arrived; the memory is only valid during the call. */
  receive: (chunk: Buffer) => void
}

export interface Account {
  readonly user: string
  readonly domain: string
  readonly password: string
}

export const openWire = (port: number): Promise<Wire> =>
  new Promise((resolve, reject) => {
    // `onread` hands out the bytes before the stream machinery: about a third of the generator's work saved
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (length: number) => {
      wire.receive(buffer.subarray(0, length))
      return true
    }
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } })
    const wire: Wire = { socket, receive: () => {} }
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => resolve(wire))
  })

/** A session that is online, its initial presence processed by the server. */
export const logIn = async (port: number, account: Account): Promise<Wire> => {
  const wire = await openWire(port)
  const ask = dialogue(wire)
  const { user, domain, password } = account
  const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`
  const plain = Buffer.from(`\0${user}\0${password}`).toString('base64')

  await ask(`<?xml version='1.0'?>${header}`, '</stream:features>')
  await ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success')
  await ask(header, '</stream:features>')
  await ask(
    `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>`,
    '</jid>',
  )
  // stanzas are handled in order: when the ping is answered the presence has been dealt with
  await ask(`<presence/><iq type='get' id='online' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`, 'online')
  return wire
}

/** Introduces a connection to the line relay; answered when both ends of the pair are there. */
export const joinRelay = async (port: number, pair: number): Promise<Wire> => {
  const wire = await openWire(port)
  await dialogue(wire)(`${pair}\n`, 'paired\n')
  return wire
}

/** Says something; resolves with what came until all that is expected was there. */
export type Ask = (say: string, ...expected: readonly string[]) => Promise<string>

export const dialogue =
  (wire: Wire): Ask =>
  (say, ...expected) =>
    new Promise((resolve, reject) => {
      let heard = ''
      const refuse = () => reject(new Error(`no ${expected.join(' or no ')} after ${say}\nbut: ${heard}`))
      const timeout = setTimeout(refuse, PATIENCE)
      wire.socket.once('close', refuse)
      wire.receive = chunk => {
        heard += chunk.toString()
        if (!expected.every(text => heard.includes(text))) {
          if (REFUSAL.test(heard)) refuse()
          return
        }
        clearTimeout(timeout)
        wire.socket.off('close', refuse)
        wire.receive = () => {}
        resolve(heard)
      }
      wire.socket.write(say)
    })

const REFUSAL = /<failure|<stream:error|type=['"]error/
const READ_BYTES = 32 * 1024
const PATIENCE = 30_000
