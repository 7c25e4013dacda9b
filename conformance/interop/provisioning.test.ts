/**
 * The conversations that Smack's integration test framework has with a server to get its accounts, as its
 * ServiceAdministrationManager and its AccountManager have them, and as the tests of XEP-0133 have them at the
 * administrator's own bare JID. Without them none of its tests can begin.
 */
import assert from 'node:assert/strict'
import { type Server, startServer } from '../servers/index.js'
import { TextClient } from '../servers/text-client.js'

const ADMIN = 'http://jabber.org/protocol/admin'
const COMMANDS = 'http://jabber.org/protocol/commands'
const PASSWORD = 'fB7xNq2LwPz9aVtY'

describe('accounts for the XMPP-Interop-Testing suite', function () {
  this.timeout(30_000)
  let server: Server
  let admin: TextClient

  before(async () => {
    server = await startServer('parlance')
    admin = await TextClient.connect(server, 'plain') // securityMode=disabled, as its runner says if nothing is said
    await admin.login('admin', server.admin.password)
  })
  after(async () => {
    await admin?.close()
    await server?.dispose()
  })

  for (const [where, to, lastAction] of [
    ['at the domain, with "execute"', 'localhost', 'execute'],
    ['at the administrator’s own bare JID, with "complete"', 'admin@localhost', 'complete'],
  ] as const) {
    describe(`by XEP-0133 ${where}`, () => {
      const user = `smack-inttest-one-${lastAction}`

      it('are listed as a command for the administrator, once', async () => {
        const [answer] = await admin.exchange(
          `<iq id='list' type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS}'/></iq>`,
          /<iq[^>]*id='list'.*<\/iq>/s,
        )
        for (const node of ['add-user', 'delete-user'])
          assert.equal(answer.split(`node='${ADMIN}#${node}'`).length, 2, answer)
      })

      it('are made', async () => {
        const sessionid = await execute('add-user', ['accountjid', 'password', 'password-verify'])
        await submit('add-user', sessionid, {
          accountjid: [`${user}@localhost`],
          password: [PASSWORD],
          'password-verify': [PASSWORD],
        })

        const one = await TextClient.connect(server, 'plain')
        assert.match(await one.login(user, PASSWORD), new RegExp(`^${user}@localhost/`))
        await one.close()
      })

      it('are removed at the end of a run', async () => {
        const sessionid = await execute('delete-user', ['accountjids'])
        await submit('delete-user', sessionid, { accountjids: [`${user}@localhost`] })

        const one = await TextClient.connect(server, 'plain')
        await assert.rejects(one.login(user, PASSWORD), /not-authorized/)
        await one.close()
      })
    })

    /** The first stage: a form with these fields, whose types Smack has to know, and the actions that it may take. */
    async function execute(command: string, fields: readonly string[]): Promise<string> {
      const [answer] = await admin.exchange(
        `<iq id='${command}-1' type='set' to='${to}'><command xmlns='${COMMANDS}' node='${ADMIN}#${command}' action='execute'/></iq>`,
        new RegExp(`<iq[^>]*id='${command}-1'.*</iq>`, 's'),
      )
      assert.match(answer, /status='executing'/)
      assert.match(answer, /<actions[^>]*><complete\/>|<complete\/>/)
      assert.match(answer, new RegExp(`<value>${ADMIN}</value>`)) // FORM_TYPE (XEP-0068)
      for (const field of fields)
        assert.match(
          answer,
          new RegExp(`<field(?=[^>]*var='${field}')(?=[^>]*type='(jid|text)-(single|private|multi)')`),
        )
      return /sessionid='([^']*)'/.exec(answer)?.[1] ?? assert.fail(answer)
    }

    async function submit(command: string, sessionid: string, answers: Readonly<Record<string, readonly string[]>>) {
      const field = (name: string, values: readonly string[], type = '') =>
        `<field var='${name}'${type}>${values.map(value => `<value>${value}</value>`).join('')}</field>`
      const fields = Object.entries(answers).map(([name, values]) => field(name, values))
      const form = `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', [ADMIN], " type='hidden'")}${fields.join('')}</x>`
      const [answer] = await admin.exchange(
        `<iq id='${command}-2' type='set' to='${to}'><command xmlns='${COMMANDS}' node='${ADMIN}#${command}' sessionid='${sessionid}' action='${lastAction}'>${form}</command></iq>`,
        new RegExp(`<iq[^>]*id='${command}-2'.*</iq>`, 's'),
      )
      assert.match(answer, /status='completed'/)
    }
  }

  it('by XEP-0077: asked for, made with name and e-mail besides what is required, and removed by their owner', async () => {
    const one = await TextClient.connect(server, 'plain')
    assert.match(one.features, /<register xmlns='http:\/\/jabber.org\/features\/iq-register'\/>/) // supportsAccountCreation
    const [form] = await one.exchange(
      "<iq id='form' type='get' to='localhost'><query xmlns='jabber:iq:register'/></iq>",
      /<iq[^>]*id='form'.*<\/iq>/s,
    )
    for (const field of ['username', 'password']) assert.match(form, new RegExp(`<${field}/>`))
    await one.exchange(
      `<iq id='make' type='set' to='localhost'><query xmlns='jabber:iq:register'><username>sinttest-1</username><password>${PASSWORD}</password><name>Smack Integration Test</name><email>tests@example.org</email></query></iq>`,
      /<iq[^>]*id='make'[^>]*type='result'|<iq[^>]*type='result'[^>]*id='make'/,
    )
    await one.close()

    const two = await TextClient.connect(server, 'plain')
    await two.login('sinttest-1', PASSWORD)
    // its account manager asks the domain
    const gone = await two
      .exchange(
        "<iq id='gone' type='set' to='localhost'><query xmlns='jabber:iq:register'><remove/></query></iq>",
        /<iq[^>]*id='gone'[^>]*type='result'|<iq[^>]*type='result'[^>]*id='gone'/,
      )
      .then(String, String) // the end of the stream may come in the same breath (XEP-0077 §3.2)
    assert.match(gone, /id='gone'/)
    await two.close()
    const three = await TextClient.connect(server, 'plain')
    await assert.rejects(three.login('sinttest-1', PASSWORD), /not-authorized/)
    await three.close()
  })
})
