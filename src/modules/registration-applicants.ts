import type { Accounts, Passwords } from '../core/accounts.js'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { Outbound } from '../core/module.js'
import { type Applicant, type Registrar, refusal, resultOf } from '../core/registration.js'
import type { ValueStore } from '../core/stores.js'
import { child, type Element, elements, firstElement, xml } from '../xml/index.js'
import * as errors from '../xmpp/errors.js'
import { Jid } from '../xmpp/jid.js'
import { CLIENT, REGISTER } from '../xmpp/ns.js'
import { makeStanza } from '../xmpp/stanza.js'
import { fieldsElement, RegistrationError, readRegistration, redirectElement } from './registration-form.js'
import { checkName, checkPassword, type Details, type Rules } from './registration-rules.js'
import { Throttle } from './registration-throttle.js'

interface Parts {
  /** Asked each time. */
  readonly config: Rules
  readonly details: ValueStore<Details>
  readonly accounts: Accounts
  readonly passwords: () => Passwords
  readonly router: Outbound
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
}

/** What a connection on which nobody has logged in has tried. */
interface Tried {
  sets: number
  isRegistered: boolean
}

/** Makes accounts for people who have none, on streams on which nobody has logged in. XEP-0077 §3.1.1 */
export class Applicants implements Registrar {
  readonly #parts: Parts
  readonly #throttle: Throttle
  readonly #connections = new WeakMap<object, Tried>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#throttle = new Throttle(parts.config)
  }

  isOffered(): boolean {
    const { open, redirect } = this.#parts.config
    return open || redirect !== ''
  }

  async answer(request: Element, applicant: Applicant): Promise<Element> {
    const { domain } = applicant
    try {
      const { id, type } = request.attrs
      const query = firstElement(request)
      if (!id || !query || elements(request).length > 1) throw errors.badRequest()
      if (type === 'get') return resultOf(request, domain, this.#describe())
      await this.#register(query, applicant)
      return resultOf(request, domain)
    } catch (fault) {
      const isRefusal = fault instanceof errors.StanzaError
      if (!isRefusal) this.#parts.log.error({ err: fault }, 'registration failed')
      const error = new RegistrationError(isRefusal ? fault : errors.internalServerError())
      return refusal(request, domain, error.toElement())
    }
  }

  #describe(): Element {
    const { config } = this.#parts
    return config.open ? fieldsElement(config) : redirectElement(config.redirect)
  }

  async #register(query: Element, applicant: Applicant): Promise<void> {
    const { config, accounts, details, log, passwords } = this.#parts
    // who is registered nowhere can be removed nowhere (§3.2)
    if (child(query, 'remove', REGISTER)) throw new errors.StanzaError('unexpected-request')
    if (!config.open) throw errors.notAllowed()
    const tried = this.#count(applicant.connection)
    const { username, password, email } = readRegistration(query, config)
    const account = new Jid(checkName(username, applicant.domain, config), applicant.domain)
    const prepared = checkPassword(password, config)
    this.#refuseHaste(applicant.address)
    if (await accounts.exists(account)) throw errors.conflict()
    if (!(await accounts.create(account, await passwords().derive(prepared)))) throw errors.conflict()
    tried.isRegistered = true
    log.info({ user: account.toString(), from: applicant.address }, 'account registered')
    if (email !== undefined) await details.set(account, { email })
    await this.#welcome(account)
  }

  /** §3.1.1: one account for a connection, and not too many tries. */
  #count(connection: object): Tried {
    const tried = this.#connections.get(connection) ?? { sets: 0, isRegistered: false }
    this.#connections.set(connection, tried)
    if (tried.isRegistered) throw errors.notAcceptable('There is an account already: log in')
    if (tried.sets >= this.#parts.config.triesPerStream) throw errors.notAcceptable('Too many tries')
    tried.sets++
    return tried
  }

  #refuseHaste(address: string): void {
    const ms = this.#throttle.try(address, this.#parts.clock.now())
    if (ms > 0) throw errors.resourceConstraint(`Try again in ${Math.ceil(ms / 1000)} seconds`)
  }

  async #welcome(account: Jid): Promise<void> {
    const { config, router, randomId } = this.#parts
    if (config.welcome === '') return
    const el = xml('message', { xmlns: CLIENT, id: randomId() }, xml('body', {}, config.welcome))
    await router.route(makeStanza({ from: new Jid('', account.domain), to: account, el }))
  }
}
