/** @xmpp/client: streams, logins and stream management are its own; extensions are written by its users. */
import process from 'node:process'
import { type Client, client } from '@xmpp/client'
import { type Element, xml } from '@xmpp/xml'
import { WebSocket } from 'ws'
import type { Order } from '../protocol.js'
import { Refused, serve, type Tell, text, type Verbs } from './lines.js'
import { type Tree, tree } from './tree.js'
import { type Link, notice, takePushes, treeVerbs } from './tree-verbs.js'

const SM = 'urn:xmpp:sm:3'

// Node has none of its own before version 22
Object.assign(globalThis, { WebSocket })

const toLibrary = ({ name, attrs, children }: Tree): Element =>
  xml(name, attrs, ...children.map(part => (typeof part === 'string' ? part : toLibrary(part))))

const fromLibrary = (element: Element): Tree =>
  tree(
    element.name,
    { ...element.attrs, xmlns: element.getNS() },
    ...element.children.map(part => (typeof part === 'string' ? part : fromLibrary(part))),
  )

function linkTo(xmpp: Client): Link {
  return {
    async iq(type, to, payload) {
      const answer = await xmpp.iqCaller
        .request(xml('iq', { type, ...(to && { to }) }, toLibrary(payload)))
        .catch(refusal)
      const [first] = answer.getChildElements()
      return first && fromLibrary(first)
    },
    send: stanza => xmpp.send(toLibrary(stanza)),
    takes: (type, name, xmlns, then) =>
      xmpp.iqCallee[type](xmlns, name, ({ element }) => {
        then(fromLibrary(element))
        return true
      }),
  }
}

/** What the library throws for an error of the server has its condition. */
function refusal(fault: { readonly condition?: string; readonly type?: string }): never {
  if (fault.condition === undefined) throw fault
  throw new Refused({ condition: fault.condition, ...(fault.type && { type: fault.type }) })
}

const service = (order: Order) =>
  order.transport === 'plain'
    ? `${text(order, 'url')}`
    : `${order.transport === 'direct TLS' ? 'xmpps' : 'xmpp'}://${text(order, 'host')}:${order.port}`

function begin(tell: Tell): Verbs {
  let xmpp: Client | undefined
  const online = () => {
    if (xmpp) return xmpp
    throw new Error('not online')
  }
  return {
    ...treeVerbs(() => linkTo(online())),
    async login(order) {
      const { domain, user, resource } = partsOf(text(order, 'jid') ?? '')
      const mechanism = text(order, 'mechanism')
      const password = text(order, 'password') ?? ''
      const started = client({
        service: service(order),
        domain,
        username: user,
        resource,
        credentials: (authenticate, offered) =>
          authenticate({ username: user, password }, mechanism ?? offered[0] ?? ''),
      })
      started.timeout = 10_000 // it gives up after two seconds, which a busy machine may take
      started.reconnect.stop() // a person decides
      started.streamManagement.on('ack', (stanza: Element) => tell('acknowledged', { id: stanza.attrs.id }))
      started.on('error', () => {}) // told by what is missing then
      countReplies(started)
      const managed = managesStream(started)
      const jid = await started.start().catch(refusal)
      await managed
      xmpp = started
      const link = linkTo(started)
      takePushes(link, tell)
      started.on('stanza', (stanza: Element) => stanza.name !== 'iq' && notice(fromLibrary(stanza), link, tell))
      await link.iq('get', undefined, tree('query', { xmlns: 'jabber:iq:roster' }))
      return { jid: `${jid}` }
    },
    async logout() {
      await xmpp?.stop()
      xmpp = undefined
      return null
    },
    async cut() {
      const gone = new Promise(resolve => online().once('disconnect', resolve))
      let carrier = online().socket
      while (carrier?.socket) carrier = carrier.socket
      if (carrier?.terminate) carrier.terminate()
      else carrier?.destroy?.()
      await gone
      return null
    },
    async resume() {
      const resumed = new Promise(resolve => online().streamManagement.once('resumed', resolve))
      await online().reconnect.reconnect()
      await resumed
      return null
    },
  }
}

/**
 * Resolves when it is known whether there is stream management. What the library is given to send before that it counts
 * wrongly: its acknowledgements are then too high.
 */
function managesStream(xmpp: Client): Promise<void> {
  return new Promise(resolve =>
    xmpp.on('element', (element: Element) => {
      const offersNone = element.name === 'stream:features' && element.getChild('bind') && !element.getChild('sm', SM)
      if (offersNone || element.is('enabled', SM) || element.is('failed', SM)) resolve()
    }),
  )
}

/**
 * The library does not count answers to its own requests, so that its acknowledgements are too low, and all that it did
 * not count would come a second time when it resumes.
 */
function countReplies(xmpp: Client): void {
  xmpp.on('element', ({ name, attrs: { type } }: Element) => {
    const sm = xmpp.streamManagement
    if (sm.enabled && name === 'iq' && (type === 'result' || type === 'error')) sm.inbound++
  })
}

function partsOf(jid: string) {
  const [bare = '', resource = ''] = jid.split('/')
  const [user = '', domain = ''] = bare.split('@')
  return { user, domain, resource }
}

// a refused login rejects what nobody has, besides what start() gives
process.on('unhandledRejection', fault => console.error(fault))
await serve(begin)
