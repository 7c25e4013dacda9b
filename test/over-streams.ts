/**
 * The clients of kit.ts on XML streams: what a suite says of named clients without sockets is said of real ones, each
 * with a connection, a login and stream management.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { duplexPair } from 'node:stream'
import { type C2s, createC2s, limits } from '../src/c2s/index.js'
import { newKeys } from '../src/c2s/sasl/keys.js'
import type { Accounts } from '../src/core/accounts.js'
import { readFields } from '../src/core/config.js'
import { silentLog } from '../src/core/log.js'
import type { Session } from '../src/core/session.js'
import type { Slot } from '../src/core/slot.js'
import { type Element, serialise } from '../src/xml/index.js'
import { type StreamCondition, StreamError } from '../src/xmpp/errors.js'
import { type Jid, parseJid, preparePassword } from '../src/xmpp/jid.js'
import { CLIENT, SASL, STREAM, STREAM_MANAGEMENT } from '../src/xmpp/ns.js'
import { Client, type Kit, settled, useClients } from './kit.js'
import { base64, conditionOf, isElement, Lost, PASSWORD, Wire } from './stream-client.js'

/** From here on every client of a kit is on a stream, until what comes back is called. */
export const overStreams = (): (() => void) => useClients(connect, TURNS)

/** How many turns of the event loop a stanza may take from one client over the server to another, and back. */
const TURNS = 12

const ITERATIONS = 16

const keys = newKeys(PASSWORD, { prepare: preparePassword, random: randomBytes, iterations: ITERATIONS })

/** Everybody has the same password, also those who have no account: that is not the subject. */
const withPasswords = (accounts: Accounts): Accounts => ({
  exists: account => accounts.exists(account),
  keys: async (_, hash) => (await keys).get(hash),
  create: (account, credentials) => accounts.create(account, credentials),
  setCredentials: (account, credentials) => accounts.setCredentials(account, credentials),
  remove: (account, removed) => accounts.remove(account, removed),
  list: domain => accounts.list(domain),
})

const doors = new WeakMap<Kit, C2s>()

function doorOf(kit: Kit): C2s {
  const known = doors.get(kit)
  if (known) return known
  const { host, router, directory, domains, bus, clock } = kit
  const door = createC2s({
    ...{ host, router, directory, domains, bus, log: silentLog, iterations: ITERATIONS },
    limits: { ...readFields(limits, {}, 'limits'), stanzaRate: 0, byteRate: 0, resources: 1000 },
    tlsRequired: false,
    anonymous: [],
    certificates: { find: () => undefined },
    accounts: withPasswords(kit.accounts),
    serverSecret: Buffer.from('a plague on both your houses'),
    // no stream is given up for its silence, however much time a suite lets pass
    clock: { now: () => clock.now(), after: () => ({ cancel() {} }) },
    randomId: () => randomBytes(16).toString('hex'),
  })
  doors.set(kit, door)
  return door
}

async function connect(kit: Kit, jid: Jid): Promise<Client> {
  const [ours, theirs] = duplexPair()
  // what a kernel does for a pair of sockets
  ours.once('close', () => theirs.destroy())
  theirs.once('close', () => ours.push(null))
  doorOf(kit).accept(theirs, { isLocal: true })
  const wire = new Wire(ours)
  const attrs = `to='${jid.domain}' version='1.0'`
  await wire.opens(attrs)
  wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(`\0${jid.local}\0${PASSWORD}`)}</auth>`)
  await wire.anyOf('success')
  await wire.opens(attrs)
  await wire.binds(jid.resource)
  await wire.enables('')
  return new StreamClient(kit, parseJid(wire.jid), wire)
}

/** A client on a stream: it acknowledges what it receives at once, unless it is told to keep silent about it. */
class StreamClient extends Client {
  readonly #wire: Wire
  readonly #session: Session
  #sent = 0
  #handled = 0
  #received = 0
  #isOver = false
  #wake = () => {}
  #woken = new Promise<void>(resolve => {
    this.#wake = resolve
  })

  constructor(kit: Kit, jid: Jid, wire: Wire) {
    super(kit, jid)
    this.#wire = wire
    this.#session = kit.directory.get(jid) ?? assert.fail(`${jid} has no session`)
    void this.#listen()
  }

  override async sends(stanza: Element): Promise<void> {
    this.#wire.send(serialise(stanza, CLIENT), `<r xmlns='${STREAM_MANAGEMENT}'/>`)
    const number = ++this.#sent
    while (this.#handled < number && !this.#isOver) await this.#woken
    await settled()
    this.presence = this.#session.presence
  }

  override confirms(): void {
    this.#wire.acknowledges(this.#received)
  }

  override async dies(): Promise<void> {
    await this.#wire.cuts()
    await settled()
  }

  override async leaves(): Promise<void> {
    this.#wire.leavesAtOnce()
    await settled()
  }

  override send: Session['send'] = (...delivery) => this.#session.send(...delivery)
  override hold: Session['hold'] = () => this.#session.hold()
  override end: Session['end'] = error => this.#session.end(error)
  override status: Session['status'] = () => this.#session.status()
  override get = <T>(slot: Slot<T>): T => this.#session.get(slot)
  override set = <T>(slot: Slot<T>, value: T): void => this.#session.set(slot, value)

  async #listen(): Promise<void> {
    for (let event = await this.#wire.next(); !(event instanceof Lost); event = await this.#wire.next()) {
      if (isElement(event)) this.#hears(event)
    }
    this.#isOver = true
    this.#goesOn()
  }

  #hears(element: Element): void {
    if (element.is('a', STREAM_MANAGEMENT)) {
      this.#handled = Number(element.attrs.h)
      this.#goesOn()
    } else if (element.is('r', STREAM_MANAGEMENT)) {
      if (this.acknowledges) this.confirms()
    } else if (element.is('error', STREAM)) {
      this.ended = new StreamError(conditionOf(element) as StreamCondition) // it is one of them
    } else {
      this.#received++
      this.received.push(element)
      if (this.acknowledges) this.confirms()
    }
  }

  #goesOn(): void {
    const wake = this.#wake
    this.#woken = new Promise<void>(resolve => {
      this.#wake = resolve
    })
    wake()
  }
}
