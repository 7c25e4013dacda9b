import { accountDisabled, accountRemoved, type DisabledAccounts, disabledAccounts } from '../core/accounts.js'
import { DISABLE_USER, REENABLE_USER } from '../core/admin-forms.js'
import { type Argument, type Arguments, CommandError, defineModule, offer } from '../core/module.js'
import { type MapStore, map, type ValueStore, value } from '../core/stores.js'
import { formatDateTime } from '../xmpp/dates.js'
import { Jid, parseJid } from '../xmpp/jid.js'

interface Disabled {
  /** Since when. */
  readonly at: number
}

const JID: Argument = { type: 'jid', doc: 'its address: NAME@DOMAIN' }

/** Lets operators shut an account without losing anything of it. XEP-0133 §4.3, §4.4 */
export const disabling = defineModule({
  name: 'disabling',
  doc: 'Lets administrators disable accounts: nobody can log in to one until it is enabled, or this is switched off.',
  implements: ['XEP-0133 1.3.1'],
  stores: {
    /** What counts: it goes with the account. */
    disabled: value<Disabled>(),
    /** By domains and names, so that they can be listed. One that is no account any more may be left in it. */
    names: map<Disabled>(),
  },
  setup({ stores: { disabled, names }, accounts, domains, bus, clock, log }) {
    const list = new DisabledList({ disabled, names, domains })
    const existing = async ({ jid = '' }: Arguments): Promise<Jid> => {
      const account = parseJid(jid).bare
      if (await accounts.exists(account)) return account
      throw new CommandError(`There is no account ${account}.`, { condition: 'item-not-found' })
    }
    const forget = bus.subscribe(accountRemoved, account => {
      list.unlist(parseJid(account)).catch(err => log.warn({ err }, 'a removed account is still listed'))
    })
    return {
      offers: [offer(disabledAccounts, list)],
      facts: async (account): Promise<Record<string, string>> => {
        const mark = await disabled.get(account)
        return mark ? { 'Disabled since': formatDateTime(mark.at) } : {}
      },
      commands: [
        {
          name: 'user disable',
          doc: 'Ends the sessions of an account, and lets nobody log in to it until it is enabled again.',
          args: { jid: JID },
          forms: [DISABLE_USER],
          run: async args => {
            const account = await existing(args)
            await list.add(account, { at: clock.now() })
            bus.publish(accountDisabled, account.toString())
            return `Nobody can log in as ${account} until it is enabled again.`
          },
        },
        {
          name: 'user enable',
          doc: 'Lets an account that was disabled log in again.',
          args: { jid: JID },
          forms: [REENABLE_USER],
          run: async args => {
            const account = await existing(args)
            if (!(await list.isDisabled(account))) return `${account} is not disabled.`
            await list.remove(account)
            return `${account} can log in again.`
          },
        },
      ],
      stop: forget,
    }
  },
})

interface Parts {
  readonly disabled: ValueStore<Disabled>
  readonly names: MapStore<Disabled>
  readonly domains: ReadonlySet<string>
}

/** Accounts that are disabled: each has a mark, and its domain its name. */
class DisabledList implements DisabledAccounts {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async isDisabled(account: Jid): Promise<boolean> {
    return (await this.#parts.disabled.get(account)) !== undefined
  }

  async list(domain?: string): Promise<readonly Jid[]> {
    const { names, domains } = this.#parts
    const searched = domain === undefined ? [...domains] : [domain]
    const found = await Promise.all(searched.map(async one => [...(await names.all(new Jid('', one))).keys()]))
    const jids = found.flat().map(parseJid)
    const isStill = await Promise.all(jids.map(jid => this.isDisabled(jid)))
    return jids.filter((_, i) => isStill[i]).sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
  }

  async add(account: Jid, mark: Disabled): Promise<void> {
    const { disabled, names } = this.#parts
    await Promise.all([disabled.set(account, mark), names.set(domainOf(account), account.toString(), mark)])
  }

  async remove(account: Jid): Promise<void> {
    await Promise.all([this.#parts.disabled.remove(account), this.unlist(account)])
  }

  /** Its mark has gone with it. */
  unlist(account: Jid): Promise<void> {
    return this.#parts.names.remove(domainOf(account), account.toString())
  }
}

const domainOf = (account: Jid): Jid => new Jid('', account.domain)
