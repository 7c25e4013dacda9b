import { createHash } from 'node:crypto'
import type { Statements } from './statements.js'

export type Kind = 'text' | 'bytes' | 'number'

/** A table as it is in every database. */
export interface Table {
  readonly name: string
  /** All that a row says; not a number that the database counts up by itself, and that only orders rows. */
  readonly columns: Readonly<Record<string, Kind>>
  /** What tells rows apart, and the order in which they are gone through. */
  readonly key: readonly string[]
}

const PLACE = { owner: 'text', store: 'text' } as const
const NAME = { domain: 'text', local: 'text' } as const

/** All tables of the schema but those of Knex, each behind those that it refers to. */
export const TABLES: readonly Table[] = [
  { name: 'secrets', columns: { name: 'text', value: 'bytes' }, key: ['name'] },
  { name: 'accounts', columns: { ...NAME, created_at: 'number' }, key: ['domain', 'local'] },
  {
    name: 'credentials',
    columns: {
      ...NAME,
      ...{ hash: 'text', iterations: 'number', salt: 'bytes', stored_key: 'bytes', server_key: 'bytes' },
    },
    key: ['domain', 'local', 'hash'],
  },
  { name: 'value_items', columns: { ...PLACE, value: 'text' }, key: ['owner', 'store'] },
  {
    name: 'map_items',
    columns: { ...PLACE, item: 'text', whole: 'text', value: 'text' },
    key: ['owner', 'store', 'item'],
  },
  {
    name: 'address_items',
    columns: { ...PLACE, address: 'text', whole: 'text' },
    key: ['owner', 'store', 'address'],
  },
  { name: 'log_entries', columns: { ...PLACE, id: 'text', value: 'text' }, key: ['n'] },
  {
    name: 'archive_entries',
    columns: {
      ...PLACE,
      ...{ id: 'text', at: 'number', with_bare: 'text', with_resource: 'text', pending_for: 'text' },
      ...{ is_archived: 'number', origin: 'text', xml: 'text' },
    },
    key: ['n'],
  },
]

type Value = string | number | Buffer | null

/** A row as any driver gives it. */
export type Row = Readonly<Record<string, Value>>

export async function countRows(on: Statements, { name }: Table): Promise<number> {
  const [row] = await on.table<Row>(name).count({ count: '*' })
  return Number(row?.count ?? 0)
}

/** All rows, in the order of their keys and in batches, so that a few are in memory at a time. */
export async function* batchesOf(on: Statements, { name, columns, key }: Table): AsyncGenerator<readonly Row[]> {
  const selected = [...new Set([...Object.keys(columns), ...key])]
  const [first = ''] = key
  const places = key.map(() => '?').join(', ')
  for (let last: readonly Value[] | undefined; ; ) {
    const query = on
      .table<Row>(name)
      .select(selected)
      .orderBy([...key])
      .limit(BATCH)
    if (last) {
      query.whereRaw(`(${key.join(', ')}) > (${places})`, [...last])
      // says the same of the first column alone: MySQL finds nothing by the key otherwise
      query.where(first, '>=', last[0] ?? null)
    }
    const rows: readonly Row[] = await query
    if (rows.length > 0) yield rows
    const end = rows.at(-1)
    if (!end || rows.length < BATCH) return
    last = key.map(column => end[column] ?? null)
  }
}

/** What there is in a table: the same for the same rows, in whatever order and whatever database they are. */
export class Tally {
  readonly #columns: readonly (readonly [column: string, kind: Kind])[]
  #rows = 0
  #sum = 0n

  constructor({ columns }: Table) {
    this.#columns = Object.entries(columns)
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const text = JSON.stringify(this.#columns.map(([column, kind]) => plain(row[column] ?? null, kind)))
      const digest = createHash('sha256').update(text).digest('hex')
      // a sum, as rows come in any order; and not an XOR, in which two of the same would be none
      this.#sum = (this.#sum + BigInt(`0x${digest}`)) % MODULUS
    }
    this.#rows += rows.length
  }

  get rows(): number {
    return this.#rows
  }

  /** 64 hexadecimal digits. */
  get checksum(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }
}

/** A value without what is the driver's, which may give numbers as texts. */
function plain(value: Value, kind: Kind): string | number | null {
  if (value === null) return null
  if (kind === 'number') return Number(value)
  return kind === 'bytes' && Buffer.isBuffer(value) ? value.toString('base64') : String(value)
}

/** A row for another database: only what its columns say. */
export function copyOf(row: Row, { columns }: Table): Row {
  return Object.fromEntries(Object.keys(columns).map(column => [column, row[column] ?? null]))
}

const BATCH = 500
const MODULUS = 2n ** 256n
