import assert from 'node:assert/strict'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommandError } from '../core/module.js'
import { type Program, runCli } from './cli.js'
import { openLocalDoor } from './door.js'
import { storageCommands } from './storage.js'

describe('storage commands', () => {
  let did: (readonly string[])[]
  let running: readonly string[]
  let former: string | undefined

  beforeEach(() => {
    did = []
    running = []
    former = undefined
  })

  /** What comes of a command line, where a configuration is but its name. */
  async function type(line: string) {
    const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const own = storageCommands<string>({
      load: (file = 'parlance.yaml') => {
        if (file === 'none.yaml') throw new CommandError('There is no such file.')
        return file
      },
      isRunning: async config => running.includes(config),
      copy: async (from, to, say) => {
        did.push(['copy', from, to])
        say('accounts 1')
      },
      backUp: async (config, file) => void did.push(['backup', config, file]),
      restore: async (config, file) => {
        did.push(['restore', config, file])
        return former
      },
      say: line => void terminal.stdout.write(`${line}\n`),
    })
    const program: Program = {
      ...{ how: 'parlance', version: '1.2.3', own, offline: [] },
      openDoor: async () => openLocalDoor([], async () => {}),
      sentenceOn: fault => (fault instanceof CommandError ? fault.message : undefined),
    }
    const code = await runCli(line.split(' '), program, terminal)
    terminal.stdout.end()
    terminal.stderr.end()
    return [code, await text(terminal.stdout), await text(terminal.stderr)]
  }

  const STOP = 'A server is running with this database, and has to be stopped first.\n'

  it('copy from the database of one configuration to that of another', async () => {
    assert.deepEqual(await type('storage copy --to other.yaml'), [0, 'accounts 1\n', ''])
    assert.deepEqual(await type('storage copy --config a.yaml --to b.yaml'), [0, 'accounts 1\n', ''])

    assert.deepEqual(did, [
      ['copy', 'parlance.yaml', 'other.yaml'],
      ['copy', 'a.yaml', 'b.yaml'],
    ])
  })

  it('copy nothing while a server runs with one of the two, or one is missing', async () => {
    running = ['a.yaml']
    assert.deepEqual(await type('storage copy --config a.yaml --to b.yaml'), [1, '', STOP])
    assert.deepEqual(await type('storage copy --config b.yaml --to a.yaml'), [1, '', STOP])
    assert.deepEqual(await type('storage copy --to none.yaml'), [1, '', 'There is no such file.\n'])
    assert.equal((await type('storage copy'))[0], 2)
    assert.equal((await type('storage copy b.yaml'))[0], 2)

    assert.deepEqual(did, [])
  })

  it('make a backup whether or not a server runs', async () => {
    running = ['parlance.yaml']
    const file = path.resolve('b.sqlite')

    assert.deepEqual(await type('backup b.sqlite'), [0, `The backup is ${file}.\n`, ''])
    assert.deepEqual(did, [['backup', 'parlance.yaml', file]])
    assert.equal((await type('backup'))[0], 2)
  })

  it('put a backup back while no server runs, and say where what was there is now', async () => {
    const file = path.resolve('b.sqlite')
    assert.deepEqual(await type('restore b.sqlite'), [0, `The database is what ${file} says.\n`, ''])
    former = '/srv/former'
    assert.deepEqual(await type('restore b.sqlite --config a.yaml'), [
      0,
      `The database is what ${file} says.\nWhat it was before is in /srv/former.\n`,
      '',
    ])
    running = ['parlance.yaml']
    assert.deepEqual(await type('restore b.sqlite'), [1, '', STOP])

    assert.deepEqual(did, [
      ['restore', 'parlance.yaml', file],
      ['restore', 'a.yaml', file],
    ])
  })
})
