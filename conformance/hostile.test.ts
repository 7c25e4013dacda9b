/** Attacks. After each one the server is there, nobody else was disturbed, and it has not grown. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Canary } from './hostile/canary.js'
import { launch, SERVERS } from './servers/index.js'
import type { ServerProcess } from './servers/server-process.js'
import { stageOf } from './servers/stage.js'
import { inBand } from './wire/accounts.js'
import { play, type Stage } from './wire/player.js'
import { readScripts, SCRIPTS } from './wire/script.js'

/** What the server may hold more than before the attacks, in MiB: garbage that is not collected yet included. */
const GROWTH = 250

describe('by attacks', function () {
  this.timeout(60_000)
  let server: ServerProcess
  let stage: Stage
  let canary: Canary
  let atFirst: number

  before(async () => {
    server = await launch(SERVERS.parlance.configure, { requireTls: true })
    stage = stageOf(server, 'starttls')
    canary = await Canary.hatch(stage.address, inBand(stage.address))
    await canary.sing()
    atFirst = memoryOf(server)
  })
  after(async () => {
    canary?.fly()
    await server?.dispose()
  })

  for (const script of readScripts(path.join(SCRIPTS, '..', 'hostile', 'scripts'))) {
    it(`${script.title} (${script.name})`, async () => {
      const { pid } = server

      const { failure, transcript } = await play(script, stage)

      assert.equal(failure, undefined, transcript.map(line => line.slice(0, 2000)).join('\n'))
      assert.ok(pid !== undefined && server.pid === pid, `the server is gone:\n${server.logTail()}`)
      await canary.sing()
      const grown = memoryOf(server) - atFirst
      assert.ok(grown < GROWTH, `the server holds ${Math.round(grown)} MiB more than before`)
    })
  }

  it('says nothing of a bug of its own', () => {
    assert.doesNotMatch(server.logTail(10_000), /TypeError|RangeError|ReferenceError|uncaught/i)
  })
})

/** In MiB. */
function memoryOf({ pid }: ServerProcess): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}
