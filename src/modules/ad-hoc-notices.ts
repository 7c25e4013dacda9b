import { DELETE_MOTD, DELETE_WELCOME, EDIT_MOTD, SET_MOTD, SET_WELCOME } from '../core/admin-forms.js'
import { follow } from '../core/awaitable.js'
import { integer } from '../core/config.js'
import { contacts } from '../core/contacts.js'
import { type Argument, type Arguments, type Command, CommandError, defineModule } from '../core/module.js'
import type { Session } from '../core/session.js'
import { type ValueStore, value } from '../core/stores.js'
import { xml } from '../xml/index.js'
import { linesOf } from '../xmpp/forms/index.js'
import { Jid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'

/** What a domain tells its users. */
interface Notices {
  /** To everybody once; another message has another id, the same one with a mistake less the same. */
  readonly motd?: { readonly id: string; readonly text: string }
  /** To who is there for the first time. */
  readonly welcome?: string
}

/** What a user has been told. */
interface Told {
  readonly motd?: string
  /** Whether it was there before, welcomed or not. */
  readonly isKnown: true
}

const DOMAIN: Argument = { type: 'jid', doc: 'for this domain only', optional: true, named: 'DOMAIN' }
const TEXT: Argument = { type: 'lines', doc: 'what it says' }

/** Tells everybody once what operators want to be known, and newcomers what they should know. XEP-0133 §4.24 to §4.28 */
export const notices = defineModule({
  name: 'notices',
  doc: 'A message of the day for all users, and one that welcomes new ones; administrators set them (XEP-0133).',
  implements: ['XEP-0133 1.3.1'],
  config: { maxLength: integer({ default: 10_000, min: 1, doc: 'The most characters of such a message.' }) },
  settingsInPlace: true,
  stores: { notices: value<Notices>(), told: value<Told>() },
  setup({ config, stores, sessions, domains, randomId, tryUse }) {
    const board = new Board(stores.notices)

    const tell = (session: Session, text: string): void => {
      const el = xml('message', { xmlns: CLIENT, id: randomId() }, xml('body', {}, text))
      session.send(makeStanza({ from: new Jid('', session.account.domain), to: session.jid, el }))
    }

    /** Those who are being told: two clients may come at once. */
    const hearing = new Set<string>()

    async function tellNew(session: Session, { motd, welcome }: Notices): Promise<void> {
      const { account } = session
      if (hearing.has(account.toString())) return
      hearing.add(account.toString())
      try {
        const told = await stores.told.get(account)
        const isNew = !told && !(await tryUse(contacts)?.departure(account))
        const isNews = motd !== undefined && told?.motd !== motd.id
        if (told && !isNews) return
        await stores.told.set(account, { isKnown: true, ...(motd && { motd: motd.id }) })
        if (isNew && welcome !== undefined) tell(session, welcome)
        if (isNews) tell(session, motd.text)
      } finally {
        hearing.delete(account.toString())
      }
    }

    /** Those who are there need not come first. */
    async function tellAll(domain: string): Promise<void> {
      const now = await board.of(domain)
      const present = [...sessions.all()].filter(({ account, presence }) => account.domain === domain && presence)
      const firsts = new Map(present.map(session => [session.account.toString(), session]))
      for (const session of firsts.values()) await tellNew(session, now)
    }

    return {
      on: {
        available: session =>
          follow(board.of(session.account.domain), now =>
            now.motd || now.welcome !== undefined ? tellNew(session, now) : undefined,
          ),
      },
      commands: noticeCommands({ board, domains, randomId, tellAll, limits: config }),
    }
  },
})

/** The notices of all domains, in memory once they were asked for. */
class Board {
  readonly #store: ValueStore<Notices>
  readonly #known = new Map<string, Notices>()

  constructor(store: ValueStore<Notices>) {
    this.#store = store
  }

  of(domain: string): Notices | Promise<Notices> {
    return this.#known.get(domain) ?? this.#load(domain)
  }

  async change(domain: string, change: (before: Notices) => Notices): Promise<void> {
    const after = change(await this.of(domain))
    await this.#store.set(ownerOf(domain), after)
    this.#known.set(domain, after)
  }

  async #load(domain: string): Promise<Notices> {
    const notices = (await this.#store.get(ownerOf(domain))) ?? {}
    const known = this.#known.get(domain) ?? notices
    this.#known.set(domain, known)
    return known
  }
}

const ownerOf = (domain: string): Jid => new Jid('', domain)

interface CommandParts {
  readonly board: Board
  readonly domains: ReadonlySet<string>
  readonly randomId: () => string
  readonly tellAll: (domain: string) => Promise<void>
  readonly limits: { readonly maxLength: number }
}

const noticeCommands = (parts: CommandParts): readonly Command[] => [
  ...motdCommands(parts),
  ...welcomeCommands(parts),
  {
    name: 'notices',
    doc: 'Shows the message of the day and the welcome message.',
    args: { domain: DOMAIN },
    run: async args => ({
      columns: { domain: 'DOMAIN', what: 'MESSAGE', text: 'TEXT' },
      rows: await rowsOf(parts.board, meant(parts, args)),
    }),
  },
]

function motdCommands(parts: CommandParts): readonly Command[] {
  const { board, randomId, tellAll } = parts
  const current = async (domain: string) => ({ motd: lines((await board.of(domain)).motd?.text) })
  return [
    {
      name: 'motd set',
      doc: 'Sets the message of the day: everybody gets it once, who is not there when they come.',
      args: { text: TEXT, domain: DOMAIN },
      forms: [SET_MOTD],
      run: async args => {
        const motd = { id: randomId(), text: args.text ?? '' }
        const where = await change(parts, args, before => ({ ...before, motd }))
        for (const domain of where) await tellAll(domain)
        return 'The message of the day was set.'
      },
    },
    {
      name: 'motd edit',
      doc: 'Corrects the message of the day. Who has got it already does not get it again.',
      args: { text: TEXT, domain: DOMAIN },
      forms: [{ ...EDIT_MOTD, initial: current }],
      run: async ({ text = '', ...args }) => {
        const fresh = randomId()
        const where = await change(parts, { text, ...args }, before => ({
          ...before,
          motd: { id: before.motd?.id ?? fresh, text },
        }))
        for (const domain of where) await tellAll(domain)
        return 'The message of the day was changed.'
      },
    },
    {
      name: 'motd delete',
      doc: 'Deletes the message of the day.',
      args: { domain: DOMAIN },
      forms: [DELETE_MOTD],
      run: async args => {
        await change(parts, args, ({ motd: _, ...others }) => others)
        return 'There is no message of the day any more.'
      },
    },
  ]
}

function welcomeCommands(parts: CommandParts): readonly Command[] {
  const current = async (domain: string) => ({ welcome: lines((await parts.board.of(domain)).welcome) })
  return [
    {
      name: 'welcome set',
      doc: 'Sets the message for users who log in for the first time.',
      args: { text: TEXT, domain: DOMAIN },
      forms: [{ ...SET_WELCOME, initial: current }],
      run: async args => {
        await change(parts, args, before => ({ ...before, welcome: args.text ?? '' }))
        return 'The welcome message was set.'
      },
    },
    {
      name: 'welcome delete',
      doc: 'Deletes the message for users who log in for the first time.',
      args: { domain: DOMAIN },
      forms: [DELETE_WELCOME],
      run: async args => {
        await change(parts, args, ({ welcome: _, ...others }) => others)
        return 'There is no welcome message any more.'
      },
    },
  ]
}

/** The domains that an operator means. */
function meant({ domains }: CommandParts, { domain }: Arguments): readonly string[] {
  if (domain === undefined) return [...domains]
  if (domains.has(domain)) return [domain]
  throw new CommandError(`${domain} is none of the domains of this server: ${[...domains].join(', ')}.`)
}

/** Changes the notices of these domains, and gives their names. */
async function change(parts: CommandParts, args: Arguments, make: (before: Notices) => Notices) {
  const { board, limits } = parts
  if ((args.text ?? '').length > limits.maxLength)
    throw new CommandError(`It may have at most ${limits.maxLength} characters.`, { condition: 'not-acceptable' })
  const where = meant(parts, args)
  for (const domain of where) await board.change(domain, make)
  return where
}

const lines = (text: string | undefined): readonly string[] => (text === undefined ? [] : linesOf(text))

async function rowsOf(board: Board, domains: readonly string[]) {
  const rows: { readonly domain: string; readonly what: string; readonly text: string }[] = []
  for (const domain of domains) {
    const { motd, welcome } = await board.of(domain)
    if (motd) rows.push({ domain, what: 'of the day', text: linesOf(motd.text).join(' / ') })
    if (welcome !== undefined) rows.push({ domain, what: 'welcome', text: linesOf(welcome).join(' / ') })
  }
  return rows
}
