import { accountRemoved } from '../core/accounts.js'
import { duration, integer } from '../core/config.js'
import { blocks } from '../core/contacts.js'
import { defineModule, TAKEN, type Verdict } from '../core/module.js'
import { LogFull, type LogStore, log } from '../core/stores.js'
import { serialise, withAttrs } from '../xml/index.js'
import { delayed } from '../xmpp/delay.js'
import { serviceUnavailable } from '../xmpp/errors.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { CLIENT, OFFLINE } from '../xmpp/ns.js'
import type { Addressed } from '../xmpp/stanza.js'
import type { Kept } from './mailbox.js'
import { Mailboxes } from './mailboxes.js'
import { reasonNotToStore } from './worth-storing.js'

const MINUTE = 60_000

/**
 * Keeps messages for users who are not there. XEP-0160
 *
 * A sender is told that his message has arrived when it is committed. It stays until the client that it was given has
 * it, so it comes once unless the server is killed between that and the commit of its removal; then it comes again.
 */
export const offline = defineModule({
  name: 'offline',
  doc: 'Keeps messages for users who are not online (XEP-0160).',
  implements: ['XEP-0160 1.0.1', 'XEP-0203 2.0', 'XEP-0334 1.0.0'],
  features: [OFFLINE],
  config: {
    maxMessages: integer({ default: 1000, doc: 'How many messages are kept for one user; further ones are refused.' }),
    keepFor: duration({ default: '26 weeks', doc: 'How long a message that nobody fetches is kept.' }),
  },
  // what clients have been given, and have not acknowledged, is in memory
  settingsInPlace: true,
  stores: { messages: log<Kept>() },
  setup({ config, stores: { messages }, sessions, accounts, bus, clock, log, every, tryUse }) {
    const isBlocked = (account: Jid, from: Jid) => tryUse(blocks)?.isBlocked(account, from) ?? false
    const mailboxes = new Mailboxes({ messages, sessions, log, isBlocked })

    async function store(stanza: Addressed, account: Jid): Promise<typeof TAKEN> {
      const at = clock.now()
      const el = delayed(stanza.el, parseJid(account.domain), at)
      const kept = { at, xml: serialise(withAttrs(el, { xmlns: CLIENT })) }
      try {
        await messages.append(account, kept, config.maxMessages)
      } catch (fault) {
        throw fault instanceof LogFull ? serviceUnavailable() : fault // §2
      }
      // somebody may have come while it was on its way
      mailboxes.deliver(account)
      return TAKEN
    }

    every(6 * 60 * MINUTE, async () => {
      for (const account of await accounts.list()) await prune(messages, account, clock.now() - config.keepFor)
    })
    every(MINUTE, () => mailboxes.tidy())
    const end = bus.subscribe(accountRemoved, account => mailboxes.forget(account))

    return {
      hooks: {
        toAccount: {
          fallback({ stanza, account }): Verdict {
            const reason = reasonNotToStore(stanza)
            if (reason === undefined) return store(stanza, account)
            log.debug({ user: account.toString(), stanza: stanza.id, reason }, 'not stored')
          },
        },
      },
      on: {
        willing: session => mailboxes.deliverTo(session),
      },
      facts: async account => ({ 'Offline messages': String(await messages.count(account)) }),
      stop: end,
    }
  },
})

/** Removes what has waited since before then. */
async function prune(messages: LogStore<Kept>, account: Jid, before: number): Promise<void> {
  for (;;) {
    const page = await messages.read(account, { limit: 100 })
    const old = page.filter(({ value }) => value.at < before)
    if (old.length === 0) return
    await messages.remove(
      account,
      old.map(({ id }) => id),
    )
    if (old.length < page.length) return
  }
}
