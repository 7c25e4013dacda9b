/**
 * Debian's ejabberd, with everything that corresponds to what Parlance does. It runs as the user that the tests run as,
 * without a node name: so there is no epmd and no port for other nodes, and another ejabberd is none of its business.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { packageVersion } from './packages.js'
import { freePorts } from './ports.js'
import type { Place, Program } from './server.js'

const CONTROL = '/usr/sbin/ejabberdctl'

export async function ejabberd(place: Place): Promise<Program> {
  const { dir, host, domain, certificateFile, keyFile } = place
  const [api = 0] = await freePorts(1)
  const [database, logs] = [path.join(dir, 'database'), path.join(dir, 'logs')]
  await Promise.all([database, logs].map(folder => mkdir(folder)))
  const both = path.join(dir, 'both.pem')
  await writeFile(both, (await Promise.all([keyFile, certificateFile].map(file => readFile(file)))).join(''))
  const config = path.join(dir, 'ejabberd.yml')
  await writeFile(config, configuration(place, both, api))
  return {
    name: 'ejabberd',
    version: (await packageVersion('ejabberd')) ?? 'unknown',
    command: 'erl',
    // +sbw…: it would keep both processors busy while it waits
    args: [
      ...['+K', 'true', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
      ...['-noinput', '-mnesia', 'dir', `"${database}"`, '-s', 'ejabberd'],
    ],
    env: {
      HOME: dir,
      ERL_LIBS: await libraries(),
      ERL_CRASH_DUMP_BYTES: '0',
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: path.join(logs, 'ejabberd.log'),
    },
    ports: [api],
    async adduser(user, password) {
      const body = JSON.stringify({ user, host: domain, password })
      const answer = await fetch(`http://${host}:${api}/api/register`, { method: 'POST', body })
      if (!answer.ok) throw new Error(`${user} is not registered: ${await answer.text()}`)
    },
  }
}

/** Where its modules are differs by architecture; its own start script knows. */
async function libraries(): Promise<string> {
  const found = /^ERL_LIBS='(.*)'$/m.exec(await readFile(CONTROL, 'utf8'))?.[1]
  if (!found) throw new Error(`${CONTROL} does not say where the modules are`)
  return found
}

const configuration = ({ host, domain, ports, admin, component }: Place, certificate: string, api: number) => `
hosts: [ "${domain}" ]
loglevel: ${process.env.PARLANCE_TEST_LOG ?? 'info'}
log_rotate_count: 0
certfiles: [ "${certificate}" ]
listen:
  - { port: ${ports.c2s}, ip: "${host}", module: ejabberd_c2s, access: c2s, ${ports.plain === undefined ? 'starttls_required' : 'starttls'}: true }
  - { port: ${ports.c2sTls}, ip: "${host}", module: ejabberd_c2s, access: c2s, tls: true }
  - { port: ${api}, ip: "${host}", module: ejabberd_http, request_handlers: { /api: mod_http_api } }
  - { port: ${component.port}, ip: "${host}", module: ejabberd_service, hosts: { "${component.domain}": { password: "${component.secret}" } } }
auth_password_format: scram
registration_timeout: infinity
s2s_access: nobody
acl:
  admin: { user: [ "${admin.jid}" ] }
  loopback: { ip: [ 127.0.0.0/8, "::1/128" ] }
access_rules:
  c2s: { allow: all }
  configure: { allow: admin } # mod_configure asks for the rule of this name
  from_here: { allow: loopback }
  everybody: { allow: all }
  nobody: { deny: all }
api_permissions:
  accounts: { from: [ mod_http_api ], who: { ip: 127.0.0.0/8 }, what: [ register ] }
shaper_rules:
  max_user_sessions: 20
  max_user_offline_messages: 1000
modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_announce: { access: configure }
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_configure: {}
  mod_disco:
    server_info:
      - { modules: all, name: admin-addresses, urls: [ "xmpp:${admin.jid}" ] }
      - { modules: all, name: abuse-addresses, urls: [ "mailto:abuse@${domain}" ] }
  mod_http_api: {}
  mod_last: {}
  mod_offline: { access_max_user_messages: max_user_offline_messages }
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_register: { access: everybody, ip_access: from_here, password_strength: 0 }
  mod_roster: { versioning: true }
  mod_stream_mgmt: { resend_on_timeout: true }
  mod_time: {}
  mod_vcard: { search: false }
  mod_version: {}
`
