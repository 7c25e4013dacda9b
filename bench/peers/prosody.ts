/** Debian's Prosody as an administrator would set it up, but for passwords without TLS and only on loopback. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from '../session.js'
import type { Peer, Site } from './peer.js'

export type Collector = 'incremental' | 'generational'

export const prosody = ({ folder, port }: Site, collector: Collector): Peer => {
  const config = join(folder, 'prosody.cfg.lua')
  return {
    framing: 'xmpp',
    prepare: async accounts => {
      // it complains about certificates when the folder for them is missing
      await mkdir(join(folder, 'certs'))
      await writeFile(config, configuration({ folder, port, collector }))
      await writeAccounts(folder, accounts)
    },
    command: ['prosody', '-F', '--config', config],
  }
}

interface Configuration {
  readonly folder: string
  readonly port: number
  readonly collector: Collector
}

// incremental is what Prosody does when nothing is said
const configuration = ({ folder, port, collector }: Configuration) => `
run_as_root = true
data_path = "${folder}"
log = { warn = "*console" }
${collector === 'generational' ? 'gc = { mode = "generational" }' : ''}

interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
storage = "internal"

modules_enabled = {
  "roster", "saslauth", "disco", "carbons", "smacks", "blocklist", "pep", "private", "vcard4", "vcard_legacy",
  "version", "time", "ping", "csi_simple", "posix"
}
modules_disabled = { "s2s" }

VirtualHost "localhost"
Component "conference.localhost" "muc"
`

/** Straight into the account store; one salt for all, so that the slow hash is computed once. */
const writeAccounts = async (folder: string, accounts: readonly Account[]): Promise<void> => {
  const keys = new Map<string, string>()
  for (const { user, domain, password } of accounts) {
    const record = keys.get(password) ?? accountRecord(password)
    keys.set(password, record)
    const store = join(folder, domain, 'accounts')
    await mkdir(store, { recursive: true })
    await writeFile(join(store, `${user}.dat`), record)
  }
}

const accountRecord = (password: string): string => {
  const salted = pbkdf2Sync(password, SALT, ITERATIONS, 20, 'sha1')
  const key = (name: string) => createHmac('sha1', salted).update(name).digest()
  const stored = createHash('sha1').update(key('Client Key')).digest('hex')
  return `return {
  ["salt"] = "${SALT}"; ["iteration_count"] = ${ITERATIONS};
  ["stored_key"] = "${stored}"; ["server_key"] = "${key('Server Key').toString('hex')}";
};
`
}

const SALT = 'the-same-salt-for-everybody'
// Prosody's default
const ITERATIONS = 10_000
