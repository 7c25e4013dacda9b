/** A server with all commands that there are for administrators, and Juliet as one of them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type Client, Kit, type KitOptions } from '../../test/kit.js'
import { announceCommand } from '../admin/announce.js'
import { type Ending, lifecycleCommands } from '../admin/lifecycle.js'
import { sessionCommands } from '../admin/sessions.js'
import { userCommands } from '../admin/users.js'
import { newKeys } from '../c2s/sasl/keys.js'
import { findCommand, readArguments, renderResult } from '../core/commands.js'
import type { Arguments, Command } from '../core/module.js'
import { roster } from '../roster/index.js'
import type { Element } from '../xml/index.js'
import { preparePassword } from '../xmpp/jid.js'
import { adHoc } from './ad-hoc.js'
import { accountCommands } from './ad-hoc-accounts.js'
import { admins } from './ad-hoc-admins.js'
import { disabling } from './ad-hoc-disabled.js'
import { asks, command, type Fields, SERVER, sessionOf } from './ad-hoc-fixture.test.js'
import { notices } from './ad-hoc-notices.js'
import { disco } from './disco.js'

export const ADMIN = 'http://jabber.org/protocol/admin'

export async function administration(options: Partial<KitOptions> = {}) {
  const ended: Ending[] = []
  const commands: Command[] = []
  const kit = await Kit.start({
    modules: [roster, disco, adHoc, accountCommands, disabling, notices, admins],
    admins: ['juliet'],
    commands,
    ...options,
  })
  const announce = announceCommand({ ...kit, sessions: kit.directory, router: kit.router, randomId: () => 'id' })
  commands.push(
    ...userCommands({
      accounts: async () => kit.accounts,
      domains: kit.domains,
      derive: password => newKeys(password, { prepare: preparePassword, random: randomBytes, iterations: 4 }),
    }),
    ...sessionCommands({ sessions: kit.directory }),
    announce,
    ...lifecycleCommands({
      clock: kit.clock,
      announce: text => announce.run({ text }),
      checkStart: () => {},
      end: how => void ended.push(how),
    }),
  )
  const juliet = await kit.connects('juliet/chamber')
  return {
    kit,
    juliet,
    ended,
    /** Runs a command of XEP-0133; the answer to the form, or to the request when there is none. */
    runs: (node: string, fields?: Fields, to = SERVER) => runs(juliet, node, fields, to),
    /** The same from the command line; what is printed. */
    prints: (name: string, args: Arguments = {}) => prints(kit, commands, name, args),
  }
}

export async function runs(by: Client, node: string, fields: Fields | undefined, to = SERVER): Promise<Element> {
  const first = await by.asks('set', command({ node: `${ADMIN}#${node}`, action: 'execute' }), to)
  if (!fields) return first
  assert.ok(sessionOf(first), `${first}`)
  const form = { FORM_TYPE: ADMIN, ...fields }
  return by.asks('set', command({ node: `${ADMIN}#${node}`, sessionid: sessionOf(first) }, form), to)
}

async function prints(kit: Kit, own: readonly Command[], name: string, args: Arguments): Promise<string> {
  const command = findCommand([...own, ...kit.host.commands()], name)
  return renderResult(await command.run(readArguments(command, args)))
}

export { asks }
