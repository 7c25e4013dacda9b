/** The program as its operator meets it: built, started and asked from a shell. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { projectRoot, usesProsody } from './server-process.js'

const MAIN = path.join(projectRoot, 'dist/main.js')
const SLOW = 20_000

describe('the program', function () {
  this.timeout(SLOW)

  let folder: string
  const children = new Set<ChildProcess>()

  before(function () {
    if (usesProsody()) this.skip()
    assert.ok(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`)
  })

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'parlance-cli-'))
  })

  afterEach(async () => {
    for (const child of children) {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    }
    rmSync(folder, { recursive: true })
  })

  /** A process of the program, in the folder. */
  function launch(...args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: 'pipe' })
    const seen = { child, out: '', err: '', ended: once(child, 'close').then(([code]) => Number(code)) }
    children.add(child)
    child.once('close', () => children.delete(child))
    child.stdout.setEncoding('utf8').on('data', text => (seen.out += text))
    child.stderr.setEncoding('utf8').on('data', text => (seen.err += text))
    child.stdin.on('error', () => {}) // it need not read
    return seen
  }

  /** Runs it to its end. */
  async function parlance(line: string, input = '') {
    const seen = launch(...line.split(' '))
    seen.child.stdin.end(input)
    const code = await seen.ended
    return { code, out: seen.out, err: seen.err }
  }

  /** Starts a server and waits until it says that it runs. */
  async function start() {
    const seen = launch('start')
    while (!seen.out.includes('is running')) {
      const ended = await Promise.race([seen.ended, once(seen.child.stdout, 'data').then(() => undefined)])
      assert.equal(ended, undefined, seen.err)
    }
    return seen
  }

  async function configure(more = ''): Promise<{ readonly c2s: number; readonly c2sTls: number }> {
    const [c2s, c2sTls] = await freePorts(2)
    assert.ok(c2s && c2sTls)
    writeFileSync(
      path.join(folder, 'parlance.yaml'),
      `listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}" }\n${more}\n`,
    )
    return { c2s, c2sTls }
  }

  const dataFile = (name: string) => path.join(folder, 'data', name)

  it('says at its start what runs, where, and what to do next', async () => {
    const { c2s, c2sTls } = await configure()

    const { out, err } = await start()

    assert.match(out, /^Parlance \d+\.\d+\.\d+ is running\.$/m)
    assert.match(out, /Domains +localhost$/m)
    assert.ok(out.includes(`port ${c2s} of 127.0.0.1 (STARTTLS), port ${c2sTls} of 127.0.0.1 (TLS)`), out)
    assert.ok(out.includes(`Data      ${path.join(folder, 'data')}`), out)
    assert.match(out, /^ {2}node \S+main\.js user add NAME@localhost$/m)
    assert.ok(out.includes(dataFile('certs/localhost.crt')), out)
    for (const line of err.trim().split('\n')) assert.equal(typeof JSON.parse(line).msg, 'string')
  })

  it('keeps what it has from everybody else on the machine', async () => {
    await configure()
    await start()

    assert.equal(statSync(path.join(folder, 'data')).mode & 0o777, 0o700)
    for (const file of ['admin.sock', 'parlance.sqlite', 'certs/localhost.key'])
      assert.equal(statSync(dataFile(file)).mode & 0o77, 0, file)
  })

  it('shows a certificate that a client can come to trust', async () => {
    const { c2sTls } = await configure()
    await start()

    const socket = tls.connect({
      host: '127.0.0.1',
      port: c2sTls,
      servername: 'localhost',
      ca: readFileSync(dataFile('certs/localhost.crt')),
    })
    await once(socket, 'secureConnect')

    assert.ok(socket.authorized)
    socket.destroy()
  })

  it('makes, lists and removes accounts while the server runs, and while it does not', async () => {
    await configure()
    assert.deepEqual(await parlance('user add romeo@localhost --password-stdin', 'rosaline\n'), {
      code: 0,
      out: 'romeo@localhost can log in now.\n',
      err: '',
    })

    const server = await start()
    assert.equal((await parlance('user add juliet@localhost --password-stdin', 'pilgrim\n')).code, 0)
    assert.deepEqual((await parlance('user list')).out, 'juliet@localhost\nromeo@localhost\n')
    assert.equal((await parlance('user passwd romeo@localhost --password-stdin', 'juliet\n')).code, 0)
    assert.equal((await parlance('user remove romeo@localhost')).out, 'romeo@localhost is no more.\n')
    assert.deepEqual(await parlance('user add juliet@localhost --password-stdin', 'x\n'), {
      code: 1,
      out: '',
      err: 'juliet@localhost exists already.\n',
    })

    server.child.kill('SIGTERM')
    await server.ended
    assert.equal((await parlance('user list')).out, 'juliet@localhost\n')
    assert.equal((await parlance('user remove juliet@localhost')).code, 0)
    assert.equal((await parlance('user list')).out, '')
    assert.ok(!`${server.out}${server.err}`.includes('pilgrim'), 'no password in the log')
  })

  it('makes many accounts at once', async () => {
    await configure()
    const batch = (domain: string) =>
      Array.from({ length: 50 }, (_, i) => `user${i}@${domain} pass word ${i}\n`).join('')

    const before = await parlance('user add --batch', batch('localhost'))
    await start()
    const again = await parlance('user add --batch', `${batch('localhost')}romeo@localhost x\n`)

    assert.deepEqual(before, { code: 0, out: 'user add: 50 done, 0 failed\n', err: '' })
    assert.deepEqual([again.code, again.out], [1, 'user add: 1 done, 50 failed\n'])
    assert.match(again.err, /^line 50: user49@localhost exists already\.$/m)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops in order at ${signal}, says goodbye, and starts again with the same data`, async () => {
      const { c2s } = await configure()
      const server = await start()
      const certificate = readFileSync(dataFile('certs/localhost.crt'), 'utf8')
      const client = net.connect(c2s, '127.0.0.1')
      client.write(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>",
      )
      await once(client, 'data')

      const begun = Date.now()
      server.child.kill(signal)
      let goodbye = ''
      client.setEncoding('utf8').on('data', text => (goodbye += text))
      await once(client, 'end')
      client.destroy()

      assert.equal(await server.ended, 0)
      assert.ok(Date.now() - begun < 5000)
      assert.match(goodbye, /system-shutdown/)
      assert.ok(!existsSync(dataFile('admin.sock')))
      await start()
      assert.equal(readFileSync(dataFile('certs/localhost.crt'), 'utf8'), certificate)
    })
  }

  it('starts again after it was killed', async () => {
    await configure()
    const server = await start()
    server.child.kill('SIGKILL')
    await server.ended
    assert.ok(existsSync(dataFile('admin.sock')))

    await start()

    assert.equal((await parlance('user list')).code, 0)
  })

  describe('refuses in one sentence', () => {
    const refusal = async (line: string, message: RegExp) => {
      const { code, out, err } = await parlance(line)
      assert.deepEqual([code, out], [1, ''], err)
      assert.match(err, message)
      const [sentence, ...more] = err
        .trimEnd()
        .split('\n')
        .filter(line => !line.startsWith('{'))
      assert.ok(sentence && more.length === 0, err)
    }

    it('a port that is in use', async () => {
      const { c2s } = await configure()
      const other = net.createServer().listen(c2s, '127.0.0.1')
      await once(other, 'listening')

      try {
        await refusal('start', new RegExp(`^listen\\.c2s: port ${c2s} on 127\\.0\\.0\\.1 is in use: `, 'm'))
        await refusal('check', new RegExp(`^listen\\.c2s: port ${c2s} on 127\\.0\\.0\\.1 is in use: `, 'm'))
        assert.equal((await parlance('user list')).code, 0, 'and has let go of everything')
      } finally {
        other.close()
      }
    })

    it('an address of another machine', async () => {
      await configure()
      writeFileSync(path.join(folder, 'parlance.yaml'), 'listen: { c2s: "192.0.2.1:5222", c2s-tls: false }')

      await refusal('start', /^listen\.c2s: port 5222 on 192\.0\.2\.1 cannot be had: /m)
    })

    it('a configuration with a mistake, whatever is to be done with it', async () => {
      writeFileSync(path.join(folder, 'parlance.yaml'), 'listen:\n  c2s: five\n')

      for (const line of ['start', 'check', 'user list'])
        await refusal(line, /^parlance\.yaml, line 2: listen\.c2s: "five" was found, a port, /)
      await refusal('start --config none.yaml', /^none\.yaml: the configuration cannot be read: no such file/)
    })

    it('a data folder that cannot be used', async () => {
      await configure('data: ./file')
      writeFileSync(path.join(folder, 'file'), '')
      for (const line of ['start', 'check', 'user list']) await refusal(line, /^data: \S+file cannot be used: /m)

      if (process.getuid?.() === 0) return // root may write anywhere
      await configure('data: ./closed/data')
      chmodSync(folder, 0o500)
      await refusal('start', /^data: \S+ cannot be used: permission denied/m)
      chmodSync(folder, 0o700)
    })

    it('a certificate that is none', async () => {
      await configure('domains: { localhost: { certificate: parlance.yaml, key: parlance.yaml } }')

      await refusal('start', /parlance\.yaml: something else was found, a (certificate|private key)/m)
      await refusal('check', /parlance\.yaml: something else was found, a (certificate|private key)/m)
    })

    it('a database that is none', async () => {
      await configure('storage: { connection: { filename: ./parlance.yaml } }')

      await refusal('start', /parlance\.yaml is not a database/m)
      await refusal('user list', /parlance\.yaml is not a database/m)
    })

    it('a second server with the same data', async () => {
      await configure()
      await start()
      await configure() // other ports

      await refusal('start', /^data: a server is running with this folder already: /m)
    })
  })

  it('checks a configuration without changing anything', async () => {
    await configure()

    const idle = await parlance('check')
    assert.deepEqual(idle, { code: 0, out: 'The configuration is good.\n', err: '' })
    assert.ok(!existsSync(path.join(folder, 'data')))

    await start()
    assert.equal((await parlance('check')).code, 0, 'its own server is not in its way')
  })

  it('needs no configuration', async () => {
    assert.match((await parlance('check --config parlance.yaml')).err, /no such file/)
    assert.match((await parlance('user list')).out, /^$/)
    assert.ok(existsSync(dataFile('parlance.sqlite')))
  })

  it('exits with 2 and a hint when it is not understood', async () => {
    const { code, out, err } = await parlance('user dance')

    assert.deepEqual([code, out], [2, ''])
    assert.match(
      err,
      /^There is no command "user dance" among those that work while no server is running\.\nMore: node \S+ --help\n$/,
    )
  })
})

/** Ports of the loopback address that nobody has. */
async function freePorts(count: number): Promise<readonly number[]> {
  // all are held before the first is let go, so that they differ
  const holders = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'))
  await Promise.all(holders.map(holder => once(holder, 'listening')))
  const ports = holders.map(holder => (holder.address() as net.AddressInfo).port) // they listen on TCP
  await Promise.all(holders.map(holder => new Promise(resolve => holder.close(resolve))))
  return ports
}
