/** Whether the servers that the suites test can be started, used and stopped: all that a suite takes for granted. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { launch, SERVERS } from './index.js'
import { requirePackages } from './packages.js'
import { accepts } from './ports.js'
import type { ServerProcess } from './server-process.js'
import { register, TextClient, type Transport } from './text-client.js'

for (const [name, { configure, packages }] of Object.entries(SERVERS)) {
  describe(`${name}, to be tested`, function () {
    this.timeout(60_000)
    let server: ServerProcess

    before(async function () {
      await requirePackages(this, packages)
      server = await launch(configure)
    })
    after(() => server?.dispose())

    it('lets Romeo register from his client, and log in over each transport', async () => {
      await register(server, { romeo: 'neither-fair-saint' })

      for (const transport of TRANSPORTS) {
        const romeo = await TextClient.connect(server, transport)
        assert.match(await romeo.login('romeo', 'neither-fair-saint'), /^romeo@localhost\/./)
        await romeo.close()
      }
    })

    it('lets Juliet in, whose account was made by the operator', async () => {
      await server.adduser('juliet', 'if either thee dislike')

      const juliet = await TextClient.connect(server, 'direct TLS')
      assert.match(await juliet.login('juliet', 'if either thee dislike'), /^juliet@localhost\/./)
      await juliet.close()
    })

    it('has an administrator, who is told of commands', async () => {
      const admin = await TextClient.connect(server, 'STARTTLS')
      await admin.login('admin', server.admin.password)
      const node = 'http://jabber.org/protocol/commands'
      await admin.exchange(
        `<iq type='get' id='c' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items' node='${node}'/></iq>`,
        /http:\/\/jabber.org\/protocol\/admin#add-user/,
      )
      await admin.close()
    })

    it('keeps accounts when it is stopped or killed, and leaves neither process nor port', async () => {
      for (const end of ['stop', 'kill'] as const) {
        const { pid } = server
        assert.ok(pid !== undefined && existsSync(`/proc/${pid}`))
        await server[end]()

        assert.ok(!existsSync(`/proc/${pid}`))
        for (const port of [server.ports.c2s, server.ports.c2sTls, server.component.port]) {
          assert.equal(await accepts(port), false)
        }
        await server.restart()
        const romeo = await TextClient.connect(server, 'STARTTLS')
        await romeo.login('romeo', 'neither-fair-saint')
        await romeo.close()
      }
    })

    it('can be told to let nobody in without TLS', async () => {
      const strict = await launch(configure, { requireTls: true })
      try {
        const { c2s } = strict.ports
        const open = { ...fieldsOf(strict), ports: { ...strict.ports, plain: c2s } }
        const romeo = await TextClient.connect(open, 'plain')
        await assert.rejects(romeo.login('admin', strict.admin.password), /failure|stream:error|with: nothing/)
        await romeo.close()
        const admin = await TextClient.connect(strict, 'STARTTLS')
        await admin.login('admin', strict.admin.password)
        await admin.close()
      } finally {
        await strict.dispose()
      }
    })
  })
}

const TRANSPORTS: readonly Transport[] = ['plain', 'STARTTLS', 'direct TLS']

/** What a client needs to find a server. */
const fieldsOf = ({ name, host, domain, ports, certificate }: ServerProcess) => ({
  name,
  host,
  domain,
  ports,
  certificate,
})
