/** The verbs for libraries that leave extensions to their users: these write and read the elements. */
import type { Json, Order } from '../protocol.js'
import { type Tell, text, type Verbs } from './lines.js'
import { child, elements, type Tree, textOf, tree } from './tree.js'

const NS = {
  roster: 'jabber:iq:roster',
  info: 'http://jabber.org/protocol/disco#info',
  items: 'http://jabber.org/protocol/disco#items',
  states: 'http://jabber.org/protocol/chatstates',
  receipts: 'urn:xmpp:receipts',
  carbons: 'urn:xmpp:carbons:2',
  forward: 'urn:xmpp:forward:0',
  ping: 'urn:xmpp:ping',
  version: 'jabber:iq:version',
  time: 'urn:xmpp:time',
  vcard: 'vcard-temp',
  private: 'jabber:iq:private',
  bookmarks: 'storage:bookmarks',
  blocking: 'urn:xmpp:blocking',
  last: 'jabber:iq:last',
  commands: 'http://jabber.org/protocol/commands',
  forms: 'jabber:x:data',
  register: 'jabber:iq:register',
  csi: 'urn:xmpp:csi:0',
  delay: 'urn:xmpp:delay',
}

/** What a library has for those who write elements. */
export interface Link {
  /** The payload of the answer; throws a `Refused`. */
  iq(type: 'get' | 'set', to: string | undefined, payload: Tree): Promise<Tree | undefined>
  send(stanza: Tree): Promise<void>
  /** Answers requests of that kind with an empty result, and tells of them. */
  takes(type: 'get' | 'set', name: string, xmlns: string, then: (payload: Tree) => void): void
}

export const treeVerbs = (link: () => Link): Verbs => ({
  ...rosterVerbs(link),
  ...chatVerbs(link),
  ...questionVerbs(link),
  ...accountVerbs(link),
  ...commandVerbs(link),
})

const rosterVerbs = (link: () => Link): Verbs => ({
  async roster() {
    return elements(await link().iq('get', undefined, tree('query', { xmlns: NS.roster }))).map(itemOf)
  },
  async setItem(order) {
    const groups = Array.isArray(order.groups) ? order.groups : []
    const item = tree(
      'item',
      { jid: text(order, 'jid'), name: text(order, 'name') },
      ...groups.map(g => tree('group', {}, `${g}`)),
    )
    await link().iq('set', undefined, tree('query', { xmlns: NS.roster }, item))
    return null
  },
  async removeItem(order) {
    const item = tree('item', { jid: text(order, 'jid'), subscription: 'remove' })
    await link().iq('set', undefined, tree('query', { xmlns: NS.roster }, item))
    return null
  },
  async subscription(order) {
    await link().send(tree('presence', { to: text(order, 'to'), type: text(order, 'type') }))
    return null
  },
  async presence(order) {
    const parts = ['show', 'status', 'priority'].map(name => {
      const value = text(order, name)
      return value === undefined ? undefined : tree(name, {}, value)
    })
    await link().send(tree('presence', { type: text(order, 'type') }, ...parts))
    return null
  },
  ...Object.fromEntries(
    ['block', 'unblock'].map(name => [
      name,
      async (order: Order) => {
        await link().iq('set', undefined, tree(name, { xmlns: NS.blocking }, tree('item', { jid: text(order, 'jid') })))
        return null
      },
    ]),
  ),
  async blocked() {
    const list = await link().iq('get', undefined, tree('blocklist', { xmlns: NS.blocking }))
    return elements(list).map(({ attrs }) => attrs.jid ?? '')
  },
})

const chatVerbs = (link: () => Link): Verbs => ({
  async message(order) {
    const [body, state] = [text(order, 'body'), text(order, 'state')]
    await link().send(
      tree(
        'message',
        { to: text(order, 'to'), id: text(order, 'id'), type: 'chat' },
        body === undefined ? undefined : tree('body', {}, body),
        state === undefined ? undefined : tree(state, { xmlns: NS.states }),
        order.receipt === true ? tree('request', { xmlns: NS.receipts }) : undefined,
      ),
    )
    return null
  },
  async carbons() {
    await link().iq('set', undefined, tree('enable', { xmlns: NS.carbons }))
    return null
  },
  async clientState(order) {
    await link().send(tree(order.active === true ? 'active' : 'inactive', { xmlns: NS.csi }))
    return null
  },
})

const questionVerbs = (link: () => Link): Verbs => ({
  async info(order) {
    const info = await link().iq('get', text(order, 'to'), tree('query', { xmlns: NS.info, node: text(order, 'node') }))
    return {
      identities: elements(info)
        .filter(({ name }) => name === 'identity')
        .map(({ attrs }) => `${attrs.category}/${attrs.type}`),
      features: elements(info)
        .filter(({ name }) => name === 'feature')
        .map(({ attrs }) => attrs.var ?? ''),
    }
  },
  async items(order) {
    return itemsOf(
      await link().iq('get', text(order, 'to'), tree('query', { xmlns: NS.items, node: text(order, 'node') })),
    )
  },
  async ping(order) {
    await link().iq('get', text(order, 'to'), tree('ping', { xmlns: NS.ping }))
    return null
  },
  async version(order) {
    const query = await link().iq('get', text(order, 'to'), tree('query', { xmlns: NS.version }))
    return { name: textOf(child(query, 'name')), version: textOf(child(query, 'version')) }
  },
  async time(order) {
    const time = await link().iq('get', text(order, 'to'), tree('time', { xmlns: NS.time }))
    return { utc: textOf(child(time, 'utc')), tzo: textOf(child(time, 'tzo')) }
  },
  async last(order) {
    const query = await link().iq('get', text(order, 'to'), tree('query', { xmlns: NS.last }))
    return { seconds: Number(query?.attrs.seconds) }
  },
})

const accountVerbs = (link: () => Link): Verbs => ({
  async vcard(order) {
    const vcard = await link().iq('get', text(order, 'to'), tree('vCard', { xmlns: NS.vcard }))
    return { name: textOf(child(vcard, 'FN')) }
  },
  async setVcard(order) {
    await link().iq('set', undefined, tree('vCard', { xmlns: NS.vcard }, tree('FN', {}, text(order, 'name'))))
    return null
  },
  async setBookmark(order) {
    const conference = tree('conference', { jid: text(order, 'jid'), name: text(order, 'name') })
    const storage = tree('storage', { xmlns: NS.bookmarks }, conference)
    await link().iq('set', undefined, tree('query', { xmlns: NS.private }, storage))
    return null
  },
  async bookmarks() {
    const empty = tree('storage', { xmlns: NS.bookmarks })
    const query = await link().iq('get', undefined, tree('query', { xmlns: NS.private }, empty))
    return elements(child(query, 'storage', NS.bookmarks)).map(({ attrs }) => ({ jid: attrs.jid, name: attrs.name }))
  },
  async password(order) {
    const [user, password] = [text(order, 'user'), text(order, 'password')]
    await link().iq(
      'set',
      undefined,
      tree('query', { xmlns: NS.register }, tree('username', {}, user), tree('password', {}, password)),
    )
    return null
  },
  async unregister() {
    await link().iq('set', undefined, tree('query', { xmlns: NS.register }, tree('remove')))
    return null
  },
})

const commandVerbs = (link: () => Link): Verbs => ({
  async commands(order) {
    return itemsOf(await link().iq('get', text(order, 'to'), tree('query', { xmlns: NS.items, node: NS.commands })))
  },
  async run(order) {
    const [to, node] = [text(order, 'to'), text(order, 'node')]
    const begun = await link().iq('set', to, tree('command', { xmlns: NS.commands, node, action: 'execute' }))
    if (begun?.attrs.status !== 'executing') return { status: begun?.attrs.status, fields: fieldsOf(begun) }
    const answers = Object.entries(order.answers ?? {}).map(([name, value]) =>
      tree('field', { var: name }, tree('value', {}, `${value}`)),
    )
    const type = tree('field', { var: 'FORM_TYPE', type: 'hidden' }, tree('value', {}, fieldsOf(begun).FORM_TYPE))
    const form = tree('x', { xmlns: NS.forms, type: 'submit' }, type, ...answers)
    const ended = await link().iq(
      'set',
      to,
      tree('command', { xmlns: NS.commands, node, sessionid: begun.attrs.sessionid, action: 'complete' }, form),
    )
    return { status: ended?.attrs.status, fields: fieldsOf(ended) }
  },
})

const itemOf = (item: Tree): Json => ({
  jid: item.attrs.jid,
  name: item.attrs.name,
  subscription: item.attrs.subscription,
  ask: item.attrs.ask,
  groups: elements(item).map(group => textOf(group) ?? ''),
})

const itemsOf = (query: Tree | undefined): Json =>
  elements(query).map(({ attrs }) => ({ jid: attrs.jid, node: attrs.node, name: attrs.name }))

const fieldsOf = (command: Tree | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    elements(child(command, 'x', NS.forms))
      .filter(({ name }) => name === 'field')
      .map(field => [field.attrs.var ?? '', textOf(child(field, 'value')) ?? '']),
  )

/** Has the requests of the server answered and told. */
export function takePushes(link: Link, tell: Tell): void {
  link.takes('set', 'query', NS.roster, query => {
    for (const item of elements(query)) tell('roster', itemOf(item) as Readonly<Record<string, Json>>)
  })
  for (const name of ['block', 'unblock']) {
    link.takes('set', name, NS.blocking, list =>
      tell(name, { jids: elements(list).map(({ attrs }) => attrs.jid ?? '') }),
    )
  }
}

/** Tells of a message or a presence, and answers requests for a receipt (XEP-0184 §5). */
export function notice(stanza: Tree, link: Link, tell: Tell): void {
  const { from, to, id, type = stanza.name === 'message' ? 'normal' : 'available' } = stanza.attrs
  if (type === 'error') {
    const error = child(stanza, 'error')
    tell('refusal', { from, id, condition: elements(error)[0]?.name, type: error?.attrs.type })
  } else if (stanza.name === 'presence') {
    const [show, status, priority] = ['show', 'status', 'priority'].map(name => textOf(child(stanza, name)))
    tell('presence', { from, type, show, status, priority: Number(priority ?? 0) })
  } else if (stanza.name === 'message') {
    const carbon = child(stanza, 'received', NS.carbons) ?? child(stanza, 'sent', NS.carbons)
    if (carbon) {
      const copy = child(child(carbon, 'forwarded', NS.forward), 'message')
      tell('carbon', {
        direction: carbon.name,
        by: from,
        from: copy?.attrs.from,
        to: copy?.attrs.to,
        body: textOf(child(copy, 'body')),
      })
      return
    }
    const receipt = child(stanza, 'received', NS.receipts)
    if (receipt) return tell('receipt', { from, id: receipt.attrs.id })
    const state = elements(stanza).find(({ attrs }) => attrs.xmlns === NS.states)?.name
    tell('message', {
      from,
      to,
      id,
      body: textOf(child(stanza, 'body')),
      state,
      sentAt: child(stanza, 'delay', NS.delay)?.attrs.stamp,
    })
    if (child(stanza, 'request', NS.receipts))
      void link.send(tree('message', { to: from, type }, tree('received', { xmlns: NS.receipts, id })))
  }
}
