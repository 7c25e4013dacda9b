import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { type DatabasePlace, openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { type Find, inFile, SERVERS, served } from '../databases/shared.js'

diesAndKeeps('SQLite by sqlite3', inFile('sqlite3'), 8)
diesAndKeeps('SQLite by better-sqlite3', inFile('better-sqlite3'), 4)
for (const { name, client } of SERVERS) diesAndKeeps(name, served(client), 4)

function diesAndKeeps(name: string, find: Find, rounds: number): void {
  describe(`a process that is killed while it writes to ${name}`, function () {
    this.timeout(120_000)
    let folder: string
    let place: DatabasePlace

    before(async function () {
      folder = await mkdtemp(path.join(tmpdir(), 'parlance-killed-'))
      place = await find(this, folder)
    })

    after(() => rm(folder, { recursive: true }))

    it('has kept all that it promised, in order and once', async () => {
      for (let round = 0; round < rounds; round++) {
        const owner = `romeo${round}@montague.example`
        const promised = await killed({ place, owner, after: 1 + round * 97 })
        const kept = await keptOf(place, owner)

        assert.deepEqual(
          promised.filter(n => !kept.includes(n)),
          [],
          `lost in round ${round}`,
        )
        assert.deepEqual(kept, [...kept.keys()], `round ${round}`)
      }
    })

    it('would be found out if it promised before the commit', async () => {
      for (let round = 0; round < rounds; round++) {
        const owner = `juliet${round}@capulet.example`
        const promised = await killed({ place, owner, after: 20, lies: true })
        const kept = await keptOf(place, owner)
        if (promised.some(n => !kept.includes(n))) return
      }
      assert.fail('nothing was lost')
    })
  })
}

interface Killing {
  readonly place: DatabasePlace
  readonly owner: string
  /** Of how many promises. */
  readonly after: number
  readonly lies?: boolean
}

/** What it had promised until it was killed. */
async function killed({ place, owner, after, lies = false }: Killing): Promise<readonly number[]> {
  const program = path.join(import.meta.dirname, 'killed-writer.js')
  const child = spawn(process.execPath, [program, JSON.stringify(place), owner], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(lies && { PARLANCE_TEST_ACK_BEFORE_COMMIT: '1' }) },
  })
  const exit = once(child, 'exit')
  const promised: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    promised.push(Number(line))
    if (promised.length === after) child.kill('SIGKILL')
  }
  await exit
  assert.ok(promised.length >= after, 'it ended by itself')
  return promised
}

async function keptOf(place: DatabasePlace, owner: string): Promise<readonly number[]> {
  const { storage, close } = await openDatabase({ ...place, bus: new LocalBus(), log: silentLog })
  const entries = await storage.log<number>('test/numbers').read(parseJid(owner), { limit: 1e6 })
  await close()
  return entries.map(({ value }) => value)
}
