/**
 * Lets libraries that speak only WebSocket reach a server that does not: takes the frames of RFC 7395 and speaks streams
 * of RFC 6120. What encrypts is the bridge; authentication and everything after it pass unchanged. The path of the
 * address says how to go on: /plain, /STARTTLS or /direct%20TLS.
 */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Element } from '@xmpp/xml'
import Parser from '@xmpp/xml/lib/Parser.js'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Server } from '../servers/index.js'
import type { Transport } from '../servers/text-client.js'

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'
const STREAM = 'http://etherx.jabber.org/streams'
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'

export interface Bridge {
  url(transport: Transport): string
  close(): Promise<void>
}

/** Which server each transport leads to. */
export type Targets = (transport: Transport) => Server

export async function startBridge(targets: Targets): Promise<Bridge> {
  const listener = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'xmpp' })
  await once(listener, 'listening')
  listener.on('connection', (socket, request) => {
    const transport = decodeURIComponent((request.url ?? '').slice(1)) as Transport // by url() below
    new Crossing(socket, targets(transport), transport)
  })
  const { port } = listener.address() as net.AddressInfo // it listens on TCP
  return {
    url: transport => `ws://127.0.0.1:${port}/${encodeURIComponent(transport)}`,
    close: async () => {
      for (const socket of listener.clients) socket.terminate()
      await new Promise(resolve => listener.close(resolve))
    },
  }
}

/** Encryption is the bridge's to take or to leave (RFC 7395 §3.9), and a client cannot bind its login to it. */
function withoutEncryption(features: Element) {
  features.children = features.children.filter(c => typeof c === 'string' || !c.is('starttls', TLS))
  const mechanisms = features.getChild('mechanisms')
  if (!mechanisms) return
  mechanisms.children = mechanisms.children.filter(c => typeof c === 'string' || !c.getText().endsWith('-PLUS'))
}

/** One client, one stream. */
class Crossing {
  readonly #client
  readonly #server
  readonly #transport
  #socket: net.Socket
  #parser = new Parser()
  #opening = ''
  #saidClose = false

  constructor(client: WebSocket, server: Server, transport: Transport) {
    this.#client = client
    this.#server = server
    this.#transport = transport
    const { host, ports, domain, certificate } = server
    this.#socket =
      transport === 'direct TLS'
        ? tls.connect({ host, port: ports.c2sTls, servername: domain, ca: certificate })
        : net.connect({ host, port: (transport === 'plain' ? ports.plain : ports.c2s) ?? 0 })
    this.#listen()
    client.on('message', data => this.#fromClient(`${data}`))
    // who has not said that he goes may come back (XEP-0198): the server must not hear a farewell
    client.on('close', () => (this.#saidClose ? this.#socket.end() : this.#socket.destroy()))
  }

  #fromClient(frame: string) {
    const to = /^<open\b[^>]*\bto=["']([^"']*)["']/.exec(frame)?.[1]
    if (to !== undefined) {
      this.#opening = `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAM}' version='1.0' to='${to}'>`
      this.#open()
    } else if (/^<close\b/.test(frame)) {
      this.#saidClose = true
      this.#socket.write('</stream:stream>')
    } else this.#socket.write(frame)
  }

  /** Each stream has a document of its own, and so has what reads it. */
  #open() {
    this.#parser = new Parser()
    this.#parser.on('start', (root: Element) => this.#toClient('open', root.attrs))
    this.#parser.on('element', (element: Element) => this.#fromServer(element))
    this.#parser.on('end', () => this.#toClient('close', {}))
    this.#socket.write(this.#opening)
  }

  #fromServer(element: Element) {
    const isFeatures = element.name === 'stream:features'
    if (element.is('proceed', TLS)) return this.#secure()
    if (isFeatures && this.#transport === 'STARTTLS' && !(this.#socket instanceof tls.TLSSocket)) {
      this.#socket.write(`<starttls xmlns='${TLS}'/>`)
      return
    }
    if (isFeatures) withoutEncryption(element)
    // a frame stands alone (RFC 7395 §3.3.3)
    if (element.name.startsWith('stream:')) element.attrs['xmlns:stream'] = STREAM
    element.attrs.xmlns ??= 'jabber:client'
    this.#client.send(element.toString())
  }

  #toClient(name: 'open' | 'close', { from, id, version, 'xml:lang': lang }: Readonly<Record<string, string>>) {
    // the stream that only led to encryption is none of the client's
    if (name === 'open' && this.#transport === 'STARTTLS' && !(this.#socket instanceof tls.TLSSocket)) return
    const attributes = Object.entries({ from, id, version, 'xml:lang': lang })
      .filter(([, value]) => value !== undefined)
      .map(([attribute, value]) => ` ${attribute}="${value}"`)
    this.#client.send(`<${name} xmlns="${FRAMING}"${attributes.join('')}/>`)
  }

  #secure() {
    const { domain, certificate } = this.#server
    this.#socket.removeAllListeners()
    this.#socket = tls.connect({ socket: this.#socket, servername: domain, ca: certificate })
    this.#listen()
    this.#open()
  }

  #listen() {
    this.#socket.on('error', () => {}) // the client learns it by the close
    this.#socket.setEncoding('utf8').on('data', text => this.#parser.write(`${text}`))
    this.#socket.on('close', () => this.#client.close())
  }
}
