/** Starts the servers that the suites test: each in a folder of its own, on free ports of the loopback address. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ejabberd } from './ejabberd.js'
import { parlance } from './parlance.js'
import { freePorts } from './ports.js'
import { prosody } from './prosody.js'
import { run } from './run.js'
import type { Options, Place, Program, Server } from './server.js'
import { ServerProcess } from './server-process.js'

export type { Account, Component, Options, Ports, Server } from './server.js'

/** The servers that can be started by name, and the Debian packages that they need. */
export const SERVERS = {
  parlance: { configure: parlance, packages: [] },
  prosody: { configure: prosody, packages: ['prosody'] },
  ejabberd: { configure: ejabberd, packages: ['ejabberd'] },
} as const satisfies Record<string, { readonly configure: Configure; readonly packages: readonly string[] }>

export type ServerName = keyof typeof SERVERS

export const isServerName = (name: string): name is ServerName => Object.hasOwn(SERVERS, name)

export type Configure = (place: Place) => Promise<Program>

/** Starts a server, with everything switched on that the suites have something to say about, and its administrator. */
export async function startServer(name: ServerName, options: Options = {}): Promise<Server> {
  return launch(SERVERS[name].configure, options)
}

/** The same for a server that is configured in another way. */
export async function launch(configure: Configure, options: Options = {}): Promise<ServerProcess> {
  const dir = await mkdtemp(path.join(tmpdir(), 'xmpp-server-'))
  let server: ServerProcess | undefined
  try {
    const place = await placeIn(dir, options)
    server = new ServerProcess(place, await configure(place))
    await server.restart()
    await server.adduser(localPart(place.admin.jid), place.admin.password)
    return server
  } catch (fault) {
    await (server?.dispose() ?? rm(dir, { recursive: true }))
    throw fault
  }
}

async function placeIn(dir: string, { requireTls = false, domain = 'localhost' }: Options): Promise<Place> {
  const [c2s = 0, c2sTls = 0, component = 0] = await freePorts(3)
  const host = '127.0.0.1'
  return {
    dir,
    host,
    domain,
    ports: { c2s, c2sTls, plain: requireTls ? undefined : c2s },
    admin: { jid: `admin@${domain}`, password: 'the prince of Verona' },
    component: { domain: `gateway.${domain}`, port: component, secret: 'a letter to Mantua' },
    ...(await selfSigned(dir, domain, host)),
  }
}

const localPart = (jid: string) => jid.slice(0, jid.indexOf('@'))

/** A certificate that only these tests will trust, for two days. */
async function selfSigned(dir: string, domain: string, host: string) {
  const [certificateFile, keyFile] = [path.join(dir, 'certificate.pem'), path.join(dir, 'key.pem')]
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain},DNS:*.${domain},IP:${host}`],
    ...['-keyout', keyFile, '-out', certificateFile],
  ])
  return { certificateFile, keyFile }
}
