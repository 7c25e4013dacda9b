import type { Accounts } from '../core/accounts.js'
import type { Directory } from '../core/directory.js'
import { type Command, CommandError } from '../core/module.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { sessionTable } from './sessions.js'

export interface UserShowParts {
  readonly accounts: Accounts
  readonly sessions: Directory
  /** What the modules know of an account. */
  readonly facts: (account: Jid) => Promise<Readonly<Record<string, string>>>
}

/** All there is to know about one account, for operators. */
export const userShowCommand = ({ accounts, sessions, facts }: UserShowParts): Command => ({
  name: 'user show',
  doc: 'Tells what is known of an account, and how it is connected.',
  args: { jid: { type: 'jid', doc: 'its address: NAME@DOMAIN' } },
  run: async args => {
    const account = parseJid(args.jid ?? '').bare
    if (!(await accounts.exists(account)))
      throw new CommandError(`There is no account ${account}.`, { condition: 'item-not-found' })
    const open = sessions.of(account)
    const table = open.length > 0 ? [sessionTable(open)] : []
    const known = { Account: account.toString(), Sessions: String(open.length), ...(await facts(account)) }
    return [{ facts: known }, ...table]
  },
})
