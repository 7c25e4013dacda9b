/** A small gateway, to a network of carrier pigeons: who has registered with it can write to everybody who has a loft. */
import { once } from 'node:events'
import net from 'node:net'
import { child, type Element, textOf } from '../src/xml/index.js'
import { DISCO_INFO, PING, REGISTER, STANZA_ERRORS } from '../src/xmpp/ns.js'
import { Gateway } from './gateway.js'
import { bodyOf, isElement, Lost } from './stream-client.js'

interface Place {
  readonly port: number
  readonly domain: string
  readonly secret: string
}

export class PigeonPost {
  /** Who has registered, by bare JIDs, and the names they go by among pigeons. It outlives connections, as a database does. */
  readonly members: Map<string, string>
  /** What went out by pigeon: `romeo to mercutio: Hark`. */
  readonly flown: string[] = []
  readonly #gateway: Gateway
  readonly #socket: net.Socket
  readonly #domain: string
  #news: () => void = () => {}
  /** Resolves when its connection is over. */
  readonly over: Promise<void>

  /** Connects, and asks its members where they are. */
  static async open(place: Place, members = new Map<string, string>()): Promise<PigeonPost> {
    const socket = net.connect(place.port, '127.0.0.1')
    await once(socket, 'connect')
    const gateway = await new Gateway(socket, place.domain).connects(place.secret)
    const post = new PigeonPost(gateway, socket, place.domain, members)
    for (const member of members.keys()) post.#says('presence', `type='probe' to='${member}'`)
    return post
  }

  private constructor(gateway: Gateway, socket: net.Socket, domain: string, members: Map<string, string>) {
    this.#gateway = gateway
    this.#socket = socket
    this.#domain = domain
    this.members = members
    this.over = this.#serve()
  }

  /** A pigeon has come: what it carries goes to the member. */
  brings(from: string, member: string, words: string): void {
    this.#says('message', `type='chat' to='${member}'`, `<body>${words}</body>`, `${from}@${this.#domain}/loft`)
  }

  /** Resolves when there is something new to see. */
  async changes(): Promise<void> {
    await new Promise<void>(resolve => (this.#news = resolve))
  }

  /** The connection breaks, as if somebody had pulled the plug. */
  cut(): Promise<void> {
    this.#socket.resetAndDestroy()
    return this.over
  }

  async #serve(): Promise<void> {
    for (;;) {
      const event = await this.#gateway.wire.next()
      if (event instanceof Lost) return
      if (!isElement(event)) this.#socket.end()
      else if (event.name === 'iq') this.#answer(event)
      else if (event.name === 'presence') this.#meet(event)
      else if (event.attrs.type !== 'error' && bodyOf(event) !== '') this.#send(event)
      this.#news()
    }
  }

  #send(message: Element): void {
    const { from = '', to = '', id } = message.attrs
    const name = this.members.get(bareOf(from))
    if (name !== undefined) this.flown.push(`${name} to ${to.split('@')[0]}: ${bodyOf(message)}`)
    else {
      const error = `<error type='auth'><registration-required xmlns='${STANZA_ERRORS}'/></error>`
      this.#says('message', `type='error' id='${id ?? ''}' to='${from}'`, error, to)
    }
  }

  /** Everybody with a loft likes to be seen, and likes to see. */
  #meet({ attrs: { type, from = '', to = '' } }: Element): void {
    const loft = to.includes('/') ? to : `${to}/loft`
    // who is no more has no pigeons either
    if (type === 'unsubscribe') this.members.delete(bareOf(from))
    if (type === 'subscribe') this.#says('presence', `type='subscribed' to='${from}'`, '', bareOf(to))
    if (type === 'subscribe' || type === 'probe') this.#says('presence', `to='${from}'`, '', loft)
  }

  #answer(iq: Element): void {
    const { type, id, from = '', to = '' } = iq.attrs
    if (type !== 'get' && type !== 'set') return
    const result = (payload = '') => this.#says('iq', `type='result' id='${id}' to='${from}'`, payload, to)
    const query = child(iq, 'query')
    if (child(iq, 'ping', PING)) result()
    else if (query?.attrs.xmlns === DISCO_INFO)
      result(
        `<query xmlns='${DISCO_INFO}'><identity category='gateway' type='pigeon' name='Pigeon post'/>` +
          `<feature var='${REGISTER}'/></query>`,
      )
    else if (query?.attrs.xmlns === REGISTER && type === 'get')
      result(`<query xmlns='${REGISTER}'><instructions>Who are you among pigeons?</instructions><username/></query>`)
    else if (query?.attrs.xmlns === REGISTER) {
      this.members.set(bareOf(from), textOf(child(query, 'username') ?? query))
      result()
      this.#says('presence', `type='subscribe' to='${bareOf(from)}'`)
    } else {
      const error = `<error type='cancel'><service-unavailable xmlns='${STANZA_ERRORS}'/></error>`
      this.#says('iq', `type='error' id='${id}' to='${from}'`, error, to)
    }
  }

  #says(name: string, attrs: string, inside = '', from = this.#domain): void {
    this.#gateway.says(`<${name} from='${from}' ${attrs}>${inside}</${name}>`)
  }
}

const bareOf = (jid: string): string => jid.split('/')[0] ?? ''
