/**
 * A process to be killed: appends numbers to a log, many under way at a time, and prints each one that it is promised to
 * be kept.
 *
 *     node killed-writer.js PLACE OWNER
 *
 * The place is a database, in JSON.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { type DatabasePlace, openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'

const [, , place = '', owner = ''] = process.argv
const where: DatabasePlace = JSON.parse(place)
const { storage } = await openDatabase({ ...where, bus: new LocalBus(), log: silentLog })
const log = storage.log<number>('test/numbers')
let next = 0

async function appendOn(): Promise<void> {
  for (;;) {
    const n = next++
    await log.append(parseJid(owner), n)
    process.stdout.write(`${n}\n`)
    await turn() // also when it is told at once, without a commit
  }
}

await Promise.all(Array.from({ length: 50 }, appendOn))
