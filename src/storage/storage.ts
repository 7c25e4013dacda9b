import type { LogIds } from '../core/log-ids.js'
import type { AddressStore, ArchiveStore, LogStore, MapStore, Storage, ValueStore } from '../core/stores.js'
import type { Jid } from '../xmpp/jid.js'
import { SqlAddresses } from './addresses.js'
import { type Archives, SqlArchive } from './archive.js'
import type { ArchiveCounts } from './archive-counts.js'
import { ArchiveWrites } from './archive-writes.js'
import { keyOf, STORE_BYTES } from './keys.js'
import type { LogCounts } from './log-counts.js'
import { Appends, type Logs, SqlLog } from './logs.js'
import { SqlMap } from './maps.js'
import { OWNED } from './migrations.js'
import { Origins } from './origins.js'
import type { Desk } from './place.js'
import type { Statements } from './statements.js'
import { SqlValues } from './values.js'
import { once } from './writer.js'

export interface SqlStorageParts {
  readonly desk: Desk
  readonly ids: LogIds
  readonly counts: LogCounts
  readonly archiveCounts: ArchiveCounts
}

/** The stores of modules in a database. */
export class SqlStorage implements Storage {
  readonly #desk: Desk
  readonly #logs: Logs
  readonly #archives: Archives

  constructor({ desk, ids, counts, archiveCounts }: SqlStorageParts) {
    this.#desk = desk
    this.#logs = { desk, ids, counts, appends: new Appends(counts) }
    const writes = new ArchiveWrites(archiveCounts)
    this.#archives = { desk, ids, counts: archiveCounts, origins: new Origins(), writes }
  }

  value<T>(name: string): ValueStore<T> {
    return new SqlValues<T>(this.#desk, checked(name))
  }

  map<T>(name: string): MapStore<T> {
    return new SqlMap<T>(this.#desk, checked(name))
  }

  addresses(name: string): AddressStore {
    return new SqlAddresses(this.#desk, checked(name))
  }

  log<T>(name: string): LogStore<T> {
    return new SqlLog<T>(this.#logs, checked(name))
  }

  archive(name: string): ArchiveStore {
    return new SqlArchive(this.#archives, checked(name))
  }

  /** Removes all that any store keeps of an owner. */
  async erase(owner: Jid): Promise<void> {
    await this.#desk.writer.write({
      owner: keyOf(owner.toString()),
      work: once(on => this.eraseWith(on, owner)),
      payload: undefined,
      foreseen: { value: undefined },
    })
  }

  /** The same as a part of something greater. */
  async eraseWith(on: Statements, owner: Jid): Promise<void> {
    for (const table of OWNED)
      await on
        .table(table)
        .where({ owner: keyOf(owner.toString()) })
        .delete()
    this.#logs.counts.clear()
    this.#archives.counts.clear()
    this.#archives.origins.clear()
  }
}

function checked(name: string): string {
  if (Buffer.byteLength(name) > STORE_BYTES) throw new TypeError(`${name} is too long a name for a store`)
  return name
}
