/** The program as its operator meets it: built, started and asked from a shell. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { ProgramFolder } from './program.js'
import { usesProsody } from './server-process.js'

const SLOW = 20_000

describe('the program', function () {
  this.timeout(SLOW)

  let program: ProgramFolder

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(() => {
    program = new ProgramFolder()
  })

  afterEach(() => program.dispose())

  const parlance = (line: string, input?: string) => program.run(line, input)
  const start = () => program.start()
  const configure = (more?: string) => program.configure(more)
  const dataFile = (name: string) => program.dataFile(name)

  it('says at its start what runs, where, and what to do next', async () => {
    const { c2s, c2sTls } = await configure()

    const { out, err } = await start()

    assert.match(out, /^Parlance \d+\.\d+\.\d+ is running\.$/m)
    assert.match(out, /Domains +localhost$/m)
    assert.ok(out.includes(`port ${c2s} of 127.0.0.1 (STARTTLS), port ${c2sTls} of 127.0.0.1 (TLS)`), out)
    assert.ok(out.includes(`Data      ${program.file('data')}`), out)
    assert.match(out, /^ {2}node \S+main\.js user add NAME@localhost$/m)
    assert.ok(out.includes(dataFile('certs/localhost.crt')), out)
    for (const line of err.trim().split('\n')) assert.equal(typeof JSON.parse(line).msg, 'string')
  })

  it('keeps what it has from everybody else on the machine', async () => {
    await configure()
    await start()

    assert.equal(statSync(program.file('data')).mode & 0o777, 0o700)
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
      writeFileSync(program.file('parlance.yaml'), 'listen: { c2s: "192.0.2.1:5222", c2s-tls: false }')

      await refusal('start', /^listen\.c2s: port 5222 on 192\.0\.2\.1 cannot be had: /m)
    })

    it('a configuration with a mistake, whatever is to be done with it', async () => {
      writeFileSync(program.file('parlance.yaml'), 'listen:\n  c2s: five\n')

      for (const line of ['start', 'check', 'user list'])
        await refusal(line, /^parlance\.yaml, line 2: listen\.c2s: "five" was found, a port, /)
      await refusal('start --config none.yaml', /^none\.yaml: the configuration cannot be read: no such file/)
    })

    it('a data folder that cannot be used', async () => {
      await configure('data: ./file')
      writeFileSync(program.file('file'), '')
      for (const line of ['start', 'check', 'user list']) await refusal(line, /^data: \S+file cannot be used: /m)

      if (process.getuid?.() === 0) return // root may write anywhere
      await configure('data: ./closed/data')
      chmodSync(program.folder, 0o500)
      await refusal('start', /^data: \S+ cannot be used: permission denied/m)
      chmodSync(program.folder, 0o700)
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
    assert.ok(!existsSync(program.file('data')))

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
