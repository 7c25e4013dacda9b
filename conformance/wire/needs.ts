/** What a server has, so that a script about something else is left out, and the report says why. */
import { Client, Difference } from './client.js'
import type { Address } from './link.js'
import { authenticate, bind, connectSecurely, logIn, mechanismsOf } from './login.js'
import type { Stage } from './player.js'
import { childOf, type Element, elementsOf, textOf } from './xml.js'

export interface Abilities {
  /** Why a script that needs this cannot be played; undefined if it can. */
  missing(need: string): string | undefined
}

/** What a script needs that others would feel: it is played when no other is. */
export const SOLITUDE = 'solitude'

/** Asks as an account of its own, and as the administrator if there is one. */
export async function learn(stage: Stage): Promise<Abilities> {
  const { address } = stage
  const client = new Client('probe', await stage.newAccount('probe'), address, () => {})
  const raw = new Client('probe', client.account, address, () => {})
  try {
    const had = new Set([...stage.accounts.keys(), SOLITUDE, ...(stage.has ?? [])])
    if (stage.component) had.add('component')
    if (address.transport !== 'plain') had.add('tls')
    had.add(`transport ${address.transport}`)
    await raw.connect()
    note(had, await raw.open())
    await connectSecurely(client)
    const before = await client.open()
    note(had, before)
    for (const mechanism of mechanismsOf(before)) had.add(`mechanism ${mechanism}`)
    await authenticate(client)
    if (client.isProtected) had.add('protected logins')
    note(had, await client.open())
    await bind(client, 'probe')
    await learnFrom(client, address.domain, '', had)
    await learnFrom(client, client.account.jid, 'account ', had)
    for (const item of await asked(client, address.domain, `<query xmlns='${DISCO}#items'/>`))
      await learnFrom(client, item.attrs.get('jid') ?? '', 'service ', had)
    await learnCommands(stage, had)
    if (await takesOver(client, address)) had.add('takeover')
    return { missing: need => missingAmong(had, need) }
  } finally {
    client.leave()
    raw.leave()
  }
}

function missingAmong(had: ReadonlySet<string>, need: string): string | undefined {
  const [, unwanted] = /^no (.+)$/.exec(need) ?? []
  if (unwanted !== undefined) return had.has(unwanted) ? `the server has ${unwanted}` : undefined
  return had.has(need) ? undefined : `the server has no ${need}`
}

function note(had: Set<string>, features: Element): void {
  for (const { ns } of elementsOf(features)) had.add(`stream feature ${ns}`)
  const binding = elementsOf(features).find(({ name }) => name === 'sasl-channel-binding')
  for (const { attrs } of binding ? elementsOf(binding) : []) had.add(`binding ${attrs.get('type')}`)
  const startTls = elementsOf(features).find(({ name }) => name === 'starttls')
  if (startTls && childOf(startTls, 'required')) had.add('required tls')
}

/** Whether who binds a resource that is in use gets it, and the client before is cut off (RFC 6120 §7.7.2.2). */
async function takesOver({ account, jid }: Client, address: Address): Promise<boolean> {
  const client = new Client('probe', account, address, () => {})
  try {
    await logIn(client, 'probe')
    return client.jid === jid
  } catch (fault) {
    if (fault instanceof Difference) return false
    throw fault
  } finally {
    client.leave()
  }
}

/** The features and forms of an entity. XEP-0030 §3.1, XEP-0128 §2 */
async function learnFrom(client: Client, jid: string, whose: string, had: Set<string>): Promise<void> {
  for (const child of await asked(client, jid, `<query xmlns='${DISCO}#info'/>`)) {
    if (child.name === 'feature') had.add(`${whose}feature ${child.attrs.get('var')}`)
    if (child.name === 'identity') had.add(`${whose}identity ${child.attrs.get('category')}/${child.attrs.get('type')}`)
    const formType = elementsOf(child).find(field => field.attrs.get('var') === 'FORM_TYPE')
    if (formType) had.add(`${whose}form ${elementsOf(formType).map(textOf).join()}`)
  }
}

/** The commands that the administrator may run at the server, and at the own account. XEP-0050 §2.2 */
async function learnCommands({ accounts, address }: Stage, had: Set<string>): Promise<void> {
  const account = accounts.get('admin')
  if (!account) return
  const admin = new Client('admin', account, address, () => {})
  const request = `<query xmlns='${DISCO}#items' node='http://jabber.org/protocol/commands'/>`
  try {
    await logIn(admin)
    for (const item of await asked(admin, address.domain, request)) had.add(`command ${item.attrs.get('node')}`)
    for (const item of await asked(admin, account.jid, request)) had.add(`account command ${item.attrs.get('node')}`)
  } finally {
    admin.leave()
  }
}

const DISCO = 'http://jabber.org/protocol/disco'

/** What is in the answer, if there is one and no error. */
async function asked(client: Client, to: string, query: string): Promise<readonly Element[]> {
  const id = `learn-${to.length}-${query.length}`
  const answer = await client.ask(`<iq type='get' id='${id}' to='${to}'>${query}</iq>`, id)
  return answer.attrs.get('type') === 'result' ? elementsOf(answer).flatMap(elementsOf) : []
}
