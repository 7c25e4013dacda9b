/** stanza: most extensions are its own, and it is used through what it offers for them. */
import { type Agent, createClient } from 'stanza'
import type { Json, Order } from '../protocol.js'
import { Refused, serve, type Tell, text, type Verbs } from './lines.js'

// what it logs for itself must not come between the answers
console.log = console.info = console.debug = console.error

const MECHANISMS = [
  'EXTERNAL',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-1',
  'DIGEST-MD5',
  'OAUTHBEARER',
  'X-OAUTH2',
  'PLAIN',
  'ANONYMOUS',
]

interface Failed {
  readonly error?: { readonly condition?: string; readonly type?: string }
}

/** What the library rejects with is the stanza of the error. */
async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (fault) {
    const { condition, type } = (fault as Failed).error ?? {}
    throw condition ? new Refused({ condition, ...(type && { type }) }) : fault
  }
}

const done = async (asked: Promise<unknown>): Promise<null> => {
  await answered(asked)
  return null
}

/** JSON has no undefined, and no dates either. */
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null))

function start(order: Order): Agent {
  const [jid = '', resource = ''] = (text(order, 'jid') ?? '').split('/')
  const agent = createClient({
    jid,
    resource,
    password: text(order, 'password') ?? '',
    transports: { websocket: text(order, 'url') ?? '', bosh: false },
    autoReconnect: false, // a person decides
    timeout: 10,
  })
  const mechanism = text(order, 'mechanism')
  for (const other of mechanism ? MECHANISMS : []) if (other !== mechanism) agent.sasl.disable(other)
  return agent
}

function login(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    let condition = 'no connection'
    agent.on('sasl', ({ type, ...rest }) => {
      if (type === 'failure') condition = `${(rest as { condition?: string }).condition}`
    })
    agent.once('session:started', () => resolve())
    agent.once('auth:failed', () => reject(new Refused({ condition })))
    agent.once('disconnected', () => reject(new Error('disconnected')))
    agent.connect()
  })
}

function listen(agent: Agent, tell: Tell): void {
  agent.on('message', message => {
    const { from, to, id, body, type, error, receipt, carbon, delay, chatState } = message
    if (type === 'error') return tell('refusal', { from, id, condition: error?.condition, type: error?.type })
    if (carbon) {
      const copy = carbon.forward.message
      return tell('carbon', { direction: carbon.type, by: from, from: copy?.from, to: copy?.to, body: copy?.body })
    }
    if (receipt?.type === 'received') return tell('receipt', { from, id: receipt.id })
    tell('message', { from, to, id, body, state: chatState, sentAt: delay?.timestamp.toISOString() })
  })
  agent.on('presence', ({ from, id, type = 'available', show, status, priority = 0, error, legacyCapabilities }) => {
    if (type === 'error') return tell('refusal', { from, id, condition: error?.condition, type: error?.type })
    const caps = legacyCapabilities?.[0]
    tell('presence', { from, type, show, status, priority, caps: caps && `${caps.node}#${caps.value}` })
  })
  agent.on('iq:set:roster', ({ roster }) => {
    for (const item of roster.items ?? []) tell('roster', itemOf(item))
  })
  agent.on('block', ({ jids }) => tell('block', { jids }))
  agent.on('unblock', ({ jids }) => tell('unblock', { jids }))
  agent.on('message:acked', ({ id }) => tell('acknowledged', { id }))
}

interface Item {
  readonly jid: string
  readonly name?: string
  readonly subscription: string
  readonly pending?: string
  readonly groups?: readonly string[]
}

const itemOf = ({ jid, name, subscription, pending, groups = [] }: Item) => ({
  jid,
  name,
  subscription,
  ask: pending,
  groups,
})

type Online = () => Agent

const rosterVerbs = (online: Online): Verbs => ({
  roster: async () => plain((await answered(online().getRoster())).items.map(itemOf)),
  setItem: order =>
    done(
      online().updateRosterItem({
        jid: text(order, 'jid') ?? '',
        name: text(order, 'name'),
        groups: order.groups as string[],
      } as Parameters<Agent['updateRosterItem']>[0]),
    ),
  removeItem: order => done(online().removeRosterItem(text(order, 'jid') ?? '')),
  async subscription(order) {
    const acts = {
      subscribe: 'subscribe',
      subscribed: 'acceptSubscription',
      unsubscribe: 'unsubscribe',
      unsubscribed: 'denySubscription',
    } as const
    online()[acts[text(order, 'type') as keyof typeof acts]](text(order, 'to') ?? '')
    return null
  },
  async presence(order) {
    const { type, show, status, priority } = order
    const { legacyCapabilities } = online().getCurrentCaps() ?? {} // the library leaves it to its users to tell them
    online().sendPresence({ type, show, status, priority, legacyCapabilities } as Parameters<Agent['sendPresence']>[0])
    return null
  },
  block: order => done(online().block(text(order, 'jid') ?? '')),
  unblock: order => done(online().unblock(text(order, 'jid') ?? '')),
  blocked: async () => plain((await answered(online().getBlocked())).jids),
})

const chatVerbs = (online: Online): Verbs => ({
  async message(order) {
    online().sendMessage({
      to: text(order, 'to'),
      id: text(order, 'id'),
      type: 'chat',
      body: text(order, 'body'),
      chatState: text(order, 'state'),
      receipt: order.receipt === true ? { type: 'request' } : undefined,
    } as Parameters<Agent['sendMessage']>[0])
    return null
  },
  carbons: () => done(online().enableCarbons()),
  async clientState(order) {
    if (order.active) online().markActive()
    else online().markInactive()
    return null
  },
})

const questionVerbs = (online: Online): Verbs => ({
  async info(order) {
    const { identities, features } = await answered(online().getDiscoInfo(asked(order), text(order, 'node')))
    return plain({ identities: identities.map(({ category, type }) => `${category}/${type}`), features })
  },
  items: async order => plain((await answered(online().getDiscoItems(asked(order), text(order, 'node')))).items),
  ping: order => done(online().ping(text(order, 'to'))),
  version: async order => plain(await answered(online().getSoftwareVersion(asked(order)))),
  async time(order) {
    const { utc, tzo } = await answered(online().getTime(asked(order)))
    return plain({ utc, tzo: `${tzo}` })
  },
  async last(order) {
    const { lastActivity } = await answered(
      online().sendIQ({ type: 'get', to: text(order, 'to'), lastActivity: {} } as never),
    )
    return plain(lastActivity)
  },
  async vcard(order) {
    return plain({ name: (await answered(online().getVCard(text(order, 'to') ?? ''))).fullName })
  },
  setVcard: order =>
    done(online().publishVCard({ fullName: text(order, 'name') } as Parameters<Agent['publishVCard']>[0])),
  setBookmark: order =>
    done(
      online().setPrivateData('bookmarks', {
        rooms: [{ jid: text(order, 'jid') ?? '', name: text(order, 'name') ?? '' }],
      }),
    ),
  bookmarks: async () =>
    plain(
      ((await answered(online().getPrivateData('bookmarks')))?.rooms ?? []).map(({ jid, name }) => ({ jid, name })),
    ),
  password: order =>
    done(
      online().updateAccount(`${order.domain}`, {
        username: text(order, 'user') ?? '',
        password: text(order, 'password') ?? '',
      }),
    ),
  async unregister(order) {
    // not waited for the answer, either comes first: the server ends the stream (XEP-0077 §3.2)
    const gone = new Promise(resolve => online().once('disconnected', () => resolve(null)))
    await answered(Promise.race([online().deleteAccount(`${order.domain}`), gone]))
    return null
  },
  commands: async order => plain((await answered(online().getCommands(asked(order)))).items),
  run: order => run(online(), order),
})

const asked = (order: Order) => text(order, 'to') as string // undefined is allowed, too: the own account

interface Ran {
  readonly command: {
    readonly sid?: string
    readonly status?: string
    readonly node?: string
    readonly form?: { readonly fields?: readonly { readonly name: string; readonly value?: unknown }[] }
  }
}

/** The library knows the elements, but has no function for commands. */
async function run(agent: Agent, order: Order): Promise<Json> {
  const to = text(order, 'to')
  const node = text(order, 'node')
  const send = (command: object) =>
    answered(agent.sendIQ({ type: 'set', to, command: { node, ...command } } as never)) as Promise<Ran>
  const { command } = await send({ action: 'execute' })
  if (command.status !== 'executing') return resultOf(command)
  const answers = Object.entries(order.answers ?? {}).map(([name, value]) => ({ name, value: `${value}` }))
  const type = command.form?.fields?.find(({ name }) => name === 'FORM_TYPE')
  const form = { type: 'submit', fields: [{ ...type, type: 'hidden' }, ...answers] }
  return resultOf((await send({ action: 'complete', sid: command.sid, form })).command)
}

const resultOf = ({ status, form }: Ran['command']) =>
  plain({ status, fields: Object.fromEntries((form?.fields ?? []).map(({ name, value }) => [name, `${value}`])) })

function begin(tell: Tell): Verbs {
  let agent: Agent | undefined
  const online = () => {
    if (agent) return agent
    throw new Error('not online')
  }
  return {
    ...rosterVerbs(online),
    ...chatVerbs(online),
    ...questionVerbs(online),
    async login(order) {
      const begun = start(order)
      listen(begun, tell)
      await login(begun)
      agent = begun
      begun.updateCaps()
      await answered(begun.getRoster())
      return { jid: begun.jid }
    },
    async logout() {
      if (!agent?.transport) return null
      const gone = new Promise(resolve => agent?.once('disconnected', () => resolve(null)))
      agent.disconnect()
      await gone
      agent = undefined
      return null
    },
    async cut() {
      const gone = new Promise(resolve => online().once('disconnected', () => resolve(null)))
      ;(online().transport as unknown as { readonly socket: { terminate(): void } }).socket.terminate()
      await gone
      return null
    },
    async resume() {
      const resumed = new Promise((resolve, reject) => {
        online().once('stream:management:resumed', resolve)
        online().once('session:started', reject)
      })
      online().connect()
      await resumed
      return null
    },
  }
}

await serve(begin)
