import { disabledAccounts } from '../core/accounts.js'
import type { Answer, AnswerField } from '../core/ad-hoc.js'
import {
  countForm,
  GET_USER_LAST_LOGIN,
  GET_USER_ROSTER,
  KINDS,
  type Kind,
  listForm,
  USER_STATS,
} from '../core/admin-forms.js'
import { integer } from '../core/config.js'
import { contacts } from '../core/contacts.js'
import type { Directory } from '../core/directory.js'
import { type Argument, type Arguments, type Command, CommandError, defineModule, type Table } from '../core/module.js'
import type { Session } from '../core/session.js'
import { value } from '../core/stores.js'
import { child, type Element, textOf, xml } from '../xml/index.js'
import { formatDateTime } from '../xmpp/dates.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { CLIENT, ROSTER } from '../xmpp/ns.js'

const JID: Argument = { type: 'jid', doc: 'its address: NAME@DOMAIN' }
const KIND: Argument = { of: KINDS, doc: 'what they are' }
const DOMAIN: Argument = { type: 'jid', doc: 'those of this domain only', optional: true, named: 'DOMAIN' }

/** Tells operators who has an account, who is there, and what is known of each. XEP-0133 §4.8 to §4.22 */
export const accountCommands = defineModule({
  name: 'accounts',
  doc: 'Tells administrators about accounts: who is there, when they were, whom they know (XEP-0133).',
  implements: ['XEP-0133 1.3.1'],
  config: {
    maxListed: integer({ default: 1000, min: 1, doc: 'How many accounts are listed at a time.' }),
  },
  settingsInPlace: true,
  stores: { logins: value<{ readonly at: number }>() },
  setup({ config, stores: { logins }, accounts, sessions, domains, clock, log, tryUse }) {
    const find: Find = async (kind, domain) => {
      if (kind === 'registered') return accounts.list(domain)
      if (kind === 'disabled') return tryUse(disabledAccounts)?.list(domain) ?? []
      return online(sessions.all(), kind, domain)
    }
    const lastLogin = async (account: Jid): Promise<string> => {
      const login = await logins.get(account)
      return login ? formatDateTime(login.at) : ''
    }
    return {
      on: {
        // not waited for: nothing depends on it
        bound: ({ account }) =>
          void logins.set(account, { at: clock.now() }).catch(err => log.warn({ err }, 'a login was not noted')),
      },
      facts: async account => ({ 'Last login': (await lastLogin(account)) || 'never' }),
      commands: [
        ...kindCommands(find, domains, config),
        ...oneCommands({
          existing: async ({ jid = '' }) => {
            const account = parseJid(jid).bare
            if (await accounts.exists(account)) return account
            throw new CommandError(`There is no account ${account}.`, { condition: 'item-not-found' })
          },
          rosterOf: async account => (await tryUse(contacts)?.items(account)) ?? [],
          lastLogin,
          sessions,
        }),
      ],
    }
  },
})

interface OneParts {
  readonly existing: (args: Arguments) => Promise<Jid>
  readonly rosterOf: (account: Jid) => Promise<readonly Element[]>
  readonly lastLogin: (account: Jid) => Promise<string>
  readonly sessions: Directory
}

/** About one account. */
const oneCommands = ({ existing, rosterOf, lastLogin, sessions }: OneParts): readonly Command[] => [
  {
    name: 'user roster',
    doc: 'Shows the contact list of an account.',
    args: { jid: JID },
    forms: [GET_USER_ROSTER],
    run: async args => {
      const account = await existing(args)
      const items = await rosterOf(account)
      return [rosterAnswer(account, items), rosterTable(items)]
    },
  },
  {
    name: 'user lastlogin',
    doc: 'Tells when an account was last logged in to.',
    args: { jid: JID },
    forms: [GET_USER_LAST_LOGIN],
    run: async args => {
      const account = await existing(args)
      return { fields: [accountsField(account), field('lastlogin', 'Last login', [await lastLogin(account)])] }
    },
  },
  {
    name: 'user stats',
    doc: 'Tells how an account is connected, and how many contacts it has.',
    args: { jid: JID },
    forms: [USER_STATS],
    run: async args => {
      const account = await existing(args)
      return statsAnswer(sessions.of(account), (await rosterOf(account)).length)
    },
  },
]

type Find = (kind: Kind, domain: string | undefined) => Promise<readonly Jid[]>

function kindCommands(
  find: Find,
  domains: ReadonlySet<string>,
  limits: { readonly maxListed: number },
): readonly Command[] {
  const found = async ({ kind, domain }: Arguments) => {
    if (domain !== undefined && !domains.has(domain))
      throw new CommandError(`${domain} is none of the domains of this server: ${[...domains].join(', ')}.`)
    const known = KINDS.find(one => one === kind) ?? 'registered'
    return { kind: known, jids: (await find(known, domain)).map(String) }
  }
  return [
    {
      name: 'user count',
      doc: 'Tells how many accounts are registered, disabled, online, active or idle.',
      args: { kind: KIND, domain: DOMAIN },
      forms: KINDS.map(countForm),
      run: async args => {
        const { kind, jids } = await found(args)
        return { fields: [field(`${kind}usersnum`, `The number of ${kind} users`, [String(jids.length)])] }
      },
    },
    {
      name: 'user filter',
      doc: 'Lists the accounts that are registered, disabled, online, active or idle.',
      args: {
        kind: KIND,
        max: { doc: 'at most so many, or none for as many as there may be', optional: true, named: 'COUNT' },
        after: { type: 'jid', doc: 'those that come after this one', optional: true, named: 'JID' },
        domain: DOMAIN,
      },
      forms: KINDS.map(listForm),
      run: async args => {
        const { kind, jids } = await found(args)
        const left = jids.filter(jid => args.after === undefined || jid > args.after)
        const shown = left.slice(0, Math.min(limits.maxListed, readMax(args.max)))
        const answer = { fields: [{ ...LISTS[kind], type: 'jid-multi' as const, values: shown }] }
        return shown.length < left.length ? [answer, `${shown.length} of ${left.length} are shown.`] : answer
      },
    },
  ]
}

function readMax(max = 'none'): number {
  if (max === 'none') return Infinity
  if (/^[1-9]\d{0,8}$/.test(max)) return Number(max)
  throw new CommandError(`"${max}" is no number from 1.`, { condition: 'not-acceptable' })
}

/** The field for idle users has that name in §4.22, and the Registrar knows no other. */
const LISTS: Readonly<Record<Kind, { readonly var: string; readonly label: string }>> = {
  registered: { var: 'registereduserjids', label: 'The list of all users' },
  disabled: { var: 'disableduserjids', label: 'The list of all disabled users' },
  online: { var: 'onlineuserjids', label: 'The list of all online users' },
  active: { var: 'activeuserjids', label: 'The list of active users' },
  idle: { var: 'activeuserjids', label: 'The list of idle users' },
}

/** Accounts with sessions, in alphabetical order. One is idle as long as no client says that somebody is at it. */
function online(
  all: Iterable<Session>,
  kind: 'online' | 'active' | 'idle',
  domain: string | undefined,
): readonly Jid[] {
  const found = new Map<string, { readonly account: Jid; isActive: boolean }>()
  for (const session of all) {
    const { account } = session
    if (domain !== undefined && account.domain !== domain) continue
    const one = found.get(account.toString()) ?? { account, isActive: false }
    one.isActive ||= isAttended(session)
    found.set(account.toString(), one)
  }
  return [...found.values()]
    .filter(({ isActive }) => kind === 'online' || isActive === (kind === 'active'))
    .map(({ account }) => account)
    .sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
}

/** What clients say when nobody has touched them for a while. RFC 6121 §4.7.2.1 */
const UNATTENDED = ['away', 'xa']

function isAttended({ presence }: Session): boolean {
  const show = presence && child(presence.stanza.el, 'show', CLIENT)
  return presence !== undefined && !UNATTENDED.includes(show ? textOf(show).trim() : '')
}

const field = (name: string, label: string, values: readonly string[]): AnswerField => ({ var: name, label, values })

const accountsField = (account: Jid): AnswerField => field('accountjids', 'Account', [account.toString()])

/** §4.8: the roster as its owner gets it, within the form. */
const rosterAnswer = (account: Jid, items: readonly Element[]): Answer => ({
  fields: [accountsField(account)],
  elements: [xml('query', { xmlns: ROSTER }, ...items)],
})

const rosterTable = (items: readonly Element[]): Table => ({
  columns: { jid: 'CONTACT', name: 'NAME', subscription: 'SUBSCRIPTION', groups: 'GROUPS' },
  rows: items.map(item => ({
    jid: item.attrs.jid ?? '',
    name: item.attrs.name ?? '',
    subscription: [item.attrs.subscription, ...(item.attrs.ask ? ['asked'] : [])].join(', '),
    groups: item.getChildren('group').map(textOf).join(', '),
  })),
})

/** §4.10, as far as somebody counts it. */
function statsAnswer(open: readonly Session[], contacts: number): Answer {
  const addresses = new Set(open.flatMap(session => session.status().from ?? []))
  return {
    fields: [
      field('ipaddresses', 'Addresses', [...addresses]),
      field('rostersize', 'Contacts', [String(contacts)]),
      field(
        'onlineresources',
        'Sessions',
        open.map(({ jid }) => jid.resource),
      ),
    ],
  }
}
