/** Romeo's phone and what Juliet does, for the tests of client state indication. */
import { settled } from '../../test/kit.js'
import { bodyOf, isElement, type Wire } from '../../test/stream-client.js'
import { type StreamKitOptions, together } from '../../test/stream-kit.js'
import { child, type Element } from '../xml/index.js'
import { CHAT_STATES, CLIENT_STATE, RECEIPTS } from '../xmpp/ns.js'

export const ROMEO = 'romeo@verona.example/balcony'
export const ACTIVE = `<active xmlns='${CLIENT_STATE}'/>`
export const INACTIVE = `<inactive xmlns='${CLIENT_STATE}'/>`

export const shows = (show: string): string => `<presence to='${ROMEO}'><show>${show}</show></presence>`
export const GONE = `<presence to='${ROMEO}' type='unavailable'/>`
export const state = (name: string): string =>
  `<message type='chat' to='${ROMEO}'><${name} xmlns='${CHAT_STATES}'/></message>`
export const receipt = (id: string): string =>
  `<message type='chat' to='${ROMEO}'><received xmlns='${RECEIPTS}' id='${id}'/></message>`

/** What has come, in words: `away`, `unavailable`, `composing`, `received 1`, or what was said. */
export const inWords = (el: Element): string => {
  if (el.name === 'presence') return child(el, 'show')?.getText() ?? el.attrs.type ?? 'available'
  if (el.name !== 'message') return el.name
  const body = bodyOf(el)
  const [payload] = el.getChildElements()
  return body !== '' ? body : [payload?.name, payload?.attrs.id].filter(word => word !== undefined).join(' ')
}

export const come = (wire: Wire): string[] => wire.takesAll().filter(isElement).map(inWords)

/** Romeo's phone is in his pocket, and Juliet is there. */
export async function pocketed(options: StreamKitOptions = {}, attrs?: string) {
  const all = await together(options, attrs)
  all.romeo.send(INACTIVE)
  await settled()
  return all
}

/** She does all this, and it is dealt with. */
export async function does(juliet: Wire, ...what: readonly string[]): Promise<void> {
  juliet.send(...what)
  await juliet.pings()
  await settled()
}
