/** Plays recorded conversations, changed by chance, against a server, and finds out whose change it does not bear. */
import { createHash } from 'node:crypto'
import { type Account, inBand, newAccount } from '../wire/accounts.js'
import { Client } from '../wire/client.js'
import type { Address } from '../wire/link.js'
import { logIn, SASL } from '../wire/login.js'
import { SOLITUDE } from '../wire/needs.js'
import { play } from '../wire/player.js'
import type { Script } from '../wire/script.js'
import { STREAMS } from '../wire/xml.js'
import { Intruder } from './intruder.js'
import { type Chunks, Mutator, random } from './mutate.js'
import { BUG, type Target } from './target.js'

/** Who says it: somebody who is logged in, somebody who is not, or a component. */
type Speaker = 'client' | 'stranger' | 'component'

interface Session {
  readonly speaker: Speaker
  /** As it was said; names of accounts as `{romeo}`. */
  readonly said: readonly string[]
}

export interface Finding {
  /** What was wrong. */
  readonly reason: string
  /** A script that does the same. */
  readonly script: string
}

export interface Findings {
  /** How many conversations there were. */
  readonly played: number
  readonly found: readonly Finding[]
}

interface Mutated {
  readonly speaker: Speaker
  readonly chunks: Chunks
}

const BATCH = 24
const AT_ONCE = 6

/** How long to wait for an answer that may never come, since what was said may have no end, in milliseconds. */
const PATIENCE = 250

const NAMES = ['romeo', 'juliet', 'nurse', 'mercutio', 'tybalt', 'benvolio', 'rosaline', 'paris']

/** Listens to what people say in these scripts. */
export async function record(scripts: readonly Script[], { stage }: Target): Promise<readonly Session[]> {
  const sessions: Session[] = []
  const waiting = scripts.filter(({ needs }) => !needs.includes(SOLITUDE))
  const worker = async () => {
    for (let script = waiting.shift(); script; script = waiting.shift()) {
      const { transcript } = await play(script, stage)
      sessions.push(...sessionsIn(transcript))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  // in an order that does not depend on who was faster
  return sessions.sort((a, b) => (a.said.join() < b.said.join() ? -1 : 1))
}

function sessionsIn(transcript: readonly string[]): readonly Session[] {
  const said = new Map<string, string[]>()
  for (const line of transcript) {
    const [, who, text] = /^(\S+) > ([\s\S]*)$/.exec(line) ?? []
    if (who === undefined || text === undefined) continue
    said.set(who, [...(said.get(who) ?? []), text.replace(/\b([a-z]+)-[0-9a-f]{10}\b/g, '{$1}')])
  }
  return [...said].flatMap(([who, texts]) => (who === 'gateway' ? [ofComponent(texts)] : ofClient(texts)))
}

const ofComponent = (texts: readonly string[]): Session => ({ speaker: 'component', said: texts.slice(2) })

function ofClient(texts: readonly string[]): readonly Session[] {
  const bound = texts.findIndex(text => text.includes('xmpp-bind'))
  const secured = texts.findIndex(text => text.includes('<starttls'))
  const later = bound < 0 ? [] : texts.slice(bound + 1)
  const before = texts.slice(secured + 1, bound < 0 ? undefined : bound + 3)
  const sessions: readonly Session[] = [
    { speaker: 'client', said: later },
    { speaker: 'stranger', said: before },
  ]
  return sessions.filter(session => session.said.length > 0)
}

export class Fuzzer {
  readonly #target: Target
  readonly #address: Address
  readonly #sessions: readonly Session[]
  readonly #accounts = new Map<string, Account>()
  #gateway = Promise.resolve('')

  constructor(target: Target, sessions: readonly Session[]) {
    const { server, stage } = target
    this.#target = target
    this.#sessions = sessions
    this.#address = { ...stage.address, port: server.ports.c2sTls, transport: 'tls', patience: PATIENCE }
  }

  /** Goes on for so many milliseconds, or until so much was found. */
  async run(seed: number, time: number, { most = 3, report = (_: Finding) => {} } = {}): Promise<Findings> {
    const chance = random(seed)
    const found: Finding[] = []
    let played = 0
    for (const end = performance.now() + time; performance.now() < end && found.length < most; played += BATCH) {
      for (const name of NAMES) if (!this.#accounts.has(name)) await this.#meet(name)
      const said = this.#sessions.map(session => this.#chunksOf(session))
      const mutator = new Mutator(chance, said)
      const batch = Array.from({ length: BATCH }, () => {
        const index = chance(this.#sessions.length)
        return { speaker: this.#sessions[index]?.speaker ?? 'client', chunks: mutator.mutate(said[index] ?? []) }
      })
      const reason = await this.#wrongWith(batch)
      if (reason === undefined) continue
      const finding = await this.#reduce(reason, batch)
      found.push(finding)
      report(finding)
      if (this.#target.server.pid === undefined) break
    }
    return { played, found }
  }

  async #meet(name: string): Promise<void> {
    const { address } = this.#target.stage
    this.#accounts.set(name, await newAccount(name, address.domain, inBand(address)))
  }

  #chunksOf({ said, speaker }: Session): Chunks {
    const named = said.map(text => text.replace(/\{([a-z]+)\}/g, (all, name) => this.#accounts.get(name)?.user ?? all))
    const romeo = this.#accounts.get('romeo')
    if (speaker !== 'stranger' || !romeo) return named.map(text => Buffer.from(text))
    // a password that is right lets more of it be heard
    const plain = Buffer.from(`\0${romeo.user}\0${romeo.password}`).toString('base64')
    const auth = `<auth xmlns='${SASL}' mechanism='PLAIN'>${plain}</auth>`
    return named.map(text => Buffer.from(text.replace(/<auth [\s\S]*<\/auth>/, auth)))
  }

  /** What the server does not bear of this; undefined if it does. */
  async #wrongWith(batch: readonly Mutated[]): Promise<string | undefined> {
    const before = this.#bugs().length
    let answers: readonly string[] = []
    try {
      answers = await this.#target.withstands(() => this.#playAll(batch))
    } catch (fault) {
      return String(fault)
    }
    const news = this.#bugs().slice(before)
    if (news.length > 0) return news.join('\n')
    const wasSaid = (what: string) =>
      batch.some(({ chunks }) => chunks.some(bytes => Buffer.from(bytes).includes(what)))
    const wrong = answers.find(answer => BUG.exec(answer) !== null)
    return wrong !== undefined && !wasSaid(BUG.exec(wrong)?.[0] ?? '')
      ? wrong
      : answers.find(a => a.startsWith('not XML'))
  }

  #bugs(): readonly string[] {
    const lines = this.#target.server.logTail(100_000).split('\n')
    return lines.filter(line => BUG.test(line) || line.includes('"level":"error"'))
  }

  async #playAll(batch: readonly Mutated[]): Promise<readonly string[]> {
    const waiting = [...batch]
    const answers: string[] = []
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) answers.push(await this.#play(next))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return answers
  }

  /** What the server answers. */
  #play({ speaker, chunks }: Mutated): Promise<string> {
    if (speaker === 'stranger') return this.#playStranger(chunks)
    if (speaker === 'client') return this.#playClient(chunks)
    this.#gateway = this.#gateway.then(() => this.#playComponent(chunks)) // there is but one
    return this.#gateway
  }

  async #playStranger(chunks: Chunks): Promise<string> {
    const intruder = await Intruder.secure(this.#address.port, { ALPNProtocols: ['xmpp-client'] })
    await speak(chunks, bytes => intruder.say(bytes))
    await intruder.isClosedWithin(PATIENCE)
    intruder.leave()
    return intruder.heard
  }

  async #playClient(chunks: Chunks): Promise<string> {
    const account = this.#accounts.get('romeo')
    if (!account) return ''
    let heard = ''
    const client = new Client('romeo', account, this.#address, line => {
      if (line.startsWith('romeo < ')) heard += line.slice('romeo < '.length)
    })
    try {
      await logIn(client)
    } catch {
      this.#accounts.delete('romeo') // it may have been removed, or its password changed, by what was said
      client.leave()
      return ''
    }
    await speak(chunks, bytes => client.isConnected && client.link.write(bytes))
    const answered = client.syncOrEnd().catch(() => {})
    await answered
    const broken = client.unread().find(({ kind }) => kind === 'failed')
    client.leave()
    return broken ? `not XML: ${heard}` : heard
  }

  async #playComponent(chunks: Chunks): Promise<string> {
    const { component } = this.#target.stage
    if (!component) return ''
    const { port, domain, secret } = component
    const intruder = await Intruder.connect(port)
    const namespaces = `xmlns='jabber:component:accept' xmlns:stream='${STREAMS}'`
    intruder.say(`<stream:stream to='${domain}' ${namespaces}>`)
    await intruder.hears('>').catch(() => {})
    const id = / id='([^']*)'/.exec(intruder.heard)?.[1] ?? ''
    intruder.say(`<handshake>${createHash('sha1').update(`${id}${secret}`).digest('hex')}</handshake>`)
    await speak(chunks, bytes => intruder.say(bytes))
    await intruder.isClosedWithin(PATIENCE)
    intruder.leave()
    return intruder.heard
  }

  /** The one conversation that does it, without what is not needed for it. */
  async #reduce(reason: string, batch: readonly Mutated[]): Promise<Finding> {
    let culprits = batch
    for (const one of batch) {
      if ((await this.#wrongWith([one])) === undefined) continue
      culprits = [one]
      break
    }
    const [culprit] = culprits
    if (culprits.length === 1 && culprit) {
      let { chunks } = culprit
      for (let at = chunks.length - 1; at >= 0 && chunks.length > 1; at--) {
        const fewer = chunks.toSpliced(at, 1)
        if ((await this.#wrongWith([{ ...culprit, chunks: fewer }])) !== undefined) chunks = fewer
      }
      culprits = [{ ...culprit, chunks }]
    }
    return { reason, script: this.#scriptOf(reason, culprits) }
  }

  #scriptOf(reason: string, culprits: readonly Mutated[]): string {
    const lines = culprits.flatMap(({ speaker, chunks }) => {
      const who = speaker === 'component' ? 'gateway' : 'romeo'
      const start = { client: 'logs in', stranger: 'connects securely', component: 'shakes hands' }[speaker]
      return [`${who} ${start}`, ...chunks.flatMap(bytes => this.#sends(who, Buffer.from(bytes)))]
    })
    const because = reason.slice(0, 2000).split('\n')
    return [
      'title: What was found by chance does no harm',
      'source: RFC 6120 §13.12 SHOULD',
      ...because.map(line => `# ${line}`),
      '',
      ...lines,
      'juliet logs in',
      '',
    ].join('\n')
  }

  #sends(who: string, bytes: Buffer): readonly string[] {
    let text = bytes.toString()
    const isText = Buffer.from(text).equals(bytes) && !/[{}]|[^\n -\ud7ff]/.test(text) && !text.startsWith(' ')
    if (!isText) return [`${who} sends bytes`, `  ${bytes.toString('hex')}`]
    for (const [name, { user }] of this.#accounts) text = text.replaceAll(user, `{${name}.user}`)
    return [`${who} sends`, ...text.split('\n').map(line => `  ${line}`)]
  }
}

/** One chunk after the other, each a packet of its own as far as that can be. */
async function speak(chunks: Chunks, say: (bytes: Uint8Array) => unknown): Promise<void> {
  for (const bytes of chunks) {
    say(bytes)
    await new Promise(resolve => setImmediate(resolve))
  }
}
