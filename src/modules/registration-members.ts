import { isIP } from 'node:net'
import { type Accounts, changesPassword, isGuest, type Passwords } from '../core/accounts.js'
import type { Log } from '../core/log.js'
import { type Request, TAKEN } from '../core/module.js'
import type { Session } from '../core/session.js'
import type { ValueStore } from '../core/stores.js'
import { child, type Element, elements, xml } from '../xml/index.js'
import * as errors from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import { CLIENT, REGISTER } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import { readPasswordChange, registeredElement } from './registration-form.js'
import { checkPassword, type Details, nameIn, type Rules } from './registration-rules.js'
import { networkOf } from './registration-throttle.js'

interface Parts {
  /** Asked each time. */
  readonly config: Rules
  readonly details: ValueStore<Details>
  readonly accounts: Accounts
  readonly passwords: () => Passwords
  readonly domains: ReadonlySet<string>
  readonly log: Log
}

/** What people who have an account do with it. XEP-0077 §3.2, §3.3 */
export class Members {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async tell(request: Request): Promise<Element> {
    const account = this.#accountOf(request)
    if (!account) throw errors.serviceUnavailable()
    return registeredElement(account.local, (await this.#parts.details.get(account))?.email)
  }

  async change(request: Request): Promise<void | typeof TAKEN> {
    const account = this.#accountOf(request)
    if (child(request.payload, 'remove', REGISTER)) return this.#remove(request, account)
    if (!account) throw errors.serviceUnavailable()
    const { config } = this.#parts
    const { payload, session } = request
    if (!config.changePassword) throw errors.notAllowed()
    if (session && !isPrivate(session)) throw new errors.StanzaError('not-authorized')
    const { username, password } = readPasswordChange(payload)
    if (nameIn(username, account.domain) !== account.local) throw errors.badRequest('This is another name')
    await this.#changePassword(account, checkPassword(password, config), session)
  }

  /** Whose account it is about: the sender's own, at its own server. A guest has none. */
  #accountOf({ from, to, session }: Request): Jid | undefined {
    if (session?.get(isGuest)) return undefined
    const isOwn = to.equals(from.bare) || (to.isDomain && to.domain === from.domain)
    return isOwn && from.local !== '' && this.#parts.domains.has(from.domain) ? from.bare : undefined
  }

  async #changePassword(account: Jid, password: string, session: Session | undefined): Promise<void> {
    const { accounts, passwords, log } = this.#parts
    const credentials = await passwords().derive(password)
    // it has shown who it is, and all others have only the old password
    session?.set(changesPassword, true)
    try {
      if (!(await accounts.setCredentials(account, credentials))) throw errors.itemNotFound()
      log.info({ user: account.toString() }, 'password changed by its owner')
    } finally {
      session?.set(changesPassword, false)
    }
  }

  /** The answer goes out before the stream ends (§3.2). */
  async #remove({ payload, session, stanza }: Request, account: Jid | undefined): Promise<void | typeof TAKEN> {
    const { accounts, config, log } = this.#parts
    if (elements(payload).length > 1) throw errors.badRequest()
    if (!account) throw new errors.StanzaError('registration-required')
    if (!config.remove) throw errors.notAllowed()
    const el = xml('iq', { xmlns: CLIENT, type: 'result', id: stanza.id })
    const result = makeStanza({ from: stanza.to, to: stanza.from, el })
    if (!(await accounts.remove(account, () => session?.send(result)))) throw errors.itemNotFound()
    log.info({ user: account.toString() }, 'account removed by its owner')
    return session && TAKEN
  }
}

/** Whether no network can read what the client sends: on other streams no password is changed (§3.3). */
function isPrivate(session: Session): boolean {
  const { encryption, from = '' } = session.status()
  return encryption !== undefined || isIP(from) === 0 || networkOf(from) === undefined
}
