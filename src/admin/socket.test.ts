import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, linkSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Log, silentLog } from '../core/log.js'
import { type Command, CommandError } from '../core/module.js'
import { readLines } from './lines.js'
import { AdminSocket } from './socket.js'
import { openSocketDoor } from './socket-door.js'

describe('admin socket', () => {
  let folder: string
  let file: string
  let logged: object[]
  let finish: (() => void) | undefined
  const open: { close(): unknown }[] = []

  const log: Log = {
    ...silentLog,
    info: (facts, text) => logged.push({ ...facts, text }),
    error: (facts, text) => logged.push({ ...facts, text }),
  }
  const command = (name: string, args: Command['args'], run: Command['run']): Command => ({ name, doc: '', args, run })
  const commands = [
    command('greet', { whom: 'somebody', password: 'a secret' }, async ({ whom }) => `Good morrow, ${whom}.`),
    command('refuse', {}, async () => {
      throw new CommandError('Not today.')
    }),
    command('break', {}, async () => {
      throw new Error('secret inside')
    }),
    command('wait', {}, () => new Promise(resolve => (finish = () => resolve('waited')))),
  ]

  async function serve(offered: readonly Command[] = commands): Promise<AdminSocket> {
    const socket = await AdminSocket.open({ file, log })
    open.push(socket)
    if (offered.length > 0) socket.offer(() => offered)
    return socket
  }

  async function knock() {
    const door = await openSocketDoor(file)
    assert.ok(door, 'nobody answers')
    open.push(door)
    return door
  }

  /** What is answered to lines that need not be requests. */
  async function say(...lines: readonly string[]): Promise<readonly unknown[]> {
    const socket = net.connect(file)
    socket.end(lines.map(line => `${line}\n`).join(''))
    const replies: unknown[] = []
    for await (const line of readLines(socket, 1e6)) replies.push(JSON.parse(line))
    return replies
  }

  /** When `wait` has begun, does something and lets it finish. */
  async function begun(meanwhile: () => unknown = () => {}): Promise<void> {
    while (!finish) await turn()
    const done = meanwhile()
    finish()
    await done
  }

  beforeEach(() => {
    finish = undefined
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-admin-'))
    file = path.join(folder, 'admin.sock')
    logged = []
  })

  afterEach(async () => {
    for (const opened of open.splice(0).reverse()) await opened.close()
    rmSync(folder, { recursive: true })
  })

  it('is for its user only', async () => {
    await serve()

    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  it('tells which commands there are, and runs them', async () => {
    await serve()
    const door = await knock()

    assert.deepEqual(
      door.commands.map(({ name }) => name),
      ['greet', 'refuse', 'break', 'wait'],
    )
    assert.deepEqual(door.commands[0]?.args, { whom: 'somebody', password: 'a secret' })
    assert.equal(await door.run('greet', { whom: 'nurse', password: 'x' }), 'Good morrow, nurse.')
  })

  it('tells of commands that have come meanwhile', async () => {
    const offered = [...commands]
    await serve(offered)
    const door = await knock()

    offered.push(command('sing', {}, async () => 'La la.'))

    assert.equal(await door.run('sing', {}), 'La la.')
  })

  it('refuses arguments that a command does not take or cannot do without', async () => {
    await serve()
    const door = await knock()

    await assert.rejects(door.run('greet', { whom: 'nurse' }), { message: 'greet: password is missing, a secret.' })
    await assert.rejects(door.run('refuse', { whom: 'nurse' }), { message: 'refuse takes no whom.' })
  })

  it('keeps secrets out of the log', async () => {
    await serve()

    await (await knock()).run('greet', { whom: 'nurse', password: 'rosaline' })
    await assert.rejects((await knock()).run('refuse', { password: 'rosaline' }))

    assert.deepEqual(JSON.parse(JSON.stringify(logged)), [
      { command: 'greet', args: { whom: 'nurse' }, text: 'a command was run' },
    ])
  })

  it('tells the operator what he can put right, and only that', async () => {
    await serve()
    const door = await knock()

    await assert.rejects(door.run('refuse', {}), { name: 'CommandError', message: 'Not today.' })
    await assert.rejects(door.run('dance', {}), { message: 'There is no command "dance".' })
    await assert.rejects(door.run('break', {}), { message: 'The server failed at "break"; its log says why.' })
    assert.match(String(Object(logged.at(-1)).err), /secret inside/)
  })

  it('answers in the order of the requests, of which many may be sent at once', async () => {
    await serve()
    const door = await knock()

    const waited = door.run('wait', {})
    const greetings = Promise.all(
      Array.from({ length: 200 }, (_, i) => door.run('greet', { whom: `${i}`, password: 'x' })),
    )
    await begun()

    assert.equal(await waited, 'waited')
    assert.deepEqual((await greetings).slice(-2), ['Good morrow, 198.', 'Good morrow, 199.'])
  })

  it('says so when a request is none', async () => {
    await serve()

    const nonsense = [
      '',
      '{',
      'null',
      '[]',
      '7',
      '{}',
      '{"command":"greet"}',
      '{"command":7,"args":{}}',
      '{"command":"greet","args":null}',
    ]
    for (const line of nonsense) assert.deepEqual(await say(line), [{ error: 'This is no request.' }], line)
    assert.deepEqual(await say('{"command":"greet","args":{"whom":7,"password":"x"}}'), [{ output: 'Good morrow, 7.' }])
    assert.deepEqual(await say('{"command":"toString","args":{}}'), [{ error: 'There is no command "toString".' }])
  })

  it('keeps no line that is longer than any request', async () => {
    await serve()
    const socket = net.connect(file)
    socket.on('error', () => {}) // it does not read on

    const writing = setInterval(() => socket.write('x'.repeat(65_536)), 1)
    await new Promise(resolve => socket.once('close', resolve))
    clearInterval(writing)

    assert.ok(socket.bytesWritten < 10e6)
  })

  it('has no commands before the server has started and after it has begun to stop', async () => {
    const socket = await serve([])
    const busy = { message: 'The server is just starting or stopping; try again in a moment.' }
    await assert.rejects(openSocketDoor(file), busy)

    socket.offer(() => commands)
    const door = await knock()
    await socket.withdraw()

    await assert.rejects(door.run('greet', { whom: 'nurse' }), busy)
  })

  it('finishes what was begun before it closes', async () => {
    const socket = await serve()
    const door = await knock()
    const waited = door.run('wait', {})
    const finishing = begun(() => socket.close())

    assert.equal(await waited, 'waited')
    await finishing
    await assert.rejects(door.run('greet', {}), { name: 'CommandError', message: /gone away/ })
    assert.ok(!existsSync(file))
  })

  it('tells a client that waits when the server dies', async () => {
    const server = net.createServer(socket => socket.once('data', () => socket.destroy()))
    server.listen(file)
    await once(server, 'listening')
    open.push(server)

    await assert.rejects(openSocketDoor(file), { message: 'The server has gone away before it answered.' })
  })

  it('keeps a second server from the same folder', async () => {
    await serve()

    await assert.rejects(AdminSocket.open({ file, log }), {
      name: 'ConfigError',
      message: /^data: a server is running with this folder already/,
    })
    assert.ok(await knock(), 'the first is not disturbed')
  })

  it('takes the place of a server that was killed', async () => {
    const killed = net.createServer()
    killed.listen(file)
    await once(killed, 'listening')
    // what a process that is killed leaves behind: a file, and nobody who listens
    const copy = path.join(folder, 'other.sock')
    linkSync(file, copy)
    await new Promise(resolve => killed.close(resolve))
    renameSync(copy, file)

    assert.equal(await openSocketDoor(file), undefined)
    await serve()

    assert.ok(await knock())
  })

  it('is not there when no server runs', async () => {
    assert.equal(await openSocketDoor(file), undefined)
    assert.equal(await openSocketDoor(path.join(folder, 'no', 'folder')), undefined)
  })

  it('wants a path that a socket can have', async () => {
    await assert.rejects(AdminSocket.open({ file: path.join(folder, 'x'.repeat(100)), log }), {
      name: 'ConfigError',
      message: /is too long for a socket/,
    })
    await assert.rejects(AdminSocket.open({ file: path.join(folder, 'none', 'a.sock'), log }), {
      name: 'ConfigError',
      message: /cannot be made/,
    })
  })
})
