import { type Element, elements, is, textOf } from '../xml/index.js'
import { badRequest, jidMalformed, notAcceptable, notAllowed } from '../xmpp/errors.js'
import { type Jid, tryParseJid } from '../xmpp/jid.js'
import { ROSTER } from '../xmpp/ns.js'

export interface ItemLimits {
  readonly maxName: number
  readonly maxGroups: number
}

/** What the user calls a contact. */
export interface Naming {
  readonly name: string
  readonly groups: readonly string[]
}

/** What a client wants done with a contact; without a naming, that it be taken off the roster. */
export interface Wish {
  readonly jid: Jid
  readonly naming: Naming | undefined
}

/**
 * Reads a roster set (RFC 6121 §2.1.5, §2.3.3). Of the values of `subscription` only "remove" counts, and `ask` and
 * `approved` are not the client's to say (§2.1.2).
 */
export function readWish(query: Element, account: Jid, limits: ItemLimits): Wish {
  const [item, ...others] = elements(query).filter(el => is(el, 'item', ROSTER))
  if (!item || others.length > 0) throw badRequest('exactly one item')
  const jid = readJid(item, account)
  return { jid, naming: item.attrs.subscription === 'remove' ? undefined : readNaming(item, limits) }
}

function readJid(item: Element, account: Jid): Jid {
  if (item.attrs.jid === undefined) throw badRequest('an item without a jid')
  const jid = tryParseJid(item.attrs.jid)
  if (!jid) throw jidMalformed()
  if (!jid.isBare) throw badRequest('subscriptions are between bare JIDs')
  if (jid.equals(account)) throw notAllowed('nobody is their own contact')
  return jid
}

function readNaming(item: Element, { maxName, maxGroups }: ItemLimits): Naming {
  const name = item.attrs.name ?? ''
  const groups = elements(item)
    .filter(el => is(el, 'group', ROSTER))
    .map(textOf)
  if (name.length > maxName) throw notAcceptable(`a name has at most ${maxName} characters`)
  if (groups.length > maxGroups) throw notAcceptable(`a contact is in at most ${maxGroups} groups`)
  for (const group of groups)
    if (group === '' || group.length > maxName) throw notAcceptable(`a group's name has 1 to ${maxName} characters`)
  if (new Set(groups.map(group => group.normalize())).size < groups.length) throw badRequest('the same group twice')
  // a copy, since these stay: what was parsed keeps alive all that was read with it
  return structuredClone({ name, groups })
}
