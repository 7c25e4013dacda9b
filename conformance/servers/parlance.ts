/** Parlance as `npm run build` left it, with registration open and patient. */
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot, run } from './run.js'
import type { Place, Program } from './server.js'

/** Another build than the one in dist/ can be tried by PARLANCE_TEST_MAIN. */
const MAIN = process.env.PARLANCE_TEST_MAIN ?? path.join(projectRoot, 'dist/main.js')

export interface More {
  /** Whether anybody is let in as a guest. */
  readonly guests?: boolean
  /** Whether the component may do what it needs for `delegation` and `privilege`. */
  readonly privileged?: boolean
}

export async function parlance(place: Place, more: More = {}): Promise<Program> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`)
  const config = path.join(place.dir, 'parlance.yaml')
  await writeFile(config, configuration(place, more))
  const { version }: { version: string } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'))
  return {
    name: 'Parlance',
    version,
    command: process.execPath,
    args: [MAIN, 'start', '--config', config],
    async adduser(user, password) {
      const jid = `${user}@${place.domain}`
      await run(process.execPath, [MAIN, 'user', 'add', jid, '--password-stdin', '--config', config], `${password}\n`)
    },
  }
}

const configuration = (
  { dir, host, domain, ports, admin, component, certificateFile, keyFile }: Place,
  { guests = false, privileged = false }: More,
) => `
domains: { "${domain}": { certificate: "${certificateFile}", key: "${keyFile}" } }
data: "${path.join(dir, 'data')}"
listen: { c2s: "${host}:${ports.c2s}", c2s-tls: "${host}:${ports.c2sTls}", component: "${host}:${component.port}" }
tls: { required: ${ports.plain === undefined} }
admins: [ "${admin.jid}" ]
components: { "${component.domain}": { secret: "${component.secret}"${privileged ? RIGHTS : ''} } }
auth: { iterations: 4096, anonymous: [${guests ? domain : ''}] } # the fewest that may be: some clients count slowly
log: { level: ${process.env.PARLANCE_TEST_LOG ?? 'info'} }
modules:
  registration: { open: true, reserved: [], minPassword: 1, triesPerStream: 1000 }
  contact: { admin: [ "xmpp:${admin.jid}" ], abuse: [ "mailto:abuse@${domain}" ] }
`

const RIGHTS =
  ', privileges: { roster: both, message: outgoing, presence: roster, iq: { "urn:example:lute": get } }' +
  ', delegations: { "urn:example:madrigal": [], "urn:example:sonnet": [ verse ] }'
