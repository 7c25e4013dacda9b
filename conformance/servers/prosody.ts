/** Debian's Prosody, with everything that corresponds to what Parlance does. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { packageVersion } from './packages.js'
import { run } from './run.js'
import type { Place, Program } from './server.js'

export async function prosody(place: Place): Promise<Program> {
  const config = path.join(place.dir, 'prosody.cfg.lua')
  await mkdir(path.join(place.dir, 'data'))
  await writeFile(config, configuration(place))
  return {
    name: 'Prosody',
    version: (await packageVersion('prosody')) ?? 'unknown',
    command: 'prosody',
    args: ['-F', '--config', config],
    async adduser(user, password) {
      await run('prosodyctl', ['--config', config, 'register', user, place.domain, password])
    },
  }
}

/** Neither `welcome` nor `motd`: they write to people who have not asked, which the suites would hear. */
const MODULES = [
  ...['roster', 'saslauth', 'tls', 'disco', 'carbons', 'smacks', 'blocklist', 'offline', 'presence', 'message', 'iq'],
  ...[
    'register_ibr',
    'user_account_management',
    'vcard_legacy',
    'private',
    'ping',
    'time',
    'version',
    'uptime',
    'lastactivity',
    'csi',
    'csi_simple',
  ],
  ...['admin_adhoc', 'announce', 'server_contact_info', 'posix'],
]

/** vcard_legacy keeps what it is given in pep. */
const NEEDED = ['pep']

const configuration = ({ dir, host, domain, ports, admin, component, certificateFile, keyFile }: Place) => `
run_as_root = true -- only matters where the tests run as root
pidfile = "${path.join(dir, 'prosody.pid')}"
data_path = "${path.join(dir, 'data')}"
gc = { mode = "generational" }
interfaces = { "${host}" }
c2s_ports = { ${ports.c2s} }
c2s_direct_tls_ports = { ${ports.c2sTls} }
c2s_require_encryption = ${ports.plain === undefined}
allow_unencrypted_plain_auth = ${ports.plain !== undefined}
component_interfaces = { "${host}" }
component_ports = { ${component.port} }
ssl = { key = "${keyFile}", certificate = "${certificateFile}" }
admins = { "${admin.jid}" }
allow_registration = true
contact_info = { admin = { "xmpp:${admin.jid}" }, abuse = { "mailto:abuse@${domain}" } }
modules_enabled = { ${luaList([...MODULES, ...NEEDED])} }
modules_disabled = { "s2s" }
authentication = "internal_hashed"
storage = "internal"
log = { { levels = { min = "${process.env.PARLANCE_TEST_LOG ?? 'info'}" }, to = "console" } }
VirtualHost "${domain}"
Component "${component.domain}"
component_secret = "${component.secret}"
`

const luaList = (names: readonly string[]) => names.map(name => `"${name}"`).join(', ')
