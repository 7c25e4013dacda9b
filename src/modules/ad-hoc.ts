import type { AdHocCommand } from '../core/ad-hoc.js'
import { duration, integer } from '../core/config.js'
import type { DiscoInfo, DiscoItem, DiscoNode, Inquiry } from '../core/discovery.js'
import { defineModule, set } from '../core/module.js'
import type { Jid } from '../xmpp/jid.js'
import { COMMANDS, DATA_FORMS } from '../xmpp/ns.js'
import { adHocFrom } from './ad-hoc-commands.js'
import { AdHocDoor } from './ad-hoc-door.js'
import { Executions } from './ad-hoc-executions.js'
import { notForYou } from './ad-hoc-protocol.js'

/** Lets people run commands from their clients, administrators those of operators. XEP-0050 */
export const adHoc = defineModule({
  name: 'ad-hoc',
  doc: 'Lets administrators do from their clients what the command line can do (XEP-0050, XEP-0133).',
  implements: ['XEP-0004 2.13.2', 'XEP-0050 1.3.0', 'XEP-0068 1.3.0', 'XEP-0122 1.0.2', 'XEP-0133 1.3.1'],
  features: [COMMANDS],
  config: {
    maxSessions: integer({ default: 1000, min: 1, doc: 'How many commands can wait for their next step.' }),
    maxUserSessions: integer({
      default: 20,
      min: 1,
      doc: 'How many of one user can wait. Of more than that, the oldest is given up.',
    }),
    sessionTimeout: duration({ default: '15 minutes', doc: 'How long a command waits for its next step.' }),
  },
  settingsInPlace: true,
  setup({ config, administration, announced, clock, randomId, every, log }) {
    const all = (): readonly AdHocCommand[] => [
      ...announced.adHoc(),
      ...administration
        .commands()
        .filter(({ local }) => !local)
        .flatMap(command => adHocFrom(command, { mayRun: by => administration.isAdmin(by), log })),
    ]
    const commands: Commands = {
      find: node => all().find(command => command.node === node),
      those: async by => {
        const candidates = all()
        const mayRun = await Promise.all(candidates.map(command => command.mayRun(by)))
        return candidates.filter((_, i) => mayRun[i])
      },
    }
    const executions = new Executions({ clock, randomId, limits: config })
    const door = new AdHocDoor({ executions, find: commands.find, randomId })
    every(SWEEP_MS, () => executions.sweep())
    return {
      // at a domain, and at one's own address: some tools of administrators look there
      iq: [set(['server', 'self'], 'command', COMMANDS, request => door.answer(request))],
      accountInfo: async (account, asker) => {
        const isOwn = account.equals(asker.bare)
        return isOwn && (await commands.those(asker)).length > 0 ? { features: [COMMANDS] } : {}
      },
      node: (name, inquiry) => nodeOf(name, inquiry, commands),
      on: { closed: ({ jid }) => executions.endOf(jid) },
    }
  },
})

const SWEEP_MS = 60_000

interface Commands {
  readonly find: (node: string) => AdHocCommand | undefined
  /** Those that somebody may run. */
  readonly those: (by: Jid) => Promise<readonly AdHocCommand[]>
}

/** The list of commands, and each of them. Those at an account are for its owner only. §2.2 */
function nodeOf(name: string, { target, to, from }: Inquiry, { find, those }: Commands): DiscoNode | undefined {
  if (target === 'account' && !to.equals(from.bare)) return undefined
  if (name === COMMANDS) {
    const item = ({ node, name }: AdHocCommand): DiscoItem => ({ jid: to.toString(), node, name })
    return { info: () => LIST, items: async () => (await those(from)).map(item) }
  }
  const command = find(name)
  if (!command) return undefined
  return {
    info: async () => {
      if (!(await command.mayRun(from))) throw notForYou()
      const identity = { category: 'automation', type: 'command-node', name: command.name }
      return { identities: [identity], features: [COMMANDS, DATA_FORMS], forms: [] }
    },
    items: () => [],
  }
}

const LIST: DiscoInfo = {
  identities: [{ category: 'automation', type: 'command-list', name: 'Commands' }],
  features: [COMMANDS],
  forms: [],
}
