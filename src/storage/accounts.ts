import {
  type Accounts,
  accountRemoved,
  type Credentials,
  passwordChanged,
  type ScramHash,
  type ScramKeys,
} from '../core/accounts.js'
import type { Awaitable } from '../core/awaitable.js'
import type { Bus } from '../core/bus.js'
import type { Clock } from '../core/clock.js'
import { Jid } from '../xmpp/jid.js'
import { keyOf } from './keys.js'
import type { Desk } from './place.js'
import { Recent } from './recent.js'
import type { Statements } from './statements.js'
import type { SqlStorage } from './storage.js'
import { once } from './writer.js'

interface Name {
  readonly domain: string
  readonly local: string
}

interface AccountRow extends Name {
  readonly created_at: number
}

interface CredentialsRow extends Name {
  readonly hash: ScramHash
  readonly iterations: number
  readonly salt: Uint8Array
  readonly stored_key: Uint8Array
  readonly server_key: Uint8Array
}

export interface SqlAccountsOptions {
  readonly desk: Desk
  readonly storage: SqlStorage
  readonly bus: Bus
  readonly clock: Clock
}

export class SqlAccounts implements Accounts {
  readonly #desk: Desk
  readonly #storage: SqlStorage
  readonly #bus: Bus
  readonly #clock: Clock
  /*
   * Until when an account is taken to exist: every message asks. Processes on the bus hear of a removal; the command
   * line is not on it, and so nothing is believed for long. That an account does not exist is never remembered.
   */
  readonly #known = new Recent<number>(KNOWN)
  #removals = 0
  readonly #stopListening: () => void

  constructor({ desk, storage, bus, clock }: SqlAccountsOptions) {
    this.#desk = desk
    this.#storage = storage
    this.#bus = bus
    this.#clock = clock
    this.#stopListening = bus.subscribe(accountRemoved, account => this.#forget(account))
  }

  exists(account: Jid): Awaitable<boolean> {
    const until = this.#known.get(account.toString())
    return until !== undefined && this.#clock.now() < until ? true : this.#ask(account)
  }

  async keys(account: Jid, hash: ScramHash): Promise<ScramKeys | undefined> {
    await this.#desk.writer.settled(ownerOf(account))
    const [row] = await this.#desk.reader.read(on =>
      on
        .table<CredentialsRow>('credentials')
        .where({ ...nameOf(account), hash })
        .select(),
    )
    return row && { salt: row.salt, iterations: row.iterations, storedKey: row.stored_key, serverKey: row.server_key }
  }

  create(account: Jid, credentials: Credentials): Promise<boolean> {
    const name = nameOf(account)
    const row: AccountRow = { ...name, created_at: this.#clock.now() }
    return this.#write(account, async on => {
      if (await isThere(on, name)) return false
      // what was written for one of the same name while that was being removed is not this one's
      await this.#storage.eraseWith(on, account)
      await on.table<AccountRow>('accounts').insert(row)
      await insertCredentials(on, name, credentials)
      return true
    })
  }

  async setCredentials(account: Jid, credentials: Credentials): Promise<boolean> {
    const name = nameOf(account)
    const changed = await this.#write(account, async on => {
      if (!(await isThere(on, name))) return false
      await on.table<CredentialsRow>('credentials').where(name).delete()
      await insertCredentials(on, name, credentials)
      return true
    })
    if (changed) this.#bus.publish(passwordChanged, account.toString())
    return changed
  }

  async remove(account: Jid, told?: () => void): Promise<boolean> {
    const removed = await this.#write(account, async on => {
      // credentials go with it
      if ((await on.table<AccountRow>('accounts').where(nameOf(account)).delete()) === 0) return false
      await this.#storage.eraseWith(on, account)
      return true
    })
    if (removed) told?.()
    if (removed) this.#bus.publish(accountRemoved, account.toString())
    return removed
  }

  async list(domain?: string): Promise<readonly Jid[]> {
    await this.#desk.writer.settled()
    const rows = await this.#desk.reader.read(on =>
      on
        .table<AccountRow>('accounts')
        .where(domain === undefined ? {} : { domain })
        .select('domain', 'local'),
    )
    return rows
      .map(({ local, domain }) => new Jid(local, domain)) // it was prepared when it was created
      .sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
  }

  /** How many there are, by domain. */
  async count(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#desk.reader.read(on =>
      on.table<AccountRow>('accounts').select('domain').count({ accounts: '*' }).groupBy('domain'),
    )
    return new Map(rows.map(({ domain, accounts }) => [String(domain), Number(accounts)]))
  }

  close(): void {
    this.#stopListening()
  }

  async #ask(account: Jid): Promise<boolean> {
    const removals = this.#removals
    await this.#desk.writer.settled(ownerOf(account))
    const exists = await this.#desk.reader.read(on => isThere(on, nameOf(account)))
    if (exists && removals === this.#removals) this.#known.set(account.toString(), this.#clock.now() + BELIEVED_MS)
    return exists
  }

  #forget(account: string): void {
    this.#removals++
    this.#known.delete(account)
  }

  #write(account: Jid, run: (on: Statements) => Promise<boolean>): Promise<boolean> {
    return this.#desk.writer.write({ owner: ownerOf(account), work: once(run), payload: undefined })
  }
}

const ownerOf = (account: Jid): string => keyOf(account.toString())

const nameOf = ({ local, domain }: Jid): Name => ({ domain, local })

async function isThere(on: Statements, name: Name): Promise<boolean> {
  const rows = await on.table<AccountRow>('accounts').where(name).select('local')
  return rows.length > 0
}

async function insertCredentials(on: Statements, name: Name, credentials: Credentials): Promise<void> {
  const rows = [...credentials].map(
    ([hash, keys]): CredentialsRow => ({
      ...name,
      hash,
      iterations: keys.iterations,
      // drivers take the bytes of a Buffer only
      salt: Buffer.from(keys.salt),
      stored_key: Buffer.from(keys.storedKey),
      server_key: Buffer.from(keys.serverKey),
    }),
  )
  if (rows.length > 0) await on.table<CredentialsRow>('credentials').insert(rows)
}

const KNOWN = 50_000
const BELIEVED_MS = 10_000
