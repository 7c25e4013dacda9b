import { Connections } from './connections.js'
import { bringUpToDate } from './database.js'
import { dialectOf } from './dialect.js'
import { DatabaseError } from './errors.js'
import { type Looked, lookInto } from './snapshot.js'
import type { Statements } from './statements.js'
import { batchesOf, copyOf, countRows, type Row, TABLES, type Table, Tally } from './tables.js'

/** Tells an operator how far something is, a line at a time. */
export type Say = (line: string) => void

/** Copies all rows of a database into one that is empty, all or none. Rejects with a DatabaseError. */
export async function copyDatabase(from: Looked, to: Looked, say: Say): Promise<void> {
  await lookInto(from, source => intoDatabase(to, target => fill({ source, target, title: dialectOf(to).title, say })))
}

/** Has a database filled in one transaction; it is made if need be. Rejects with a DatabaseError. */
export async function intoDatabase<T>(to: Looked, change: (on: Statements) => Promise<T>): Promise<T> {
  const dialect = dialectOf(to)
  await bringUpToDate(dialect, to)
  const connections = new Connections({ dialect, purpose: 'maintain', max: 1, wait: 0, log: to.log })
  try {
    return await connections.transact(dialect.begin, change)
  } catch (fault) {
    throw fault instanceof DatabaseError ? fault : dialect.explain(fault)
  } finally {
    await connections.close()
  }
}

export interface Filling {
  readonly source: Statements
  readonly target: Statements
  /** Of the target, for sentences. */
  readonly title: string
  readonly say: Say
}

/** Copies all rows, and compares what is there then with what was read. */
export async function fill(filling: Filling): Promise<void> {
  const { target, title, say } = filling
  const found = await rowsIn(target)
  if (found) throw new DatabaseError(`There is something in ${title} already (${found}): an empty one was expected.`)
  let rows = 0
  for (const table of TABLES) {
    const sent = await copyTable(table, filling)
    const kept = new Tally(table)
    for await (const batch of batchesOf(target, table)) kept.add(batch)
    if (sent.rows !== kept.rows || sent.checksum !== kept.checksum)
      throw new DatabaseError(
        `What was copied of ${table.name} is not what is in ${title} now (${inWords(sent)}, ${inWords(kept)}): nothing is kept of it.`,
      )
    say(`${table.name.padEnd(WIDTH)}  ${inWords(kept)}`)
    rows += kept.rows
  }
  say(`All ${count(rows)} rows are there, and are the same.`)
}

/** What there is in it, in words; undefined when there is nothing. */
export async function rowsIn(on: Statements): Promise<string | undefined> {
  for (const table of TABLES) {
    const rows = await countRows(on, table)
    if (rows > 0) return `${table.name}: ${count(rows)}`
  }
  return undefined
}

/** Removes everything. */
export async function clear(on: Statements): Promise<void> {
  for (const { name } of TABLES.toReversed()) await on.table<Row>(name).delete()
}

async function copyTable(table: Table, { source, target, say }: Filling): Promise<Tally> {
  const total = await countRows(source, table)
  const step = Math.max(MIN_STEP, Math.ceil(total / MAX_LINES))
  const tally = new Tally(table)
  let told = 0
  for await (const batch of batchesOf(source, table)) {
    for (const rows of inPieces(batch)) await target.table<Row>(table.name).insert(rows.map(row => copyOf(row, table)))
    tally.add(batch)
    if (tally.rows < told + step || tally.rows === total) continue
    told = tally.rows
    say(`${table.name.padEnd(WIDTH)}  ${count(told)} of ${count(total)} rows`)
  }
  return tally
}

/** What one statement may hold is limited. */
function inPieces(batch: readonly Row[]): readonly (readonly Row[])[] {
  const pieces: Row[][] = []
  let room = 0
  for (const row of batch) {
    const size = sizeOf(row)
    if (size > room) {
      pieces.push([])
      room = PIECE
    }
    pieces.at(-1)?.push(row)
    room -= size
  }
  return pieces
}

const sizeOf = (row: Row): number =>
  Object.values(row).reduce<number>((sum, value) => sum + (typeof value === 'number' ? 8 : (value?.length ?? 0)), 0)

const inWords = ({ rows, checksum }: Tally): string =>
  `${count(rows).padStart(COUNT_WIDTH)} rows, checksum ${checksum.slice(0, 16)}`

const count = (rows: number): string => rows.toLocaleString('en')

const PIECE = 1024 ** 2
const MIN_STEP = 10_000
const MAX_LINES = 20
const WIDTH = Math.max(...TABLES.map(({ name }) => name.length))
const COUNT_WIDTH = 11
