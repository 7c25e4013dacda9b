/** A client as scripts speak of it: what it has been sent waits until the script asks. */
import type { Account } from './accounts.js'
import { type Address, type Arrival, describeArrival, header, Link } from './link.js'
import { matches } from './pattern.js'
import { ScriptFault, type Values } from './template.js'
import { CLIENT, childOf, type Element, elementsOf, show, textOf } from './xml.js'

/** The server did something else than the script expects. */
export class Difference extends Error {}

export class Client {
  readonly name: string
  readonly account: Account
  readonly #address: Address
  readonly #log: (line: string) => void
  readonly #queue: Arrival[] = []
  readonly #ignored: Ignored[] = []
  #link: Link | undefined
  #wake = () => {}
  #syncs = 0
  #synced: string | undefined
  /** What the server has bound. */
  jid: string | undefined
  /** Whether its login was protected against being offered less than there is (XEP-0474). */
  isProtected = false
  /** What the last stream has offered. */
  features: Element | undefined

  constructor(name: string, account: Account, address: Address, log: (line: string) => void) {
    this.name = name
    this.account = account
    this.#address = address
    this.#log = line => log(`${name} ${line}`)
  }

  get domain(): string {
    return this.#address.domain
  }

  /** Of its stanzas. */
  get namespace(): string {
    return this.#address.namespace
  }

  get transport() {
    return this.#address.transport
  }

  /** Whether it has a connection that it knows nothing bad of. */
  get isConnected(): boolean {
    return this.#link !== undefined
  }

  get link(): Link {
    if (!this.#link) throw new ScriptFault(`${this.name} is not connected`)
    return this.#link
  }

  async connect(): Promise<void> {
    this.#queue.length = 0
    this.jid = undefined
    const link: Link = await Link.open(this.#address, {
      arrive: arrival => void (this.#link === link && this.#arrive(arrival)),
      log: this.#log,
    })
    this.#link = link
  }

  send(text: string): void {
    this.link.write(text)
  }

  /** Opens a stream and reads what it offers. */
  async open(): Promise<Element> {
    this.send(header(this.domain))
    await this.expect('a stream header', ({ kind }) => kind === 'opened')
    const arrival = await this.expect('features', ({ kind }) => kind === 'element')
    const { element } = arrival as { element: Element } // the kind says so
    if (element.name !== 'features') throw new Difference(`instead of features ${this.name} got ${show(element)}`)
    this.features = element
    return element
  }

  /** Takes what comes next; fails unless it is what is wanted. */
  async expect(wanted: string, fits: (arrival: Arrival) => boolean): Promise<Arrival> {
    for (;;) {
      const arrival = await this.#next(wanted)
      if (fits(arrival)) return arrival
      if (!this.#mayIgnore(arrival))
        throw new Difference(`${this.name} expected ${wanted}\n  but got  ${describeArrival(arrival)}`)
    }
  }

  /** The answer to an iq of its own; other things wait. */
  async ask(text: string, id: string): Promise<Element> {
    this.send(text)
    const isAnswer = (arrival: Arrival) =>
      arrival.kind === 'element' && arrival.element.name === 'iq' && arrival.element.attrs.get('id') === id
    for (;;) {
      const index = this.#queue.findIndex(isAnswer)
      const [arrival] = index < 0 ? [] : this.#queue.splice(index, 1)
      if (arrival?.kind === 'element') return arrival.element
      await this.#more(`the answer to ${id}`)
    }
  }

  /** Takes elements until each pattern has had its own, in whatever order. */
  async receive(patterns: readonly Element[], values: Values): Promise<void> {
    const left = [...patterns]
    while (left.length > 0) {
      await this.expect(left.map(pattern => show(pattern)).join('\n  or '), arrival => {
        if (arrival.kind !== 'element') return false
        const index = left.findIndex(pattern => matches(pattern, arrival.element, values))
        if (index >= 0) left.splice(index, 1)
        return index >= 0
      })
    }
  }

  /** Things like this mean nothing from now on, or only one time. */
  ignore(fits: (element: Element) => boolean, once = false): void {
    this.#ignored.push({ fits, once })
  }

  /** Comes back when the server has dealt with all that this client has sent. */
  async sync(): Promise<void> {
    const id = `sync-${++this.#syncs}`
    const from = this.namespace === CLIENT ? '' : ` from='${this.account.jid}'`
    this.send(`<iq type='get' id='${id}'${from} to='${this.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    while (this.#synced !== id) await this.#more('an answer to a ping')
  }

  /** The same, unless the server ends the connection. */
  async syncOrEnd(): Promise<void> {
    try {
      await this.sync()
    } catch (fault) {
      if (this.#queue.at(-1)?.kind !== 'gone') throw fault
    }
  }

  /** What has come and was not taken. What means nothing is away afterwards. */
  unread(): readonly Arrival[] {
    const left = this.#queue.filter(arrival => !this.#mayIgnore(arrival))
    this.#queue.splice(0, this.#queue.length, ...left)
    return left
  }

  forget(): void {
    this.#queue.length = 0
  }

  leave(): void {
    this.#link?.cut()
    this.#link = undefined
  }

  async #next(wanted: string): Promise<Arrival> {
    for (;;) {
      const arrival = this.#queue.shift()
      if (arrival) return arrival
      await this.#more(wanted)
    }
  }

  async #more(wanted: string): Promise<void> {
    const last = this.#queue.at(-1)
    if (last?.kind === 'gone') throw new Difference(`${this.name} expected ${wanted}\n  but the connection is gone`)
    let timer: NodeJS.Timeout | undefined
    const came = new Promise<boolean>(resolve => {
      this.#wake = () => resolve(true)
      timer = setTimeout(() => resolve(false), this.#address.patience)
    })
    if (!(await came)) throw new Difference(`${this.name} expected ${wanted}\n  but nothing came`)
    clearTimeout(timer)
  }

  #arrive(arrival: Arrival): void {
    if (arrival.kind === 'element' && this.#handles(arrival.element)) return this.#wake()
    this.#queue.push(arrival)
    this.#wake()
  }

  /** What is between the server and any client, and never what a script is about. */
  #handles(element: Element): boolean {
    if (element.name !== 'iq' || element.ns !== this.namespace) return false
    const [type, id, from] = ['type', 'id', 'from'].map(name => element.attrs.get(name))
    if (id !== undefined && id === `sync-${this.#syncs}` && (type === 'result' || type === 'error')) {
      this.#synced = id
      return true
    }
    if (from !== undefined && from !== this.domain && from !== this.account.jid) return false
    const isOf = (namespaces: ReadonlySet<string>) => elementsOf(element).some(({ ns }) => namespaces.has(ns))
    if (type === 'set' && isOf(UNASKED)) {
      this.send(`<iq type='result' id='${id}'/>`)
      return true
    }
    if (type !== 'get' || !isOf(CURIOSITY)) return false
    this.send(
      `<iq type='error' id='${id}'${from ? ` to='${from}'` : ''}><error type='cancel'>` +
        `<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    )
    return true
  }

  #mayIgnore(arrival: Arrival): boolean {
    if (arrival.kind !== 'element') return false
    const index = this.#ignored.findIndex(({ fits }) => fits(arrival.element))
    if (index >= 0 && this.#ignored[index]?.once) this.#ignored.splice(index, 1)
    return index >= 0
  }
}

interface Ignored {
  readonly fits: (element: Element) => boolean
  readonly once: boolean
}

/** What servers ask clients by themselves. */
const CURIOSITY = new Set(['urn:xmpp:ping', 'jabber:iq:version', 'http://jabber.org/protocol/disco#info'])

/** What servers tell every client, whether it has asked or not: the privacy list that a block list is kept as (XEP-0016 §2.6). */
const UNASKED = new Set(['jabber:iq:privacy'])

/** The condition of a stream error, SASL failure or stanza error; undefined for what is none. */
export const conditionOf = (element: Element): string | undefined =>
  elementsOf(element.name === 'error' && element.ns === CLIENT ? element : (childOf(element, 'error') ?? element)).find(
    ({ name }) => name !== 'text',
  )?.name

export const textOfChild = (element: Element, name: string, ns?: string): string => {
  const child = childOf(element, name, ns)
  return child ? textOf(child) : ''
}
