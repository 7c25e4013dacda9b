/** Whether people with the libraries of others can do with the server what their library offers. */
import assert from 'node:assert/strict'
import { isServerName, SERVERS, type Server, startServer } from '../servers/index.js'
import { requireModules, requirePackages } from '../servers/packages.js'
import type { Transport } from '../servers/text-client.js'
import { type Bridge, startBridge } from './bridge.js'
import { LIBRARIES, type Library, TRANSPORTS } from './library.js'
import { Program, type Way } from './program.js'
import { story } from './story.js'

/** Another one than Parlance is a referee. */
const SERVER = process.env.CONFORMANCE_SERVER ?? 'parlance'

describe('people with libraries of others', function () {
  this.timeout(30_000)
  let open: Server
  let strict: Server
  let bridge: Bridge
  const serverFor = (transport: Transport) => (transport === 'plain' ? open : strict)

  before(async function () {
    this.timeout(60_000)
    assert.ok(isServerName(SERVER))
    await requirePackages(this, SERVERS[SERVER].packages)
    ;[open, strict] = await Promise.all([startServer(SERVER), startServer(SERVER, { requireTls: true })])
    bridge = await startBridge(serverFor)
  })

  after(async () => {
    await bridge?.close()
    await Promise.all([open?.dispose(), strict?.dispose()])
  })

  afterEach(function () {
    if (this.currentTest?.state === 'failed' && process.env.PARLANCE_TEST_LOG) console.log(open.logTail(100))
  })

  const wayOver = (transport: Transport, { bridged }: Library): Way => {
    const { host, domain, ports, certificateFile } = serverFor(transport)
    const port = { plain: ports.plain, STARTTLS: ports.c2s, 'direct TLS': ports.c2sTls }[transport]
    const url = bridged.includes(transport) ? bridge.url(transport) : undefined
    return { transport, domain, host, port, url, ca: certificateFile }
  }

  for (const library of LIBRARIES) {
    describe(`with ${library.name}`, () => {
      const programs = new Map<Transport, Program>()

      before(async function () {
        await requirePackages(this, library.packages)
        requireModules(this, library.modules)
        console.log(`      ${library.name} ${await library.version()}, ${open.name} ${open.version}`)
        for (const transport of TRANSPORTS)
          programs.set(
            transport,
            new Program(`${library.name} over ${transport}`, library.launch(serverFor(transport).certificateFile)),
          )
        await Promise.all([...programs.values()].map(program => program.ready()))
      })
      after(() => Promise.all([...programs.values()].map(program => program.end())))

      for (const transport of TRANSPORTS) {
        describe(`over ${transport}`, () =>
          story({
            library,
            transport,
            server: () => serverFor(transport),
            way: () => wayOver(transport, library),
            program: () => programs.get(transport) ?? assert.fail(),
          }))
      }
    })
  }
})
