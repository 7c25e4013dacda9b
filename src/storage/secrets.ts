import { randomBytes } from 'node:crypto'
import type { Desk } from './place.js'
import type { Statements } from './statements.js'
import { once } from './writer.js'

interface Row {
  readonly name: string
  readonly value: Uint8Array
}

/** The server's secret of this name: 32 random bytes, made when it is first asked for and the same ever after. */
export async function secret({ reader, writer }: Desk, name: string): Promise<Uint8Array> {
  const there = await reader.read(on => find(on, name))
  return there ?? writer.write({ owner: '', work: once(on => make(on, name)), payload: undefined })
}

async function make(on: Statements, name: string): Promise<Uint8Array> {
  // another process, or another question, may have been faster
  const there = await find(on, name)
  if (there) return there
  const value = randomBytes(32)
  await on.table<Row>('secrets').insert({ name, value })
  return value
}

async function find(on: Statements, name: string): Promise<Uint8Array | undefined> {
  const [row] = await on.table<Row>('secrets').where({ name }).select('value')
  return row?.value
}
