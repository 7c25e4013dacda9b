/** A chat client on @xmpp/client. One JSON object a line: commands on stdin, answers and what happens on stdout. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { type Client, client } from '@xmpp/client'
import { type Element, xml } from '@xmpp/xml'

type Command = Readonly<Record<string, string>>

const tell = (fact: object) => process.stdout.write(`${JSON.stringify(fact)}\n`)
const bare = (jid = '') => jid.replace(/\/.*$/s, '')

let xmpp: Client | undefined
const online = () => {
  if (xmpp) return xmpp
  throw new Error('not online')
}

const commands: Readonly<Record<string, (command: Command) => Promise<unknown>>> = {
  async online({ jid = '', password = '', host = '', port = '' }) {
    const [username = '', domain = ''] = jid.split('@')
    xmpp = client({ service: `xmpp://${host}:${port}`, domain, username, password, resource: 'xmppjs' })
    xmpp.timeout = 15_000 // it gives up after two seconds, which a busy machine may take
    xmpp.on('error', (fault: Error) => tell({ event: 'fault', text: `${fault}` }))
    xmpp.on('stanza', notice)
    await xmpp.start()
    if (!xmpp.isSecure()) throw new Error('the server let us in without TLS')
    await xmpp.iqCaller.request(xml('iq', { type: 'get' }, xml('query', { xmlns: 'jabber:iq:roster' })))
    await xmpp.send(xml('presence'))
  },
  async offline() {
    await online().stop()
    xmpp = undefined
  },
  status: ({ show, text }) =>
    online().send(xml('presence', {}, show && xml('show', {}, show), text && xml('status', {}, text))),
  ask: ({ to }) => online().send(xml('presence', { type: 'subscribe', to })),
  approve: ({ to }) => online().send(xml('presence', { type: 'subscribed', to })),
  say: ({ to, body }) =>
    online().send(xml('message', { type: 'chat', to, id: `${Date.now()}` }, xml('body', {}, body))),
  block: ({ jid }) => blocking('block', jid),
  unblock: ({ jid }) => blocking('unblock', jid),
}

const blocking = (name: 'block' | 'unblock', jid: string | undefined) =>
  online().iqCaller.request(xml('iq', { type: 'set' }, xml(name, { xmlns: 'urn:xmpp:blocking' }, xml('item', { jid }))))

function notice(stanza: Element) {
  const { type, from } = stanza.attrs
  const by = bare(from)
  const text = (name: string) => stanza.getChild(name)?.getText()
  if (stanza.name === 'message' && type === 'error') {
    const condition = stanza.getChild('error')?.getChildElements()[0]?.name
    tell({ event: 'refusal', by, condition })
  } else if (stanza.name === 'message' && stanza.getChild('body')) {
    const delay = stanza.getChild('delay', 'urn:xmpp:delay')?.attrs.stamp
    tell({ event: 'message', by, body: text('body'), delay })
  } else if (stanza.name === 'presence' && type === 'subscribe') {
    tell({ event: 'request', by })
  } else if (stanza.name === 'presence' && (type === undefined || type === 'unavailable')) {
    tell({ event: 'presence', by, show: type ? 'offline' : (text('show') ?? 'online'), status: text('status') })
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: name = '', ...command }: Command = JSON.parse(line)
  try {
    await commands[name]?.(command)
    tell({ id })
  } catch (fault) {
    tell({ id, fault: `${fault}` })
  }
}
if (xmpp) await xmpp.stop()
