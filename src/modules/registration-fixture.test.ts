import assert from 'node:assert/strict'
import { conditionOf } from '../../test/kit.js'
import { base64, isElement, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { roster } from '../roster/index.js'
import { child, type Element } from '../xml/index.js'
import { REGISTER, SASL } from '../xmpp/ns.js'
import { registration } from './registration.js'

export const OPEN = { open: true }

export const start = (settings: object = OPEN, options: Partial<Parameters<typeof StreamKit.start>[0]> = {}) =>
  StreamKit.start({ modules: [roster, registration], kit: { settings: { registration: settings } }, ...options })

/** A stream on which nobody has logged in. */
export async function stranger(kit: StreamKit, how: { readonly isLocal?: boolean } = {}): Promise<Wire> {
  const wire = kit.connects(how)
  await wire.opens()
  return wire
}

export async function asks(wire: Wire, type: 'get' | 'set', payload = '', attrs = ''): Promise<Element> {
  wire.send(`<iq type='${type}' id='reg' ${attrs}><query xmlns='${REGISTER}'>${payload}</query></iq>`)
  return answerTo(wire, 'reg')
}

/** The answer to a request; what comes before it stays unread. */
export async function answerTo(wire: Wire, id: string): Promise<Element> {
  const answer = await wire.finds(event => isElement(event) && event.name === 'iq' && event.attrs.id === id)
  assert.ok(isElement(answer))
  return answer
}

export const named = (name: string, password = 'A rose by any other name', more = '') =>
  `<username>${name}</username><password>${password}</password>${more}`

export const registers = (wire: Wire, name: string, password?: string) => asks(wire, 'set', named(name, password))

/** The error in words, as both old and new clients read it: `conflict cancel 409`. */
export function inWords(answer: Element): string {
  const error = child(answer, 'error')
  return `${conditionOf(answer)} ${error?.attrs.type} ${error?.attrs.code}`
}

export async function logsIn(kit: StreamKit, name: string, password: string): Promise<boolean> {
  const wire = await stranger(kit)
  wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(`\0${name}\0${password}`)}</auth>`)
  const answer = await wire.finds(() => true)
  await wire.cuts()
  return 'name' in answer && answer.name === 'success'
}
