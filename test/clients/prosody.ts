/** Debian's Prosody as a stand-in for our server, so that the suites can be tried on one that others trust. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Place, type Program, run } from '../server-process.js'

export async function prosody(place: Place): Promise<Program> {
  const { dir, domain } = place
  const [data, plugins] = [path.join(dir, 'data'), path.join(dir, 'plugins')]
  const [certificate, key] = [path.join(dir, 'localhost.crt'), path.join(dir, 'localhost.key')]
  await Promise.all([data, plugins].map(folder => mkdir(folder)))
  await writeFile(path.join(plugins, 'mod_keep_later.lua'), KEEP_LATER)
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain},IP:${place.host}`],
    ...['-keyout', key, '-out', certificate],
  ])
  const config = path.join(dir, 'prosody.cfg.lua')
  await writeFile(
    config,
    `run_as_root = true -- only matters where the tests run as root
pidfile = "${path.join(dir, 'prosody.pid')}"
data_path = "${data}"
plugin_paths = { "${plugins}" }
interfaces = { "${place.host}" }
c2s_ports = { ${place.ports.c2s} }
c2s_direct_tls_ports = { ${place.ports.c2sTls} }
c2s_require_encryption = true
ssl = { key = "${key}", certificate = "${certificate}" }
modules_enabled = { ${MODULES.map(name => `"${name}"`).join(', ')} }
modules_disabled = { "s2s" }
authentication = "internal_hashed"
storage = "internal"
log = { { levels = { min = "${process.env.PARLANCE_TEST_LOG ?? 'info'}" }, to = "console" } }
VirtualHost "${domain}"
`,
  )
  return {
    name: 'Prosody',
    command: 'prosody',
    args: ['-F', '--config', config],
    async addUser(jid, password) {
      const [user = '', host = ''] = jid.split('@')
      await run('prosodyctl', ['--config', config, 'register', user, host, password])
    },
  }
}

const MODULES = [
  'roster',
  'saslauth',
  'tls',
  'disco',
  'carbons',
  'smacks',
  'blocklist',
  'ping',
  'private',
  'vcard',
  'keep_later',
]

/** Where it is told to lie, offline messages reach the disk late, when stream management has already counted them. */
const KEEP_LATER = `
local node_of = require "util.jid".node;
local clone = require "util.stanza".clone;
if os.getenv("PARLANCE_TEST_ACK_BEFORE_COMMIT") then
	local offline = module:open_store("offline", "archive");
	module:hook("message/offline/handle", function (event)
		local stanza = clone(event.stanza);
		module:add_timer(0.1, function () offline:append(node_of(stanza.attr.to), nil, stanza, os.time(), ""); end);
		return true;
	end, 10);
end
`
