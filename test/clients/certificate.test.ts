/** slixmpp logs in with a certificate, and has no password that would do. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { issue, issueForClient } from '../authority.js'
import { LiveServer } from '../live-server.js'
import { usesProsody } from '../server-process.js'
import { slixmpp } from './chat-program.js'
import { requirePackages } from './packages.js'
import type { Person } from './person.js'

describe('a real client with a certificate', function () {
  this.timeout(60_000)

  const jid = 'juliet@verona.example'
  let server: LiveServer | undefined
  let juliet: Person | undefined

  before(async function () {
    if (usesProsody()) this.skip()
    await requirePackages(this, ['python3-slixmpp'])
  })

  afterEach(async () => {
    await juliet?.leaves()
    await server?.stop()
    juliet = server = undefined
  })

  it('logs in by it', async () => {
    const prince = await issue('The Prince', { isAuthority: true })
    const { cert, key } = issueForClient({ by: prince, addresses: [jid], use: 'clientAuth' })
    server = await LiveServer.start('domains: { verona.example: { clientAuthorities: clients.pem } }', folder => {
      writeFileSync(`${folder}/clients.pem`, prince.cert)
      writeFileSync(`${folder}/juliet.pem`, cert)
      writeFileSync(`${folder}/juliet.key`, key)
    })
    await server.adds('juliet')
    const shows = { certificate: server.file('juliet.pem'), key: server.file('juliet.key') }
    const reached = {
      host: '127.0.0.1',
      ports: server.ports,
      certificate: server.file('data/certs/verona.example.crt'),
    }
    juliet = await slixmpp({ name: 'Juliet', jid, password: 'not hers', shows }, reached)

    await juliet.goesOnline()

    assert.match(await server.runs('session list'), /juliet@verona\.example\/slixmpp/)
  })
})
