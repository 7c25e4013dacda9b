import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'

const ROUNDS = 8

describe('a database whose process is killed', function () {
  this.timeout(120_000)
  let folder: string
  let filename: string

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parlance-killed-'))
    filename = path.join(folder, 'parlance.sqlite')
  })

  afterEach(() => rm(folder, { recursive: true }))

  it('has all that was promised, in order and once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const promised = await killed({ round, after: 1 + round * 97 })
      const kept = await keptOf(round)

      assert.deepEqual(
        promised.filter(n => !kept.includes(n)),
        [],
        `lost in round ${round}`,
      )
      assert.deepEqual(kept, [...kept.keys()], `round ${round}`)
    }
  })

  it('would be found out if it promised before the commit', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const promised = await killed({ round, after: 20, lies: true })
      const kept = await keptOf(round)
      if (promised.some(n => !kept.includes(n))) return
    }
    assert.fail('nothing was lost')
  })

  /** What it had promised until it was killed, which was after so many promises. */
  async function killed(how: { readonly round: number; readonly after: number; readonly lies?: boolean }) {
    const program = path.join(import.meta.dirname, 'killed-writer.js')
    const child = spawn(process.execPath, [program, filename, ownerOf(how.round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...(how.lies && { PARLANCE_TEST_ACK_BEFORE_COMMIT: '1' }) },
    })
    const exit = once(child, 'exit')
    const promised: number[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      promised.push(Number(line))
      if (promised.length === how.after) child.kill('SIGKILL')
    }
    await exit
    assert.ok(promised.length >= how.after, 'it ended by itself')
    return promised
  }

  async function keptOf(round: number): Promise<readonly number[]> {
    const options = { connection: { filename }, bus: new LocalBus(), log: silentLog }
    const { storage, close } = await openDatabase({ client: 'sqlite3', ...options })
    const entries = await storage.log<number>('test/numbers').read(parseJid(ownerOf(round)), { limit: 1e6 })
    await close()
    return entries.map(({ value }) => value)
  }
})

const ownerOf = (round: number) => `romeo${round}@montague.example`
