import { accountRemoved } from '../core/accounts.js'
import { type Awaitable, follow } from '../core/awaitable.js'
import { integer, size } from '../core/config.js'
import {
  type Broadcast,
  blocks,
  broadcasts,
  type Contacts,
  contacts,
  type Departure,
  type RosterAccess,
  rosterAccess,
} from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import { defineModule, type Flows, offer, TAKEN, type Verdict } from '../core/module.js'
import { map, type ValueStore, value } from '../core/stores.js'
import { xml } from '../xml/index.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { PRE_APPROVAL, ROSTER, ROSTER_VERSIONING } from '../xmpp/ns.js'
import { isAddressed } from '../xmpp/stanza.js'
import { Audience } from './audience.js'
import { itemOf, type Kept } from './contact.js'
import { forgetDirected, noteDirected } from './directed.js'
import { type Parts, read, rosterRequests, write } from './iq.js'
import { Presence } from './presence.js'
import { Probes } from './probes.js'
import { pushOf, setInterested } from './pushes.js'
import { type Change, type KeptVersion, Rosters } from './rosters.js'
import { isAct, type State, sees, shows } from './states.js'
import { Subscriptions } from './subscriptions.js'

/** Keeps everybody's contacts, and shows their presence to those who may see it. RFC 6121 §2, §3, §4 */
export const roster = defineModule({
  name: 'roster',
  doc: 'Contact lists, subscriptions and presence (RFC 6121).',
  implements: ['RFC 6121'],
  features: [ROSTER],
  streamFeatures: [xml('ver', { xmlns: ROSTER_VERSIONING }), xml('sub', { xmlns: PRE_APPROVAL })],
  config: {
    maxItems: integer({ default: 1000, min: 1, doc: 'How many contacts one user may have.' }),
    maxName: integer({ default: 500, min: 1, doc: 'The most characters in the name of a contact or of a group.' }),
    maxGroups: integer({ default: 50, doc: 'How many groups one contact may be in.' }),
    maxRequests: integer({ default: 100, min: 1, doc: 'How many subscription requests may wait for one user.' }),
    maxRequestSize: size({
      default: '8 kB',
      doc: 'The largest subscription request that is kept with all it carries.',
    }),
    maxStatus: integer({ default: 1000, doc: 'The most characters of a status that are kept when somebody has gone.' }),
    maxDirected: integer({ default: 1000, min: 1, doc: 'To how many, rooms for instance, one client may be present.' }),
  },
  settingsInPlace: true,
  stores: { contacts: map<Kept | KeptVersion>(), departures: value<Departure>() },
  setup({ config, stores, sessions, router, domains, bus, clock, log, randomId, announce, tryUse }) {
    const { departures } = stores
    const changes = new Set<(account: Jid, change: Change) => void>()
    const followers = new Set<(broadcast: Broadcast) => void>()
    const rosters = new Rosters({ store: stores.contacts, sessions, randomId, followers: changes })
    const audience = new Audience({ rosters, sessions, router, domains, blocks: () => tryUse(blocks) })
    const subscriptions = new Subscriptions({ rosters, audience, sessions, router, limits: config, log })
    const probes = new Probes({ rosters, audience, sessions, router, domains, departures, randomId })
    const presence = new Presence({
      rosters,
      audience,
      probes,
      subscriptions,
      sessions,
      departures,
      clock,
      limits: config,
      followers,
      announce,
    })
    const unsubscribe = bus.subscribe(accountRemoved, account => rosters.remove(parseJid(account)))
    const parts = { rosters, subscriptions, sessions, limits: config }
    return {
      iq: rosterRequests(parts),
      hooks: {
        fromClient: { record: met => sent(met, presence, subscriptions, config.maxDirected) },
        toAccount: { record: met => received(met, probes, subscriptions, sessions) },
      },
      on: {
        // so that everything is there when the first stanza comes
        bound: ({ account }) => rosters.welcome(account),
        closed: session => presence.closed(session),
        erasing: account => subscriptions.farewell(account),
      },
      offers: [
        offer(contacts, contactsOf(rosters, audience, departures)),
        offer(rosterAccess, accessTo(parts, changes)),
        offer(broadcasts, { follow: hear => added(followers, hear) }),
      ],
      facts: account =>
        follow(rosters.of(account), roster => {
          rosters.release(account)
          return { Contacts: String(roster.listed().length) }
        }),
      stop: unsubscribe,
    }
  },
})

function sent(
  { stanza, session }: Flows['fromClient'],
  presence: Presence,
  subscriptions: Subscriptions,
  maxDirected: number,
): Verdict {
  const { kind, type } = stanza
  if (kind !== 'presence') return
  if (isAct(type)) return subscriptions.sent(type, stanza, session.account)
  if (type === 'available' || type === 'unavailable') {
    if (!isAddressed(stanza)) return presence.broadcast(session, stanza)
    noteDirected(session, stanza, maxDirected)
  }
  // a probe or an error for nobody: no reason to answer (§4.3)
  if (!isAddressed(stanza)) return TAKEN
}

function received(
  { stanza, account }: Flows['toAccount'],
  probes: Probes,
  subscriptions: Subscriptions,
  sessions: Directory,
): Verdict {
  const { kind, type, from, to } = stanza
  if (kind !== 'presence') return
  if (type === 'probe') return probes.answer(stanza, account)
  if (isAct(type)) return subscriptions.received(type, stanza, account)
  if (type === 'unavailable')
    for (const session of sessions.of(account)) if (to.isBare || session.jid.equals(to)) forgetDirected(session, from)
}

const accessTo = (parts: Parts, changes: Set<(account: Jid, change: Change) => void>): RosterAccess => ({
  read: (account, query) => read(parts, { payload: query, to: account, session: undefined }),
  write: (account, query) => write(parts, { payload: query, to: account, session: undefined }),
  follow: hear =>
    added(changes, (account, change) => {
      if (change.isPushed) hear(account, pushOf(change))
    }),
  interest: setInterested,
})

/** Puts it in; what comes back takes it out again. */
function added<T>(set: Set<T>, one: T): () => void {
  set.add(one)
  return () => void set.delete(one)
}

function contactsOf(rosters: Rosters, audience: Audience, departures: ValueStore<Departure>): Contacts {
  /** Everybody sees themselves. */
  const knows = (account: Jid, contact: Jid, holds: (state: State) => boolean): Awaitable<boolean> =>
    account.equals(contact.bare) || follow(rosters.contact(account, contact.bare), ({ state }) => holds(state))
  return {
    seesPresence: (account, contact) => knows(account, contact, shows),
    showsPresence: (account, contact) => knows(account, contact, sees),
    hide: (account, contact) => audience.hide(account, contact),
    show: (account, contact) => audience.show(account, contact),
    items: account => follow(rosters.of(account), roster => roster.listed().map(itemOf)),
    departure: account => departures.get(account),
  }
}
