/** The libraries, and what each can do. README.md has the same as a table; a test compares them. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { packageVersion } from '../servers/packages.js'
import { projectRoot } from '../servers/run.js'
import type { Transport } from '../servers/text-client.js'
import type { Launch } from './program.js'

export const TRANSPORTS = ['plain', 'STARTTLS', 'direct TLS'] as const satisfies readonly Transport[]

export const FEATURES = [
  'roster',
  'subscriptions',
  'presence',
  'chat',
  'receipts',
  'chat states',
  'carbons',
  'service discovery',
  'entity capabilities',
  'ping',
  'version',
  'time',
  'vCard',
  'private XML',
  'blocking',
  'last activity',
  'stream management',
  'commands',
  'new account',
  'own account',
  'offline messages',
  'client state',
  'errors',
] as const

export type Feature = (typeof FEATURES)[number]

export interface Library {
  readonly name: string
  /** Debian packages that have to be installed. */
  readonly packages: readonly string[]
  /** The same of npm, where it leaves them to its users. */
  readonly modules: readonly string[]
  version(): Promise<string>
  /** `certificate` is a file with what to trust. */
  launch(certificate: string): Launch
  /** Whether it goes through the bridge over that transport, for it speaks only WebSocket. */
  readonly bridged: readonly Transport[]
  /** What it can log in by. */
  mechanisms(transport: Transport): readonly string[]
  /** What it does not have, and so is not tried with it. */
  readonly lacks: readonly Feature[]
}

export const LIBRARIES: readonly Library[] = [
  {
    name: 'slixmpp',
    packages: ['python3-slixmpp'],
    modules: [],
    version: async () => `${await packageVersion('python3-slixmpp')}`,
    launch: () => python('slixmpp_program.py'),
    bridged: [],
    // within TLS it insists on binding to it, where that is offered
    mechanisms: transport => [
      'PLAIN',
      ...['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map(name => (transport === 'plain' ? name : `${name}-PLUS`)),
    ],
    lacks: [],
  },
  {
    name: 'aioxmpp',
    packages: ['python3-aioxmpp'],
    modules: [],
    version: async () => `${await packageVersion('python3-aioxmpp')}`,
    launch: () => python('aioxmpp_program.py'),
    bridged: [],
    // it gives a password to nobody without TLS
    mechanisms: transport => [...(transport === 'plain' ? [] : ['PLAIN']), ...['SCRAM-SHA-1', 'SCRAM-SHA-256']],
    lacks: ['time', 'last activity', 'client state'],
  },
  {
    name: '@xmpp/client',
    packages: [],
    modules: [],
    version: () => npmVersion('@xmpp/client'),
    launch: certificate => ({ ...node('xmppjs.js'), env: { NODE_EXTRA_CA_CERTS: certificate } }),
    bridged: ['plain'], // over TCP it encrypts whenever that is offered
    mechanisms: () => ['PLAIN', 'SCRAM-SHA-1'],
    lacks: ['entity capabilities', 'new account'],
  },
  {
    name: 'strophe.js',
    packages: [],
    modules: ['@xmldom/xmldom', 'saxes', 'ws'],
    version: () => npmVersion('strophe.js'),
    launch: () => node('strophe.js'),
    bridged: TRANSPORTS,
    mechanisms: () => ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    lacks: ['entity capabilities', 'new account'],
  },
  {
    name: 'stanza',
    packages: [],
    modules: [],
    version: () => npmVersion('stanza'),
    launch: () => node('stanza.js'),
    bridged: TRANSPORTS,
    mechanisms: () => ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'],
    lacks: ['new account'],
  },
]

const python = (file: string): Launch => ({
  command: '/usr/bin/python3', // Debian's, which has Debian's packages
  args: ['-u', path.join(projectRoot, 'conformance/libraries/programs', file)],
  env: { PYTHONDONTWRITEBYTECODE: '1' },
})

const node = (file: string): Launch => ({
  command: process.execPath,
  args: [path.join(import.meta.dirname, 'programs', file)],
})

async function npmVersion(name: string): Promise<string> {
  const manifest = await readFile(path.join(projectRoot, 'node_modules', name, 'package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(manifest)
  return version
}
