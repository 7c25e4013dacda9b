import { randomBytes } from 'node:crypto'
import knex from 'knex'
import type { Credentials, ScramKeys } from '../../src/core/accounts.js'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import type { Storage } from '../../src/core/stores.js'
import { type DatabasePlace, openDatabase } from '../../src/storage/index.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'
import { LOOKALIKES } from '../contracts/world.js'

export interface Amount {
  readonly accounts: number
  readonly messages: number
}

/** Puts users with all that may be kept of them into a database, as a server does. */
export async function fillDatabase(place: DatabasePlace, { accounts, messages }: Amount): Promise<void> {
  const database = await openDatabase({ ...place, bus: new LocalBus(), log: silentLog })
  const { storage } = database
  const users = Array.from({ length: accounts }, (_, n) => parseJid(`user${n}@${n % 2 ? 'verona' : 'straße'}.example`))
  const keep = async (user: Jid, n: number) => {
    await database.accounts.create(user, credentials())
    await Promise.all([
      storage.value('vcard/card').set(user, { FN: `User ${n} \ud800 \0 é😀` }),
      storage
        .map('roster/items')
        .change(user, new Map(LOOKALIKES.slice(0, n % LOOKALIKES.length).map(key => [key, n]))),
      storage.addresses('blocking/list').add(user, [parseJid(`foe${n}@${'x'.repeat(60)}.example/${'é'.repeat(500)}`)]),
    ])
  }
  await Promise.all(users.map(keep))
  const log = storage.log<{ readonly xml: string }>('offline/messages')
  const send = (n: number) =>
    log.append(users[n % accounts] ?? parseJid('x'), { xml: `<message id='${n}'>é😀'\\</message>` })
  for (let n = 0; n < messages; n += 1000)
    await Promise.all(Array.from({ length: Math.min(1000, messages - n) }, (_, i) => send(n + i)))
  await archive(storage, users, Math.min(messages, 1000))
  await database.secret('sasl')
  await database.close()
}

async function archive(storage: Storage, users: readonly Jid[], messages: number): Promise<void> {
  const archive = storage.archive('archive/messages')
  const append = (owner: Jid, n: number) =>
    archive.append(owner, {
      at: Date.now() - n,
      with: parseJid(`friend${n % 7}@verona.example${n % 3 ? `/${'é'.repeat(n % 500) || 'x'}` : ''}`),
      xml: `<message id='${n}'>é😀'\\</message>`,
      isPending: n % 4 < 2,
      isArchived: n % 4 > 0,
      ...(n % 5 > 0 && { origin: { sender: owner, id: n % 5 > 1 ? `${n}` : `\ud800${n}` } }),
    })
  await Promise.all(Array.from({ length: messages }, (_, n) => append(users[n % users.length] ?? parseJid('x'), n)))
}

function credentials(): Credentials {
  const keys = (): ScramKeys => ({
    salt: randomBytes(16),
    iterations: 10_000,
    storedKey: randomBytes(32),
    serverKey: randomBytes(32),
  })
  return new Map([
    ['SHA-1', keys()],
    ['SHA-256', keys()],
  ])
}

const TABLES = [
  'secrets',
  'accounts',
  'credentials',
  'value_items',
  'map_items',
  'address_items',
  'log_entries',
  'archive_entries',
]

/** All that is in it, in lines by table: as a program sees it that only knows SQL. */
export async function contentOf({
  client,
  connection,
}: DatabasePlace): Promise<ReadonlyMap<string, readonly string[]>> {
  const db = knex({ client, connection: { ...connection }, useNullAsDefault: true })
  try {
    const content = new Map<string, readonly string[]>()
    for (const table of TABLES) {
      if (!(await db.schema.hasTable(table))) continue // an older schema
      const rows: readonly Readonly<Record<string, unknown>>[] = await db(table)
      content.set(table, rows.map(inOneLine).sort())
    }
    return content
  } finally {
    await db.destroy()
  }
}

/** Drivers differ in whether keys are texts or bytes, and large numbers are numbers or texts. */
function inOneLine(row: Readonly<Record<string, unknown>>): string {
  const cells = Object.entries(row)
    .filter(([column]) => column !== 'n')
    .map(([column, value]) => {
      const bytes = Buffer.isBuffer(value) ? value : value === null ? undefined : Buffer.from(String(value))
      return `${column}=${bytes?.toString('base64')}`
    })
  return cells.sort().join(' ')
}
