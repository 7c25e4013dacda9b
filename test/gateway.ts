/** Components as the tests have them: small programs that speak in text and do what they are told, nothing by themselves. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type Duplex, duplexPair } from 'node:stream'
import { type ComponentsGate, createComponents } from '../src/component/index.js'
import { type ComponentLimits, componentLimits } from '../src/component/limits.js'
import { readComponents } from '../src/component/settings.js'
import { readFields } from '../src/core/config.js'
import { silentLog } from '../src/core/log.js'
import type { Element } from '../src/xml/index.js'
import { COMPONENT, STREAM } from '../src/xmpp/ns.js'
import { Kit, type KitOptions, settled } from './kit.js'
import { isElement, Wire } from './stream-client.js'

/** What the gateways of the tests show to know. */
export const SECRET = 'the lark, the herald of the morn'

/** One end of a connection to the server, as a component has it. */
export class Gateway {
  readonly wire: Wire
  /** The id of the server's stream. */
  id = ''

  constructor(
    socket: Duplex,
    readonly domain = 'gateway.verona.example',
  ) {
    this.wire = new Wire(socket)
  }

  /** Begins its stream. */
  begins(attrs = `to='${this.domain}'`, ns = COMPONENT): void {
    this.wire.send(`<?xml version='1.0'?><stream:stream xmlns='${ns}' xmlns:stream='${STREAM}' ${attrs}>`)
  }

  /** Begins its stream and reads the server's. */
  async opens(attrs?: string): Promise<void> {
    this.begins(attrs)
    const header = await this.wire.header()
    assert.equal(header.defaultNs, COMPONENT)
    this.id = header.attrs.id ?? ''
  }

  /** Shows that it knows the secret. */
  proves(secret = SECRET): void {
    this.wire.send(`<handshake>${createHash('sha1').update(`${this.id}${secret}`).digest('hex')}</handshake>`)
  }

  /** All that it takes to be the component. */
  async connects(secret = SECRET): Promise<this> {
    await this.opens()
    this.proves(secret)
    const answer = await this.takes('handshake')
    assert.equal(answer.children.length, 0)
    return this
  }

  says(text: string): void {
    this.wire.send(text)
  }

  /** The next thing that comes, which is an element of this name. */
  takes(name: string): Promise<Element> {
    return this.wire.takes(name, COMPONENT)
  }

  /** The first that fits; what comes before stays unread. */
  async finds(fits: (stanza: Element) => boolean): Promise<Element> {
    const found = await this.wire.finds(event => isElement(event) && fits(event))
    assert.ok(isElement(found))
    return found
  }

  /** Asks and takes the answer; what comes before stays unread. `iq` is without its end: `<iq type='get' …`. */
  async asks(iq: { readonly type: string; readonly from?: string; readonly to: string }, payload: string) {
    const id = `ask-${++this.#asked}`
    const { type, to, from = this.domain } = iq
    this.says(`<iq type='${type}' id='${id}' from='${from}' to='${to}'>${payload}</iq>`)
    return this.finds(stanza => stanza.name === 'iq' && stanza.attrs.id === id)
  }
  #asked = 0

  /** The server has dealt with all that it has said so far. */
  async isHeard(): Promise<void> {
    await this.asks({ type: 'get', to: 'verona.example' }, `<nobody-answers xmlns='urn:example'/>`)
  }

  /** Answers what the server asks of its own accord when a component comes: what it is called. */
  async introduces(name: string): Promise<void> {
    const asked = await this.finds(
      ({ attrs, children }) => attrs.type === 'get' && `${children}`.includes('disco#info'),
    )
    const { id, from, to } = asked.attrs
    this.says(
      `<iq type='result' id='${id}' from='${to}' to='${from}'><query xmlns='http://jabber.org/protocol/disco#info'>` +
        `<identity category='gateway' type='pigeon' name='${name}'/></query></iq>`,
    )
    await this.isHeard()
  }

  /** What has come and was not taken, without what the server asks when a component comes. */
  unread(): readonly string[] {
    return this.wire.unread.filter(text => !text.includes('disco#info'))
  }
}

export interface VeronaOptions extends KitOptions {
  /** As it is written in the configuration, each with a secret; else one gateway that has no rights. */
  readonly components?: Readonly<Record<string, object>>
  readonly limits?: Partial<ComponentLimits>
}

/** A server in memory, with the components' way in. */
export class Verona {
  readonly gate: ComponentsGate
  /** The server's ends of the connections that there are. */
  readonly sockets = new Set<Duplex>()

  static async start(options: VeronaOptions): Promise<Verona> {
    return new Verona(await Kit.start(options), options)
  }

  private constructor(
    readonly kit: Kit,
    { components = { 'gateway.verona.example': {} }, limits = {}, log = silentLog }: VeronaOptions,
  ) {
    const { host, router, services, clock, domains } = kit
    let ids = 0
    this.gate = createComponents({
      ...{ host, router, services, clock, domains, log },
      settings: this.#read(components),
      limits: { ...readFields(componentLimits, {}, 'componentLimits'), ...limits },
      randomId: () => `id-${++ids}`,
    })
  }

  /** Takes another configuration, as a reload does. */
  configures(components: Readonly<Record<string, object>>): void {
    this.gate.configure(this.#read(components))
  }

  #read(components: Readonly<Record<string, object>>) {
    const written = Object.entries(components).map(([domain, its]) => [domain, { secret: SECRET, ...its }])
    return readComponents(Object.fromEntries(written), 'components', this.kit.domains)
  }

  /** A connection on which nothing has been said. */
  meets(domain?: string): Gateway {
    const [ours, theirs] = duplexPair()
    // what a kernel does for a pair of sockets
    ours.once('close', () => theirs.destroy())
    theirs.once('close', () => {
      this.sockets.delete(theirs)
      ours.push(null)
    })
    this.sockets.add(theirs)
    this.gate.accept(theirs, 'a cellar in Verona')
    return new Gateway(ours, domain)
  }

  /** A component that is connected, and has read what that brought. */
  async connects(domain?: string): Promise<Gateway> {
    const gateway = await this.meets(domain).connects()
    await settled()
    gateway.wire.takesAll()
    return gateway
  }
}
