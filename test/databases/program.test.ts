/** What an operator does with databases, by the built program: see also test/cli.test.ts. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { projectRoot } from '../server-process.js'
import type { DatabaseServer, Reached } from './server.js'
import { SERVERS, sharedServer } from './shared.js'

const MAIN = path.join(projectRoot, 'dist/main.js')
/** Nobody listens anywhere: what else runs on the machine is not in the way. */
const COMMON = { listen: { c2s: false, 'c2s-tls': false }, log: { level: 'warn' } }

for (const { name, client } of SERVERS)
  describe(`an operator with ${name}`, function () {
    this.timeout(120_000)
    let server: DatabaseServer
    let reached: Reached
    let folder: string
    let child: ChildProcess | undefined

    before(async function () {
      assert.ok(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`)
      server = await sharedServer(this, client)
    })

    beforeEach(async () => {
      reached = await server.makeDatabase()
      folder = await mkdtemp(path.join(tmpdir(), 'parlance-operator-'))
      // JSON is YAML
      await writeFile(path.join(folder, 'parlance.yaml'), JSON.stringify(COMMON))
      const storage = { client, connection: reached }
      await writeFile(path.join(folder, 'served.yaml'), JSON.stringify({ ...COMMON, data: './served', storage }))
    })

    afterEach(async () => {
      await stop()
      await server.takeBack(reached)
      await rm(folder, { recursive: true })
    })

    function launch(line: string) {
      const started = spawn(process.execPath, [MAIN, ...line.split(' ')], { cwd: folder, stdio: 'pipe' })
      const seen = { child: started, out: '', err: '', ended: once(started, 'close') }
      started.stdout.setEncoding('utf8').on('data', text => (seen.out += text))
      started.stderr.setEncoding('utf8').on('data', text => (seen.err += text))
      return seen
    }

    async function parlance(line: string, input = '') {
      const seen = launch(line)
      seen.child.stdin.end(input)
      const [code] = await seen.ended
      return { code, out: seen.out, err: seen.err }
    }

    async function start(config: string) {
      const seen = launch(`start --config ${config}`)
      child = seen.child
      while (!seen.out.includes('is running')) {
        const ended = await Promise.race([seen.ended, once(seen.child.stdout, 'data').then(() => undefined)])
        assert.equal(ended, undefined, seen.err)
      }
    }

    async function stop() {
      if (!child) return
      const gone = once(child, 'close')
      child.kill('SIGTERM')
      await gone
      child = undefined
    }

    it('moves a server there and back', async () => {
      await parlance('user add romeo@localhost --password-stdin', 'rosaline\n')
      const there = await parlance('storage copy --to served.yaml')

      assert.deepEqual([there.code, there.err], [0, ''])
      assert.match(there.out, /^accounts +1 rows, checksum [0-9a-f]{16}$/m)
      assert.equal((await parlance('check --config served.yaml')).code, 0)
      await start('served.yaml')
      assert.equal((await parlance('user list --config served.yaml')).out, 'romeo@localhost\n')
      assert.equal(
        (await parlance('user add juliet@localhost --password-stdin --config served.yaml', 'pilgrim\n')).code,
        0,
      )
      await stop()

      await rm(path.join(folder, 'data'), { recursive: true })
      assert.equal((await parlance('storage copy --config served.yaml --to parlance.yaml')).code, 0)
      assert.equal((await parlance('user list')).out, 'juliet@localhost\nromeo@localhost\n')
    })

    it('makes a backup while the server runs, and puts it back when it does not', async () => {
      await start('served.yaml')
      const added = await parlance('user add romeo@localhost --password-stdin --config served.yaml', 'rosaline\n')
      const backup = await parlance('backup romeo.sqlite --config served.yaml')
      const removed = await parlance('user remove romeo@localhost --config served.yaml')
      const [busy, other] = [
        await parlance('restore romeo.sqlite --config served.yaml'),
        await parlance('storage copy --to served.yaml'),
      ]
      await stop()
      const restored = await parlance('restore romeo.sqlite --config served.yaml')

      for (const done of [added, backup, removed]) assert.equal(done.code, 0, done.err)
      for (const refused of [busy, other])
        assert.deepEqual(refused, {
          code: 1,
          out: '',
          err: 'A server is running with this database, and has to be stopped first.\n',
        })
      assert.equal(restored.code, 0, restored.err)
      assert.equal((await parlance('user list --config served.yaml')).out, 'romeo@localhost\n')
      const kept = (await readdir(path.join(folder, 'served'))).filter(name => name.includes('before-restore'))
      assert.equal(kept.length, 1)
      assert.match(restored.out, new RegExp(`is in .*${kept[0]}\\.$`, 'm'))
    })

    it('is told in a sentence what is wrong with the database', async () => {
      await writeFile(
        path.join(folder, 'served.yaml'),
        JSON.stringify({ ...COMMON, storage: { client, connection: { ...reached, password: 'wrong s3cret' } } }),
      )
      for (const line of ['start', 'check', 'user list', 'backup x.sqlite', 'restore x.sqlite']) {
        const { code, out, err } = await parlance(`${line} --config served.yaml`)

        assert.deepEqual([code, out], [1, ''], err)
        const sentences = err
          .trimEnd()
          .split('\n')
          .filter(line => !line.startsWith('{'))
        assert.equal(sentences.length, 1, err)
        assert.doesNotMatch(err, /s3cret/)
      }
    })
  })
