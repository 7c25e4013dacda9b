/** What a server has, so that a script about something else is left out, and the report says why. */
import { Client } from './client.js'
import { authenticate, bind, connectSecurely, mechanismsOf } from './login.js'
import type { Stage } from './player.js'
import { type Element, elementsOf, textOf } from './xml.js'

export interface Abilities {
  /** Why a script that needs this cannot be played; undefined if it can. */
  missing(need: string): string | undefined
}

/** Asks as an account of its own. */
export async function learn(stage: Stage): Promise<Abilities> {
  const { address } = stage
  const client = new Client('probe', await stage.newAccount('probe'), address, () => {})
  const raw = new Client('probe', client.account, address, () => {})
  try {
    const had = new Set(stage.accounts.keys())
    if (stage.component) had.add('component')
    if (address.transport === 'plain') had.add('no tls')
    else had.add('tls')
    had.add(`transport ${address.transport}`)
    await raw.connect()
    note(had, await raw.open())
    await connectSecurely(client)
    const before = await client.open()
    note(had, before)
    for (const mechanism of mechanismsOf(before)) had.add(`mechanism ${mechanism}`)
    await authenticate(client)
    note(had, await client.open())
    await bind(client)
    for (const feature of await featuresOf(client, address.domain)) had.add(`feature ${feature}`)
    for (const feature of await featuresOf(client, client.account.jid)) had.add(`account feature ${feature}`)
    return { missing: need => (had.has(need) ? undefined : `the server has no ${need}`) }
  } finally {
    client.leave()
    raw.leave()
  }
}

function note(had: Set<string>, features: Element): void {
  for (const { ns } of elementsOf(features)) had.add(`stream feature ${ns}`)
}

async function featuresOf(client: Client, jid: string): Promise<readonly string[]> {
  const id = `disco-${jid.length}`
  const answer = await client.ask(
    `<iq type='get' id='${id}' to='${jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    id,
  )
  return elementsOf(answer)
    .flatMap(elementsOf)
    .filter(({ name }) => name === 'feature')
    .map(feature => feature.attrs.get('var') ?? textOf(feature))
}
