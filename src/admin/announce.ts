import { setImmediate as othersTurn } from 'node:timers/promises'
import { ANNOUNCE } from '../core/admin-forms.js'
import type { Directory } from '../core/directory.js'
import { type Command, CommandError, type Outbound } from '../core/module.js'
import { xml } from '../xml/index.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'

export interface AnnounceParts {
  readonly domains: ReadonlySet<string>
  readonly sessions: Directory
  readonly router: Outbound
  readonly randomId: () => string
}

/** Says something to everybody who is online. */
export const announceCommand = (parts: AnnounceParts): Command => ({
  name: 'announce',
  doc: 'Sends a message to everybody who is online.',
  args: {
    text: { type: 'lines', doc: 'what to say' },
    domain: { type: 'jid', doc: 'to the users of this domain only', optional: true },
  },
  forms: [ANNOUNCE],
  run: async ({ text = '', domain }) => {
    if (domain !== undefined && !parts.domains.has(domain))
      throw new CommandError(`${domain} is none of the domains of this server: ${[...parts.domains].join(', ')}.`)
    const accounts = onlineAt(parts.sessions, domain)
    let told = 0
    for (const account of accounts) {
      await parts.router.route(headline(account, text, parts.randomId()))
      if (++told % AT_ONCE === 0) await othersTurn()
    }
    return `${told} ${told === 1 ? 'user was' : 'users were'} told.`
  },
})

/** How many messages are sent before it is everybody else's turn. */
const AT_ONCE = 100

function onlineAt(sessions: Directory, domain: string | undefined): readonly Jid[] {
  const online = new Map<string, Jid>()
  for (const { account, presence } of sessions.all())
    if (presence && presence.priority >= 0 && (domain === undefined || account.domain === domain))
      online.set(account.toString(), account)
  return [...online.values()]
}

/** In the name of the user's own domain. A headline is not kept for anybody who is not there (XEP-0160 §3). */
const headline = (to: Jid, text: string, id: string) =>
  makeStanza({
    type: 'headline',
    from: parseJid(to.domain),
    to,
    el: xml('message', { xmlns: CLIENT, id }, xml('body', {}, text)),
  })
