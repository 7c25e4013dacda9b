import type { Accounts, Credentials } from '../core/accounts.js'
import { ADD_USER, CHANGE_USER_PASSWORD, DELETE_USER } from '../core/admin-forms.js'
import { type Argument, type Arguments, type Command, CommandError } from '../core/module.js'
import { type Jid, parseJid, preparePassword, tryParseJid } from '../xmpp/jid.js'

export interface UserParts {
  /** Asked for when a command needs them. */
  readonly accounts: () => Promise<Accounts>
  /** The domains that are served, prepared. */
  readonly domains: ReadonlySet<string>
  /** What is kept of a password. */
  readonly derive: (password: string) => Promise<Credentials>
}

const JID: Argument = { type: 'jid', doc: 'its address: NAME@DOMAIN' }

/** Accounts for operators. */
export function userCommands(parts: UserParts): readonly Command[] {
  const { accounts, derive } = parts
  return [
    {
      name: 'user add',
      doc: 'Makes an account.',
      args: { jid: JID, password: 'its password' },
      forms: [ADD_USER],
      run: async args => {
        const jid = servedAccount(args, parts.domains)
        const credentials = await derive(usablePassword(args))
        if (!(await (await accounts()).create(jid, credentials)))
          throw new CommandError(`${jid} exists already.`, { condition: 'conflict' })
        return `${jid} can log in now.`
      },
    },
    {
      name: 'user passwd',
      doc: 'Gives an account another password.',
      args: { jid: JID, password: 'its new password' },
      forms: [CHANGE_USER_PASSWORD],
      run: async args => {
        const jid = anAccount(args)
        const credentials = await derive(usablePassword(args))
        if (!(await (await accounts()).setCredentials(jid, credentials))) throw noSuch(jid)
        return `${jid} has a new password.`
      },
    },
    {
      name: 'user remove',
      doc: 'Removes an account with everything that is kept for it.',
      args: { jid: JID },
      forms: [DELETE_USER],
      run: async args => {
        // whoever names a client of it means the account (XEP-0133 §4.2)
        const jid = anAccount({ jid: parseJid(args.jid ?? '').bare.toString() })
        if (!(await (await accounts()).remove(jid))) throw noSuch(jid)
        return `${jid} is no more.`
      },
    },
    {
      name: 'user list',
      doc: 'Lists all accounts.',
      args: {},
      run: async () => (await (await accounts()).list()).join('\n'),
    },
  ]
}

const noSuch = (jid: Jid) => new CommandError(`There is no account ${jid}.`, { condition: 'item-not-found' })

function servedAccount(args: Arguments, domains: ReadonlySet<string>): Jid {
  const jid = anAccount(args)
  if (!domains.has(jid.domain))
    throw new CommandError(`${jid.domain} is none of the domains of this server: ${[...domains].join(', ')}.`, {
      condition: 'not-acceptable',
    })
  return jid
}

/** Not only of a domain that is served: the accounts of one that was can be listed and removed. */
function anAccount({ jid: text = '' }: Arguments): Jid {
  const jid = tryParseJid(text)
  if (jid?.local && jid.isBare) return jid
  throw new CommandError(`"${text}" is no account's address, which is like romeo@example.org.`, {
    condition: 'bad-request',
  })
}

function usablePassword({ password = '' }: Arguments): string {
  if (password === '') throw new CommandError('The password is empty.', { condition: 'not-acceptable' })
  try {
    preparePassword(password)
    return password
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause
    throw new CommandError(`This cannot be a password: ${reason}.`, { condition: 'not-acceptable', cause })
  }
}
