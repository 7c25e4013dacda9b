/** Plays a script against a server: each step is a line that one of these verbs understands. */
import { createHash } from 'node:crypto'
import type { Account } from './accounts.js'
import { Client, Difference } from './client.js'
import { type Act, askForRoster, befriend, bringTogether, grant, request } from './friends.js'
import { type Address, describeArrival } from './link.js'
import { authenticate, bind, connectSecurely, isRefused, logIn, logOut, startTls } from './login.js'
import { matches } from './pattern.js'
import type { Script, Step } from './script.js'
import { agrees, fill, ScriptFault, type Values } from './template.js'
import { type Element, elementsOf, escapeXml, parseElements, STREAMS, show } from './xml.js'

export interface Stage {
  readonly address: Address
  /** Where an external component may connect, if one may (XEP-0114). */
  readonly component?: Component
  newAccount(name: string): Promise<Account>
  /** The accounts that are there from the start, by name. */
  readonly accounts: ReadonlyMap<string, Account>
  /** What else there is that cannot be found out from outside. */
  readonly has?: readonly string[]
}

export interface Component {
  readonly host: string
  readonly port: number
  readonly domain: string
  readonly secret: string
}

/** How a script went. */
export interface Played {
  /** Why it failed; undefined when all was as it should be. */
  readonly failure?: string
  /** All that went over the wire. */
  readonly transcript: readonly string[]
}

export async function play(script: Script, stage: Stage): Promise<Played> {
  const scene = new Scene(stage)
  let at: Step | undefined
  try {
    for (const step of script.steps) {
      at = step
      await scene.perform(step)
    }
    return { transcript: scene.transcript }
  } catch (fault) {
    if (!(fault instanceof Error)) throw fault
    const reason = fault instanceof Difference || fault instanceof ScriptFault ? fault.message : String(fault.stack)
    return { failure: `line ${at?.line} (${at?.text}): ${reason}`, transcript: scene.transcript }
  } finally {
    scene.close()
  }
}

/** The verbs that `npm run conformance -- --verbs` prints, with the form that the step has. */
export const verbs: readonly Verb[] = [
  verb('C connects', ({ client }) => client.connect()),
  verb('C connects securely', ({ client }) => connectSecurely(client)),
  verb('C opens a stream', async ({ client }) => void (await client.open())),
  verb('C starts TLS', ({ client }) => startTls(client)),
  verb('C shakes hands', ({ client, scene }) => scene.shakeHands(client)),
  verb('C authenticates', ({ client }) => authenticate(client)),
  verb('C authenticates with WORD', ({ client, word }) => authenticate(client, word)),
  verb('C is refused with WORD', ({ client, word }) => isRefused(client, word)),
  verb('C binds', ({ client, scene }) => bind(client, scene.resourceOf(client))),
  verb('C logs in', ({ clients, scene }) => each(clients, client => scene.logIn(client))),
  verb('C is online', ({ clients, scene }) => scene.goOnline(clients, '')),
  verb('C is online with priority WORD', ({ clients, scene, word }) =>
    scene.goOnline(clients, `<priority>${word}</priority>`),
  ),
  verb('C and C are friends', ({ clients: [one, other], scene }) => scene.together(one, other, befriend)),
  verb('C is subscribed to WORD', ({ client, word, scene }) => scene.together(client, scene.named(word), grant)),
  verb('C has asked WORD', ({ client, word, scene }) => scene.together(client, scene.named(word), request)),
  verb('C asks for the roster', ({ clients }) => each(clients, askForRoster)),
  verb('C sends', ({ client, text }) => client.send(text)),
  verb('C sends bytes', ({ client, text }) => client.link.write(Buffer.from(text.replace(/\s/g, ''), 'hex'))),
  verb('C sends byte by byte', ({ client, text }) => {
    for (const byte of Buffer.from(text)) client.link.write(Uint8Array.of(byte))
  }),
  verb('C encrypts', ({ client }) => client.link.secure()),
  verb('C receives', async ({ clients, patterns, values }) => {
    for (const client of clients) for (const pattern of patterns) await client.receive([pattern], values)
  }),
  verb('C receives in any order', ({ clients, patterns, values }) =>
    each(clients, client => client.receive(patterns, values)),
  ),
  verb('C receives nothing', ({ clients, scene }) => scene.expectSilence(clients)),
  verb('nobody receives anything', ({ scene }) => scene.expectSilence(scene.online)),
  verb('C receives a stream header', async ({ client, patterns: [pattern], values }) => {
    await client.expect(pattern ? `the stream header ${show(pattern)}` : 'a stream header', arrival => {
      return arrival.kind === 'opened' && (!pattern || matches(pattern, arrival.element, values))
    })
  }),
  verb('C receives the end of the stream', async ({ client }) => {
    await client.expect('the end of the stream', ({ kind }) => kind === 'closed')
  }),
  verb('C is disconnected', async ({ client }) => {
    await client.expect('the end of the connection', ({ kind }) => kind === 'gone')
    client.leave()
  }),
  verb("C's stream ends with WORD", ({ client, word, values }) => expectStreamError(client, word, values)),
  verb('C ignores', ({ client, patterns, scene }) => {
    for (const pattern of patterns) client.ignore(element => scene.fits(pattern, element))
  }),
  verb('C ignores presence', ({ client }) => client.ignore(({ name }) => name === 'presence')),
  verb('C ignores messages', ({ client }) => client.ignore(({ name }) => name === 'message')),
  verb('C ignores pushes', ({ clients }) => {
    for (const client of clients) client.ignore(element => isPush(element, client.account))
  }),
  verb('C may receive', ({ client, patterns, scene }) => {
    for (const pattern of patterns) client.ignore(element => scene.fits(pattern, element), true)
  }),
  verb('C has been dealt with', ({ clients }) => each(clients, client => client.sync())),
  verb('C forgets what came', ({ clients }) => each(clients, client => client.forget())),
  verb('C goes offline', ({ client }) => logOut(client)),
  verb('C breaks off', ({ client }) => client.leave()),
  verb('C comes back', ({ client, scene }) => scene.comeBack(client)),
  verb('let WORD be', ({ word, text, values }) => void values.set(word, text)),
  verb('WORD is', ({ word, wanted, values }) => compare(word, wanted, values, true)),
  verb('WORD is not', ({ word, wanted, values }) => compare(word, wanted, values, false)),
]

export interface Verb {
  readonly form: string
  readonly expression: RegExp
  readonly perform: (step: Spoken) => Promise<unknown> | unknown
}

interface Spoken {
  readonly scene: Scene
  readonly clients: readonly [Client, ...Client[]]
  readonly client: Client
  readonly word: string
  /** The block, with values put in. */
  readonly text: string
  /** The block as a text to compare with. */
  readonly wanted: string
  /** The block as elements to compare with. */
  readonly patterns: readonly Element[]
  readonly values: Values
}

function verb(form: string, perform: Verb['perform']): Verb {
  const name = '[a-z]+(?:/[\\w.-]+)?'
  const many = `(?<clients>${name}(?:(?:, | and )${name})*)`
  const plural = form
    .replace('C and C', '@')
    .replace('C', '@')
    .replace(/^@ is /, '@ (?:is|are) ')
    .replace(/^@ has /, '@ (?:has|have) ')
    .replace(/^@ (logs|receives|forgets|asks|ignores)/, (_, word: string) => `@ ${word.slice(0, -1)}s?`)
  const source = plural.replace('@', many).replace('WORD', '(?<word>\\S+)')
  return { form, expression: new RegExp(`^${source}$`), perform }
}

const each = async (clients: readonly Client[], act: (client: Client) => Promise<void> | void): Promise<void> => {
  for (const client of clients) await act(client)
}

function compare(word: string, wanted: string, values: Values, same: boolean): void {
  const value = values.get(word)
  if (value === undefined) throw new ScriptFault(`nothing is known as {${word}}`)
  if (agrees(wanted, value, values) !== same)
    throw new Difference(
      `{${word}} was expected to be ${same ? '' : 'something else than '}${wanted}\n  but is  ${value}`,
    )
}

/** Of the roster, or of the block list (RFC 6121 §2.1.6, XEP-0191 §3.3). */
const isPush = (element: Element, { jid }: Account): boolean =>
  element.name === 'iq' &&
  element.attrs.get('type') === 'set' &&
  [undefined, jid].includes(element.attrs.get('from')) &&
  elementsOf(element).some(({ ns }) => ns === 'jabber:iq:roster' || ns === 'urn:xmpp:blocking')

async function expectStreamError(client: Client, condition: string, values: Values): Promise<void> {
  await client.expect(`the stream error ${condition}`, arrival => {
    if (arrival.kind !== 'element' || arrival.element.name !== 'error') return false
    const [first] = elementsOf(arrival.element)
    return first?.ns === 'urn:ietf:params:xml:ns:xmpp-streams' && agrees(condition, first.name, values)
  })
  await client.expect('the end of the stream', ({ kind }) => kind === 'closed')
  await client.expect('the end of the connection', ({ kind }) => kind === 'gone')
  client.leave()
}

/** The clients of one script and what is known by now. */
class Scene {
  readonly #stage: Stage
  readonly #clients = new Map<string, Client>()
  readonly #accounts: Map<string, Account>
  readonly #values: Values
  readonly transcript: string[] = []

  constructor(stage: Stage) {
    this.#stage = stage
    this.#accounts = new Map(stage.accounts)
    this.#values = new Map([
      ['domain', stage.address.domain],
      ['nobody', `nobody@${stage.address.domain}`],
    ])
    if (stage.component) this.#values.set('gateway', stage.component.domain).set('secret', stage.component.secret)
    for (const [name, account] of stage.accounts) this.#know(name, account)
  }

  async perform(step: Step): Promise<void> {
    for (const { expression, perform } of verbs) {
      const found = expression.exec(step.text)
      if (!found) continue
      const { groups = {} } = found
      await this.#meet(step)
      const [client, ...others] = groups.clients?.split(/, | and /).map(name => this.#client(name)) ?? []
      const values = this.#values
      await perform({
        scene: this,
        get clients(): readonly [Client, ...Client[]] {
          return client ? [client, ...others] : missing(step)
        },
        get client() {
          if (others.length > 0) throw new ScriptFault(`one client at a time: ${step.text}`)
          return client ?? missing(step)
        },
        word: groups.word ?? '',
        get text() {
          return fill(step.block, values, escapeXml)
        },
        wanted: step.block,
        get patterns() {
          return parseElements(step.block, client?.namespace)
        },
        values,
      })
      return
    }
    throw new ScriptFault(`nobody understands this: ${step.text}`)
  }

  /** Makes the accounts that a step speaks of. */
  async #meet({ text, block }: Step): Promise<void> {
    const spoken = [...text.matchAll(/(?:^|, | and | asked | to )([a-z]+)(?=[ /,']|$)/g)].map(([, name = '']) => name)
    const written = [...block.matchAll(/\{([a-z]+)(?:[./][^{}]*)?\}/g)].map(([, name = '']) => name)
    for (const name of [...spoken, ...written]) {
      if (!PEOPLE.has(name) || this.#accounts.has(name)) continue
      const account = await this.#stage.newAccount(name)
      this.#accounts.set(name, account)
      this.#know(name, account)
    }
  }

  #know(name: string, { jid, user, password }: Account): void {
    this.#values.set(name, jid).set(`${name}.user`, user).set(`${name}.password`, password)
  }

  #client(name: string): Client {
    const known = this.#clients.get(name)
    if (known) return known
    if (name === GATEWAY) return this.#gateway()
    const account = this.#accounts.get(name.split('/')[0] ?? '')
    if (!account) throw new ScriptFault(`nobody is called ${name}: people are ${[...PEOPLE].join(', ')}`)
    const client = new Client(name, account, this.#stage.address, line => this.transcript.push(line))
    this.#clients.set(name, client)
    return client
  }

  #gateway(): Client {
    const { address, component } = this.#stage
    if (!component) throw new ScriptFault('no component is known: the script needs one')
    const { host, port, domain, secret } = component
    const client = new Client(
      GATEWAY,
      { user: '', password: secret, jid: domain },
      { ...address, host, port, transport: 'plain', namespace: 'jabber:component:accept' },
      line => this.transcript.push(line),
    )
    this.#clients.set(GATEWAY, client)
    return client
  }

  get online(): readonly Client[] {
    return [...this.#clients.values()].filter(({ jid, isConnected }) => jid !== undefined && isConnected)
  }

  resourceOf(client: Client): string | undefined {
    return client.name.split('/')[1]
  }

  fits(pattern: Element, element: Element): boolean {
    return matches(pattern, element, new Map(this.#values))
  }

  /** The address is known as {romeo/phone}, and as {romeo.full} of a client without a resource of its own choice. */
  async logIn(client: Client): Promise<void> {
    await logIn(client, this.resourceOf(client))
    this.#values.set(client.name.includes('/') ? client.name : `${client.name}.full`, client.jid ?? '')
  }

  /** Sends initial presence; what comes of that is nothing that a script is about. */
  async goOnline(clients: readonly Client[], presence: string): Promise<void> {
    for (const client of clients) {
      if (client.jid === undefined || !client.isConnected) await this.logIn(client)
      client.send(`<presence>${presence}</presence>`)
      await client.sync()
    }
    await this.settle()
    for (const client of this.online) client.forget()
  }

  /** As a component does (XEP-0114 §3). */
  async shakeHands(client: Client): Promise<void> {
    const { namespace, account } = client
    await client.connect()
    client.send(
      `<?xml version='1.0'?><stream:stream to='${account.jid}' xmlns='${namespace}' xmlns:stream='${STREAMS}'>`,
    )
    const opened = await client.expect('a stream header', ({ kind }) => kind === 'opened')
    const id = opened.kind === 'opened' ? opened.element.attrs.get('id') : undefined
    client.send(`<handshake>${createHash('sha1').update(`${id}${account.password}`).digest('hex')}</handshake>`)
    await client.receive(parseElements('<handshake/>', namespace), new Map())
    client.jid = account.jid
  }

  /** As far as where it can resume its session (XEP-0198 §5). */
  async comeBack(client: Client): Promise<void> {
    const { jid } = client
    await connectSecurely(client)
    await client.open()
    await authenticate(client)
    await client.open()
    client.jid = jid
  }

  /** See {@link bringTogether}. */
  together(one: Client, other: Client | undefined, act: Act): Promise<void> {
    if (!other) throw new ScriptFault('there have to be two')
    return bringTogether(one, other, this.#stage.address, act)
  }

  named(name: string): Client {
    return this.#client(name)
  }

  /** All that has been sent has been dealt with, and what came of it has arrived. */
  async settle(): Promise<void> {
    for (let round = 0; round < 2; round++) await each(this.online, client => client.syncOrEnd())
  }

  async expectSilence(clients: readonly Client[]): Promise<void> {
    await this.settle()
    for (const client of clients) {
      const unread = client.unread()
      if (unread.length > 0)
        throw new Difference(
          `${client.name} expected nothing\n  but got  ${unread.map(describeArrival).join('\n  and      ')}`,
        )
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.leave()
  }
}

const missing = (step: Step): never => {
  throw new ScriptFault(`somebody has to do this: ${step.text}`)
}

/** The component. */
const GATEWAY = 'gateway'

/** Who can be in a script. Each has an account, made when the script speaks of them first. */
const PEOPLE = new Set(['romeo', 'juliet', 'nurse', 'mercutio', 'tybalt', 'benvolio', 'rosaline', 'paris'])
