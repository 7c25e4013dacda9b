/** A gateway and its users, over real sockets, with the program as it was built. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { child, type Element } from '../src/xml/index.js'
import { DISCO_ITEMS, REGISTER, REGISTER_FEATURE, SASL } from '../src/xmpp/ns.js'
import { Gateway } from './gateway.js'
import { PigeonPost } from './pigeon-post.js'
import { freePorts } from './ports.js'
import { ProgramFolder, type Seen } from './program.js'
import { usesProsody } from './server-process.js'
import { bindRequest, bodyOf, isElement, PASSWORD, plain, Wire } from './stream-client.js'

const DOMAIN = 'pigeons.localhost'
const SECRET = 'a feather in the cap'
const TO = `to='localhost' version='1.0'`

describe('a gateway', function () {
  this.timeout(40_000)

  let program: ProgramFolder
  let server: Seen
  let ports: { readonly c2s: number; readonly c2sTls: number; readonly component: number }
  const sockets: net.Socket[] = []

  before(async function () {
    if (usesProsody()) this.skip()
    program = new ProgramFolder()
    const [c2s = 0, c2sTls = 0, component = 0] = await freePorts(3)
    ports = { c2s, c2sTls, component }
    writeFileSync(
      program.file('parlance.yaml'),
      [
        `listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}", component: "127.0.0.1:${component}" }`,
        `components: { ${DOMAIN}: { secret: ${SECRET}, privileges: { roster: both, presence: managed_entity } } }`,
        'modules: { registration: { open: true } }',
        'auth: { iterations: 4096 }',
        '',
      ].join('\n'),
    )
    server = await program.start()
    assert.equal((await program.run('user add romeo@localhost --password-stdin', PASSWORD)).code, 0)
  })

  after(async () => {
    for (const socket of sockets) socket.destroy()
    await program?.dispose()
  })

  const open = (members?: Map<string, string>) =>
    PigeonPost.open({ port: ports.component, domain: DOMAIN, secret: SECRET }, members)

  /** A stream under TLS on which nobody has logged in, and what it is offered. */
  async function meets(): Promise<{ readonly wire: Wire; readonly features: Element }> {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: ports.c2sTls,
      servername: 'localhost',
      rejectUnauthorized: false,
    })
    sockets.push(socket)
    await once(socket, 'secureConnect')
    const wire = new Wire(socket)
    return { wire, features: await wire.opens(TO) }
  }

  async function comesOnline(name: string): Promise<Wire> {
    const { wire } = await meets()
    wire.send(plain(name, PASSWORD))
    await wire.takes('success', SASL)
    await wire.opens(TO)
    wire.send(bindRequest('orchard'))
    await wire.takes('iq')
    wire.send('<presence/>')
    await wire.finds(event => isElement(event) && event.name === 'presence')
    return wire
  }

  let asked = 0
  async function asks(wire: Wire, type: string, to: string, payload: string): Promise<Element> {
    const id = `ask-${++asked}`
    wire.send(`<iq type='${type}' id='${id}' to='${to}'>${payload}</iq>`)
    const answer = await wire.finds(event => isElement(event) && event.attrs.id === id)
    assert.ok(isElement(answer))
    return answer
  }

  const writes = (wire: Wire, words: string) =>
    wire.send(`<message type='chat' id='${words}' to='mercutio@${DOMAIN}'><body>${words}</body></message>`)

  async function hears(wire: Wire, fits: (message: Element) => boolean = () => true): Promise<Element> {
    const message = await wire.finds(event => isElement(event) && event.name === 'message' && fits(event))
    assert.ok(isElement(message))
    return message
  }

  /** Waits until the gateway knows something. */
  async function until(post: PigeonPost, isSo: () => boolean): Promise<void> {
    while (!isSo()) await post.changes()
  }

  it('registers its users, exchanges stanzas, is cut, and comes back', async () => {
    const romeo = await comesOnline('romeo')
    writes(romeo, 'Nobody is there yet')
    assert.match(`${await hears(romeo)}`, /remote-server-timeout/)

    const post = await open()
    const items = async () => child(await asks(romeo, 'get', 'localhost', `<query xmlns='${DISCO_ITEMS}'/>`), 'query')
    // it is there at once, and a moment later it has said what it is called
    let [found] = (await items())?.getChildElements() ?? []
    while (found?.attrs.name === undefined) [found] = (await items())?.getChildElements() ?? []
    assert.deepEqual([found.attrs.jid, found.attrs.name], [DOMAIN, 'Pigeon post'])

    const form = await asks(romeo, 'get', DOMAIN, `<query xmlns='${REGISTER}'/>`)
    assert.match(`${form}`, /Who are you among pigeons/)
    const query = `<query xmlns='${REGISTER}'><username>lover</username></query>`
    assert.equal((await asks(romeo, 'set', DOMAIN, query)).attrs.type, 'result')
    romeo.send(`<presence type='subscribed' to='${DOMAIN}'/><presence type='subscribe' to='mercutio@${DOMAIN}'/>`)
    await romeo.finds(event => isElement(event) && event.attrs.from === `mercutio@${DOMAIN}/loft`)

    for (let n = 0; n < 100; n++) writes(romeo, String(n))
    await until(post, () => post.flown.length === 100)
    assert.deepEqual(
      post.flown,
      Array.from({ length: 100 }, (_, n) => `lover to mercutio: ${n}`),
    )
    for (let n = 0; n < 100; n++) post.brings('mercutio', 'romeo@localhost', String(n))
    for (let n = 0; n < 100; n++) assert.equal(bodyOf(await hears(romeo)), String(n))

    assert.match(
      (await program.run('component list')).out,
      /^pigeons\.localhost +Pigeon post +\d{4}-\S+ +127\.0\.0\.1$/m,
    )
    await post.cut()
    await program.says(server, 'err', /component disconnected/)
    assert.match((await program.run('component list')).out, /^pigeons\.localhost +not connected$/m)
    writes(romeo, 'while it is away')
    const error = await hears(romeo, ({ attrs }) => attrs.type === 'error')
    assert.equal(error.attrs.id, 'while it is away')
    assert.match(`${error}`, /remote-server-timeout/)

    const again = await open(post.members)
    writes(romeo, 'Welcome back')
    await until(again, () => again.flown.length === 1)
    again.brings('mercutio', 'romeo@localhost', 'Good to be here')
    assert.equal(bodyOf(await hears(romeo)), 'Good to be here')
    await again.cut()
  })

  it('has to know its secret, and to be the only one of its name', async () => {
    const connect = async () => {
      const socket = net.connect(ports.component, '127.0.0.1')
      sockets.push(socket)
      await once(socket, 'connect')
      return new Gateway(socket, DOMAIN)
    }
    const liar = await connect()
    await liar.opens()
    liar.proves('a stone in the shoe')
    assert.equal(await liar.wire.fails(), 'not-authorized')

    const post = await open()
    const second = await connect()
    await second.opens()
    second.proves(SECRET)
    assert.equal(await second.wire.fails(), 'conflict')
    await post.cut()
  })

  it('is there for people who have just made their accounts', async () => {
    const post = await open()
    const { wire, features } = await meets()
    assert.ok(child(features, 'register', REGISTER_FEATURE))
    wire.send(
      `<iq type='set' id='1'><query xmlns='${REGISTER}'><username>juliet</username><password>${PASSWORD}</password></query></iq>`,
    )
    assert.equal((await wire.takes('iq')).attrs.type, 'result')
    await wire.cuts()

    const juliet = await comesOnline('juliet')
    await asks(juliet, 'set', DOMAIN, `<query xmlns='${REGISTER}'><username>sun</username></query>`)
    writes(juliet, 'Good night')
    await until(post, () => post.flown.length === 1)
    assert.deepEqual(post.flown, ['sun to mercutio: Good night'])
    await post.cut()
  })

  it('survives the server: it is told when that ends, and can come back when it does', async () => {
    const post = await open()
    server.child.kill('SIGTERM')
    await post.over
    assert.equal(await server.ended, 0)

    server = await program.start()
    const again = await open(post.members)
    const romeo = await comesOnline('romeo')
    await asks(romeo, 'set', DOMAIN, `<query xmlns='${REGISTER}'><username>lover</username></query>`)
    writes(romeo, 'Once more')
    await until(again, () => again.flown.length === 1)
    assert.deepEqual(again.flown, ['lover to mercutio: Once more'])
    await again.cut()
  })

  it('hears of accounts that the operator removes: nobody keeps a ghost', async () => {
    const post = await open()
    assert.equal((await program.run('user add paris@localhost --password-stdin', PASSWORD)).code, 0)
    const paris = await comesOnline('paris')
    await asks(paris, 'set', DOMAIN, `<query xmlns='${REGISTER}'><username>county</username></query>`)
    paris.send(`<presence type='subscribe' to='mercutio@${DOMAIN}'/>`)
    await paris.finds(event => isElement(event) && event.attrs.from === `mercutio@${DOMAIN}/loft`)
    assert.equal(post.members.size, 1)

    assert.equal((await program.run('user remove paris@localhost')).code, 0)

    await paris.finds(event => isElement(event) && event.name === 'error')
    await until(post, () => post.members.size === 0)
    await post.cut()
  })

  it('leaves no secret in the log', () => {
    assert.ok(server.err.includes('component connected'))
    assert.ok(!server.err.includes(SECRET))
  })
})
