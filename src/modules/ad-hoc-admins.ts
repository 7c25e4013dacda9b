import { EDIT_ADMIN } from '../core/admin-forms.js'
import { appointedAdmins } from '../core/admins.js'
import { integer } from '../core/config.js'
import { type Arguments, CommandError, defineModule, offer, type Table } from '../core/module.js'
import { addresses } from '../core/stores.js'
import { linesOf } from '../xmpp/forms/index.js'
import { Jid, tryParseJid } from '../xmpp/jid.js'

/** Lets administrators appoint others, besides those that the configuration names. XEP-0133 §4.29 */
export const admins = defineModule({
  name: 'admins',
  doc: 'Lets administrators appoint others besides those of the configuration (XEP-0133).',
  implements: ['XEP-0133 1.3.1'],
  config: { maxAppointed: integer({ default: 100, doc: 'How many administrators can be appointed.' }) },
  settingsInPlace: true,
  stores: { appointed: addresses() },
  setup({ config, stores: { appointed }, administration, log }) {
    let known: ReadonlySet<string> = new Set()
    const load = async () => {
      known = new Set((await appointed.all(SERVER)).map(String))
    }
    // until it is read nobody is appointed
    const loaded = load().catch(err => log.error({ err }, 'the appointed administrators cannot be read'))

    async function appoint(args: Arguments): Promise<string> {
      const wanted = new Map(readAccounts(args.jids ?? '').map(jid => [jid.toString(), jid]))
      const configured = new Set(administration.admins().map(String))
      const missing = [...configured].filter(jid => !wanted.has(jid))
      if (missing.length > 0)
        throw new CommandError(`${missing.join(', ')}: an administrator by the configuration, and only there.`, {
          condition: 'not-allowed',
        })
      const after = [...wanted.values()].filter(jid => !configured.has(jid.toString()))
      if (after.length > config.maxAppointed)
        throw new CommandError(`At most ${config.maxAppointed} can be appointed.`, { condition: 'not-acceptable' })
      await loaded
      const before = await appointed.all(SERVER)
      const gone = before.filter(jid => !wanted.has(jid.toString()))
      await Promise.all([appointed.remove(SERVER, gone), appointed.add(SERVER, after)])
      known = new Set(after.map(String))
      return `Administrators: ${[...wanted.keys()].join(', ') || 'none'}.`
    }

    return {
      offers: [offer(appointedAdmins, { isAppointed: account => known.has(account.toString()) })],
      // who may be one is let in when it is known
      on: { bound: () => loaded },
      commands: [
        {
          name: 'admin list',
          doc: 'Lists who may administer the server from a client.',
          args: {},
          run: async () => tableOf(administration.admins(), known),
        },
        {
          name: 'admin set',
          doc: 'Says who may administer the server from a client. Those of the configuration have to be among them.',
          args: { jids: { type: 'lines', doc: 'their addresses, one a line', optional: true } },
          forms: [
            { ...EDIT_ADMIN, initial: () => ({ adminjids: [...administration.admins().map(String), ...known] }) },
          ],
          run: appoint,
        },
      ],
    }
  },
})

/** What belongs to the server as a whole, and to none of its domains, which come and go. Nobody can have this address. */
const SERVER = new Jid('', 'server.invalid')

const readAccounts = (text: string): readonly Jid[] =>
  linesOf(text)
    .map(line => line.trim())
    .filter(line => line !== '')
    .map(line => {
      const jid = tryParseJid(line)
      if (jid?.local && jid.isBare) return jid
      throw new CommandError(`"${line}" is no account's address, which is like romeo@example.org.`, {
        condition: 'not-acceptable',
      })
    })

const tableOf = (configured: readonly Jid[], appointed: ReadonlySet<string>): Table => ({
  columns: { jid: 'ADMINISTRATOR', by: 'BY' },
  rows: [
    ...configured.map(jid => ({ jid: jid.toString(), by: 'the configuration' })),
    ...[...appointed]
      .filter(jid => !configured.some(one => one.toString() === jid))
      .map(jid => ({ jid, by: 'an administrator' })),
  ],
})
