import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { LocalBus } from '../../src/core/bus.js'
import { silentLog } from '../../src/core/log.js'
import { openDatabase } from '../../src/storage/index.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { requirePackages } from '../clients/packages.js'
import { type DatabaseProgram, mariadb, postgres } from './programs.js'
import { DatabaseServer } from './server.js'

const MEGABYTE = 1024 ** 2

/** A database that has little room as long as it is not given more. */
interface Small {
  readonly program: DatabaseProgram
  hasRoom: boolean
}

/** No file can become larger. */
function smallPostgres(): Small {
  const program = postgres()
  const small: Small = {
    hasRoom: false,
    program: {
      ...program,
      command(place) {
        const { command, args } = program.command(place)
        return small.hasRoom
          ? { command, args }
          : { command: 'prlimit', args: [`--fsize=${17 * MEGABYTE}`, '--', command, ...args] }
      },
    },
  }
  return small
}

/** All is in one file, which cannot become larger. */
function smallMariadb(): Small {
  const program = mariadb()
  const small: Small = {
    hasRoom: false,
    program: {
      ...program,
      command(place) {
        const { command, args } = program.command(place)
        const file = `--innodb-data-file-path=ibdata1:12M:autoextend:max:${small.hasRoom ? 200 : 24}M`
        return { command, args: [...args, '--innodb-file-per-table=0', file] }
      },
    },
  }
  return small
}

for (const make of [smallPostgres, smallMariadb])
  describe(`a server whose ${make().program.name} has no room left`, function () {
    this.timeout(120_000)
    const romeo = parseJid('romeo@montague.example')
    let small: Small
    let server: DatabaseServer

    before(async function () {
      small = make()
      await requirePackages(this, small.program.packages)
      server = await DatabaseServer.start(small.program)
    })

    after(() => server?.process.dispose())

    it('refuses what does not fit, keeps what it has, and goes on when there is room again', async () => {
      const { client } = small.program
      const connection = await server.makeDatabase()
      const { storage, close } = await openDatabase({ client, connection, bus: new LocalBus(), log: silentLog })
      const log = storage.log<string>('test/mail')
      const letter = randomBytes(100_000).toString('base64') // which cannot be made smaller
      let promised = 0
      await assert.rejects(
        async () => {
          for (; promised < 1000; promised++) await log.append(romeo, letter)
        },
        { name: 'DatabaseError', message: /^The database failed to write: .*(too large|is full)\.?/ },
      )
      assert.ok(promised > 10)
      // what was given up may have left room for a few
      const more = await Promise.allSettled(Array.from({ length: 50 }, () => log.append(romeo, letter)))
      promised += more.filter(({ status }) => status === 'fulfilled').length
      assert.ok(more.some(({ status }) => status === 'rejected'))
      assert.equal(await log.count(romeo), promised)

      await server.process.stop()
      small.hasRoom = true
      await server.process.start()
      await log.append(romeo, letter)
      assert.equal(await log.count(romeo), promised + 1)
      await close()
    })
  })
