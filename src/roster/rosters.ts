import { type Awaitable, follow, isPromise } from '../core/awaitable.js'
import type { Directory } from '../core/directory.js'
import type { MapStore } from '../core/stores.js'
import { itemNotFound } from '../xmpp/errors.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { type Contact, type Kept, keptOf, stranger } from './contact.js'
import { isAsked } from './states.js'

/** Stored beside the contacts, so that both change in one commit: under a key that is no JID. */
export interface KeptVersion {
  readonly version: string
}

const VERSION_KEY = '/version'

/** The version of a roster that has never changed. */
const FIRST_VERSION = '0'

/** The contacts of one account, in memory. */
export class Roster {
  readonly #contacts = new Map<string, Contact>()

  constructor(
    public version: string,
    contacts: Iterable<Contact>,
  ) {
    for (const contact of contacts) this.put(contact)
  }

  /** By a bare JID. A stranger when nothing is known. */
  get(jid: Jid): Contact {
    return this.#contacts.get(jid.toString()) ?? stranger(jid)
  }

  /** Everybody, also those who are not in the roster but have asked. */
  contacts(): Iterable<Contact> {
    return this.#contacts.values()
  }

  listed(): Contact[] {
    return [...this.#contacts.values()].filter(({ listed }) => listed)
  }

  /** Those whose requests wait for an answer. */
  asking(): Contact[] {
    return [...this.#contacts.values()].filter(({ state }) => isAsked(state))
  }

  put(contact: Contact): void {
    const key = contact.jid.toString()
    if (keptOf(contact)) this.#contacts.set(key, contact)
    else this.#contacts.delete(key)
  }
}

/** What shall become of a contact. */
export interface Plan {
  /** The very same one when nothing changes. */
  readonly after: Contact
  /** Whether the roster is another one by that: it gets a new version. */
  readonly isPushed: boolean
}

/** What has become of it: committed, and to be told. */
export interface Change extends Plan {
  readonly before: Contact
  readonly version: string
}

interface Parts {
  readonly store: MapStore<Kept | KeptVersion>
  readonly sessions: Directory
  readonly randomId: () => string
  /** Hear of each change when it is committed. */
  readonly followers: ReadonlySet<(account: Jid, change: Change) => void>
}

interface Entry {
  roster: Awaitable<Roster>
  /** Settles when the last change asked for is through. */
  last: Promise<void>
  changes: number
  /** The account is no more: nothing of it shall be stored. */
  isGone: boolean
}

/**
 * The rosters of all accounts. One is in memory as long as its account has a session or a change is under way; it is
 * loaded once, however many ask.
 */
export class Rosters {
  readonly #parts: Parts
  readonly #entries = new Map<string, Entry>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** At once while the account is online. To be read before anything is awaited. */
  of(account: Jid): Awaitable<Roster> {
    return this.#entry(account).roster
  }

  /** One contact, by a bare JID. For an account that is offline only that one is read. */
  contact(account: Jid, jid: Jid): Awaitable<Contact> {
    const known = this.#entries.get(account.toString())?.roster
    if (known) return follow(known, roster => roster.get(jid))
    return this.#parts.store
      .get(account, jid.toString())
      .then(kept => (kept && isContact(kept) ? { jid, ...kept } : stranger(jid)))
  }

  /**
   * Changes a contact. The changes of an account are made one after the other: each is planned when the one before is
   * committed, and `tell` is called as soon as it is committed itself, before the next. What `tell` only starts is
   * waited for by the caller, but not by the next change: two rosters may so change each other.
   */
  change(
    account: Jid,
    jid: Jid,
    plan: (before: Contact, roster: Roster) => Plan,
    tell: (change: Change) => Awaitable<void>,
  ): Promise<void> {
    const entry = this.#entry(account)
    let told: Awaitable<void>
    const done = entry.last.then(async () => {
      const roster = await entry.roster
      if (entry.isGone) throw itemNotFound()
      const before = roster.get(jid)
      const { after, isPushed } = plan(before, roster)
      const version = isPushed ? this.#parts.randomId() : roster.version
      if (after !== before || isPushed) await this.#commit(account, roster, { before, after, isPushed, version })
      for (const hear of this.#parts.followers) hear(account, { before, after, isPushed, version })
      told = tell({ before, after, isPushed, version })
    })
    const finish = () => {
      entry.changes--
      this.release(account)
    }
    entry.changes++
    entry.last = done.then(finish, finish)
    return done.then(() => told)
  }

  /** Gives the memory back unless somebody is online or a change is under way. */
  release(account: Jid): void {
    const entry = this.#entries.get(account.toString())
    if (!entry || isPromise(entry.roster) || entry.changes > 0) return
    if (this.#parts.sessions.of(account).length === 0) this.#entries.delete(account.toString())
  }

  /** A session of the account has come, so it exists, whatever was before. Loads its roster. */
  welcome(account: Jid): Awaitable<void> {
    if (this.isGone(account)) this.#entries.delete(account.toString())
    return follow(this.of(account), () => {})
  }

  /** The account is no more. Its sessions, which are about to end, may still ask who has seen them. */
  remove(account: Jid): void {
    const entry = this.#entries.get(account.toString())
    if (!entry) return
    entry.isGone = true
    this.release(account)
  }

  /**
   * The account is about to be no more: from now on it has no contacts, and nothing of it is stored. Gives those that it
   * had to who says goodbye to them, and has it back from memory when that is done.
   */
  async vacate(account: Jid, farewell: (contacts: readonly Contact[]) => Awaitable<void>): Promise<void> {
    const entry = this.#entry(account)
    entry.changes++
    try {
      const [roster] = await Promise.all([entry.roster, entry.last])
      const contacts = [...roster.contacts()]
      for (const { jid } of contacts) roster.put(stranger(jid))
      entry.isGone = true
      await farewell(contacts)
    } finally {
      entry.changes--
      this.release(account)
    }
  }

  isGone(account: Jid): boolean {
    return this.#entries.get(account.toString())?.isGone ?? false
  }

  async #commit(account: Jid, roster: Roster, { after, version }: Change): Promise<void> {
    const changes = new Map<string, Kept | KeptVersion | undefined>([[after.jid.toString(), keptOf(after)]])
    if (version !== roster.version) changes.set(VERSION_KEY, { version })
    await this.#parts.store.change(account, changes)
    roster.put(after)
    roster.version = version
  }

  #entry(account: Jid): Entry {
    const key = account.toString()
    const known = this.#entries.get(key)
    if (known) return known
    const loading = this.#load(account)
    const entry: Entry = { roster: loading, last: Promise.resolve(), changes: 0, isGone: false }
    this.#entries.set(key, entry)
    entry.roster = loading.then(
      roster => {
        entry.roster = roster
        this.release(account)
        return roster
      },
      fault => {
        this.#entries.delete(key)
        throw fault
      },
    )
    return entry
  }

  async #load(account: Jid): Promise<Roster> {
    const contacts: Contact[] = []
    let version = FIRST_VERSION
    for (const [key, kept] of await this.#parts.store.all(account)) {
      if (isContact(kept)) contacts.push({ jid: parseJid(key), ...kept })
      else version = kept.version
    }
    return new Roster(version, contacts)
  }
}

const isContact = (kept: Kept | KeptVersion): kept is Kept => 'state' in kept
