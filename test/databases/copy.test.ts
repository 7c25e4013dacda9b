import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLog } from '../../src/core/log.js'
import { copyDatabase, type DatabasePlace } from '../../src/storage/index.js'
import { contentOf, fillDatabase } from './filled.js'
import type { DatabaseServer } from './server.js'
import { sharedServer } from './shared.js'

/** As much as is promised takes a minute: in CI, or with PARLANCE_TEST_COPY=full. */
const AMOUNT =
  process.env.CI || process.env.PARLANCE_TEST_COPY === 'full'
    ? { accounts: 1000, messages: 100_000 }
    : { accounts: 100, messages: 3000 }

describe('storage copy', function () {
  this.timeout(1_200_000)
  let folder: string
  let servers: readonly DatabaseServer[]
  let files: number

  before(async function () {
    servers = [await sharedServer(this, 'pg'), await sharedServer(this, 'mysql2')]
  })

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parlance-copy-'))
    files = 0
  })

  afterEach(() => rm(folder, { recursive: true }))

  const file = (client: 'sqlite3' | 'better-sqlite3' = 'sqlite3'): DatabasePlace => ({
    client,
    connection: { filename: path.join(folder, `${++files}.sqlite`) },
  })
  const served = async (client: 'pg' | 'mysql2'): Promise<DatabasePlace> => {
    const server = servers.find(({ program }) => program.client === client)
    return { client, connection: (await server?.makeDatabase()) ?? assert.fail() }
  }
  const copy = async (from: DatabasePlace, to: DatabasePlace) => {
    const lines: string[] = []
    await copyDatabase({ ...from, log: silentLog }, { ...to, log: silentLog }, line => lines.push(line))
    return lines
  }

  it(`keeps every row of ${AMOUNT.messages} messages and ${AMOUNT.accounts} accounts, through all databases and back`, async () => {
    const way = [
      file(),
      await served('pg'),
      await served('mysql2'),
      file('better-sqlite3'),
      await served('mysql2'),
      await served('pg'),
      file(),
    ]
    const [start] = way
    assert.ok(start)
    await fillDatabase(start, AMOUNT)
    const content = await contentOf(start)
    let checksums: readonly string[] | undefined
    for (const [n, to] of way.slice(1).entries()) {
      const from = way[n]
      assert.ok(from)
      const begun = performance.now()
      const lines = await copy(from, to)
      console.log(`      ${from.client} to ${to.client} in ${((performance.now() - begun) / 1000).toFixed(1)} s`)

      const found = lines.filter(line => line.includes('checksum'))
      assert.deepEqual(found, checksums ?? found)
      checksums = found
      assert.match(lines.at(-1) ?? '', /^All [\d,]+ rows are there, and are the same\.$/)
    }

    assert.equal(checksums?.length, content.size)
    for (const place of way.slice(1)) {
      const there = await contentOf(place)
      for (const [table, rows] of content) assert.deepEqual(there.get(table), rows, `${table} in ${place.client}`)
    }
    assert.equal(content.get('log_entries')?.length, AMOUNT.messages)
    assert.equal(content.get('accounts')?.length, AMOUNT.accounts)
  })
})
