/** A whole server, and those who administer it: from a client, and from a shell. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { child, type Element, elements, firstElement } from '../src/xml/index.js'
import { formElement } from '../src/xmpp/forms/index.js'
import { ADMIN, COMMANDS } from '../src/xmpp/ns.js'
import { LiveServer, to } from './live-server.js'
import { ProgramFolder } from './program.js'
import { usesProsody } from './server-process.js'
import { isElement, PASSWORD, plain, type Wire } from './stream-client.js'

type Fields = Readonly<Record<string, readonly string[]>>

const ADMINS = 'admins: [ juliet@verona.example ]'

/** Runs a command of XEP-0133 in two steps; what came of it. */
async function runs(admin: Wire, node: string, fields: Fields, at: string): Promise<Element | undefined> {
  const request = (attrs: string, form = '') =>
    `<iq type='set' id='${node}' to='${at}'><command xmlns='${COMMANDS}' node='${ADMIN}#${node}' ${attrs}>${form}</command></iq>`
  admin.send(request("action='execute'"))
  const asked = firstElement(await admin.takes('iq'))
  const form = formElement({
    type: 'submit',
    fields: Object.entries({ FORM_TYPE: [ADMIN], ...fields }).map(([name, values]) => ({ var: name, values })),
  })
  admin.send(request(`sessionid='${asked?.attrs.sessionid}' action='complete'`, `${form}`))
  const done = firstElement(await admin.takes('iq'))
  assert.equal(done?.attrs.status, 'completed', `${done}`)
  return done
}

describe('an administrator with a client', function () {
  this.timeout(30_000)

  let server: LiveServer

  before(function () {
    if (usesProsody()) this.skip()
  })

  afterEach(() => server.stop())

  /** What comes of a login. */
  async function login(user: string, password: string): Promise<string> {
    const wire = await server.connects()
    await wire.opens(to('verona.example'))
    wire.send(plain(user, password))
    const answer = await wire.next()
    await wire.cuts()
    assert.ok(isElement(answer))
    return [answer, ...elements(answer)].map(({ name }) => name).join(' ')
  }

  it('makes accounts at their own address, shuts them, opens them and removes them', async () => {
    server = await LiveServer.start(ADMINS)
    await server.adds('juliet')
    const juliet = await server.binds('juliet/chamber')
    const own = 'juliet@verona.example'
    const romeo = 'romeo@verona.example'

    await runs(juliet, 'add-user', { accountjid: [romeo], password: [PASSWORD], 'password-verify': [PASSWORD] }, own)
    const orchard = await server.binds('romeo/orchard')
    await runs(juliet, 'disable-user', { accountjids: [romeo] }, own)
    assert.equal(await orchard.fails(), 'not-authorized')
    assert.equal(await login('romeo', PASSWORD), 'failure account-disabled')
    await runs(juliet, 'reenable-user', { accountjids: [romeo] }, 'verona.example')
    await runs(juliet, 'change-user-password', { accountjid: [romeo], password: ['a rose'] }, 'verona.example')
    assert.equal(await login('romeo', PASSWORD), 'failure not-authorized')
    assert.equal(await login('romeo', 'a rose'), 'success')
    const list = await runs(juliet, 'get-registered-users-list', { max_items: ['25'] }, 'verona.example')
    assert.match(`${list}`, /<value>juliet@verona.example<\/value><value>romeo@verona.example<\/value>/)
    await runs(juliet, 'delete-user', { accountjids: [romeo] }, 'verona.example')

    assert.equal(await login('romeo', 'a rose'), 'failure not-authorized')
  })

  it('has the server end, and is told before', async () => {
    server = await LiveServer.start(ADMINS)
    await server.adds('juliet')
    const juliet = await server.binds('juliet/chamber')

    const done = await runs(
      juliet,
      'shutdown',
      { delay: ['0'], announcement: ['Good night, good night!'] },
      'verona.example',
    )

    assert.match(`${done}`, /The server stops now/)
    while (!server.told.includes('stop')) await new Promise(resolve => setImmediate(resolve))
  })

  it('appoints another, who is one after the next start as well', async () => {
    server = await LiveServer.start(ADMINS)
    await server.adds('juliet', 'romeo')
    const [juliet, romeo] = [await server.binds('juliet/chamber'), await server.binds('romeo/orchard')]
    const adminjids = ['juliet@verona.example', 'romeo@verona.example']

    await runs(juliet, 'edit-admin', { adminjids }, 'verona.example')

    await runs(romeo, 'user-stats', { accountjid: ['juliet@verona.example'] }, 'verona.example')
    assert.match(await server.runs('admin list'), /^romeo@verona.example +an administrator$/m)
  })

  it('can be told from the features what the server does', async () => {
    server = await LiveServer.start(ADMINS)
    await server.adds('juliet')
    const wire = await server.connects()
    await wire.opens(to('verona.example'))
    const features = await wire.logsIn('juliet')

    assert.ok(child(features, 'c', 'http://jabber.org/protocol/caps'))
    assert.ok(child(features, 'c', 'urn:xmpp:caps'))
    await wire.binds()
    const { node, ver } = child(features, 'c', 'http://jabber.org/protocol/caps')?.attrs ?? {}
    wire.send(
      `<iq type='get' id='i' to='verona.example'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}#${ver}'/></iq>`,
    )
    assert.equal((await wire.takes('iq')).attrs.type, 'result')
  })
})

describe('an administrator with a shell', function () {
  this.timeout(60_000)

  let program: ProgramFolder

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(() => {
    program = new ProgramFolder()
  })

  afterEach(() => program.dispose())

  it('stops the server', async () => {
    await program.configure()
    const server = await program.start()

    const { code, out } = await program.run('stop')

    assert.deepEqual([code, out.trimEnd()], [0, 'The server stops now.'])
    assert.equal(await server.ended, 0)
  })

  it('starts it anew with another configuration, with all that it had', async () => {
    await program.configure()
    const server = await program.start()
    await program.run('user add romeo@localhost --password-stdin', 'rosaline')
    const [ports = ''] = readFileSync(program.file('parlance.yaml'), 'utf8').split('\n')
    writeFileSync(program.file('parlance.yaml'), `${ports}\ndomains: [ localhost, mantua.example ]\n`)
    const from = server.out.length

    const { code, out } = await program.run('restart')
    assert.deepEqual([code, out.trimEnd()], [0, 'The server starts anew now.'])
    await program.says(server, 'out', /is running[\s\S]*localhost, mantua\.example/, from)

    assert.equal((await program.run('user list')).out.trimEnd(), 'romeo@localhost')
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })

  it('does not stop one that could not start again', async () => {
    await program.configure()
    await program.start()
    writeFileSync(program.file('broken.yaml'), readFileSync(program.file('parlance.yaml')))
    writeFileSync(program.file('parlance.yaml'), 'limit: {}')

    const refused = await program.run('restart --config broken.yaml')

    assert.equal(refused.code, 1)
    assert.match(refused.err, /limit: unknown setting.*; the server goes on\.$/m)
    assert.equal((await program.run('status --config broken.yaml')).code, 0)
  })
})
