import { type Client, el, Kit, type KitOptions, settled } from '../../test/kit.js'
import { child, type Element, elements, textOf } from '../xml/index.js'
import { roster } from './index.js'

/** A server with rosters and presence, where Romeo, Juliet and the nurse have accounts. */
export const verona = (options: Partial<KitOptions> = {}): Promise<Kit> => Kit.start({ modules: [roster], ...options })

export const at = (name: string): string => `${name}@verona.example`

export const QUERY = el`<query xmlns='jabber:iq:roster'/>`

/** A resource that follows its roster and is available, and has read what that brought. */
export async function arrives(kit: Kit, name: string, presence?: Element): Promise<Client> {
  const client = await kit.connects(name)
  await client.asks('get', QUERY)
  await client.sends(presence ?? el`<presence/>`)
  await settled()
  client.received.length = 0
  return client
}

export async function says(client: Client, type: string, to: string): Promise<void> {
  await client.sends(el`<presence type='${type}' to='${at(to)}'/>`)
  await settled()
}

/** The first sees the second from now on. */
export async function follows(fan: Client, star: Client): Promise<void> {
  await says(fan, 'subscribe', star.jid.local)
  await says(star, 'subscribed', fan.jid.local)
  fan.kit.forget()
}

export async function befriends(one: Client, other: Client): Promise<void> {
  await follows(one, other)
  await follows(other, one)
}

/** An item in words: `juliet both`, `juliet none asks`, `juliet none approved`, with the name and groups if it has. */
export function inWords(item: Element): string {
  const { jid = '', subscription = '', ask, approved, name } = item.attrs
  const groups = elements(item).map(textOf)
  return [
    jid.replace('@verona.example', ''),
    subscription,
    ask && 'asks',
    approved && 'approved',
    name && `"${name}"`,
    groups.length > 0 && `(${groups.join(', ')})`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** The whole roster, each item in words. */
export async function rosterOf(client: Client): Promise<string[]> {
  const query = child(await client.asks('get', QUERY), 'query')
  return query ? elements(query).map(inWords) : []
}

/** The items pushed since then, in words. */
export const pushes = (client: Client): string[] =>
  client
    .takesAll('iq')
    .filter(({ attrs }) => attrs.type === 'set')
    .map(iq => inWords(itemIn(iq)))

function itemIn(iq: Element): Element {
  const item = child(iq, 'query')?.getChildElements()[0]
  if (!item) throw new Error(`${iq} is no roster push`)
  return item
}

/** The presence that has come since then, in words: `subscribe romeo`, `available romeo/home`. */
export const hears = (client: Client): string[] => client.takesAll('presence').map(presenceInWords)

/** Everything that has come since then, in words and in order. */
export const reads = (client: Client): string[] =>
  client.received
    .splice(0)
    .map(stanza => (stanza.name === 'presence' ? presenceInWords(stanza) : `push ${inWords(itemIn(stanza))}`))

const presenceInWords = ({ attrs: { type = 'available', from = '' } }: Element): string =>
  `${type} ${from.replace('@verona.example', '')}`
