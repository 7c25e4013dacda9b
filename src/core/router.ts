import { type Element, firstElement, namespaceOf, xml } from '../xml/index.js'
import { delayed } from '../xmpp/delay.js'
import {
  errorReply,
  internalServerError,
  mayBounce,
  remoteServerNotFound,
  StanzaError,
  serviceUnavailable,
} from '../xmpp/errors.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { type Addressed, addressedOr, isAddressed, makeStanza, type Stanza } from '../xmpp/stanza.js'
import type { Accounts } from './accounts.js'
import { type Awaitable, isPromise } from './awaitable.js'
import type { Clock } from './clock.js'
import type { Directory } from './directory.js'
import type { Host } from './host.js'
import { Lane } from './lane.js'
import type { Log } from './log.js'
import type { Flows, IqHandler, Outbound, Target } from './module.js'
import { type Outcome, type Report, run, type Step } from './pipeline.js'
import type { Custody, Session } from './session.js'
import { Slot } from './slot.js'

/** What remains to be done with a stanza when everything before its delivery is done. */
type Delivery = () => Awaitable<void>

const nothing: Delivery = () => {}

const lane = new Slot<Lane | undefined>('lane', undefined)

interface Parts {
  readonly host: Host
  readonly directory: Directory
  readonly accounts: Accounts
  /** The domains that are served, prepared. */
  readonly domains: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes every stanza to where it belongs: RFC 6120 §10, RFC 6121 §8. It answers at once unless a hook, a handler or a
 * store takes its time; then the promise resolves when all that had to be kept is committed. It never rejects.
 */
export class Router implements Outbound {
  readonly #parts: Parts
  readonly #log: Log
  readonly #fromClient: readonly Step<'fromClient'>[]
  readonly #before: readonly Step<'toAccount'>[]
  readonly #copy: readonly Step<'toAccount'>[]
  readonly #fallback: readonly Step<'toAccount'>[]

  /** The host has loaded its modules. */
  constructor(parts: Parts) {
    const { host, log } = parts
    this.#parts = parts
    this.#log = log
    this.#fromClient = host.steps('fromClient', ['check', 'rewrite', 'record', 'copy', 'fallback'])
    this.#before = host.steps('toAccount', ['check', 'rewrite', 'record'])
    this.#copy = host.steps('toAccount', ['copy'])
    this.#fallback = host.steps('toAccount', ['fallback'])
  }

  /**
   * What one of our clients sent. Those of one session are dealt with in the order in which they come; messages that
   * wait for a commit wait together.
   */
  fromClient(session: Session, stanza: Stanza): Awaitable<void> {
    const own = session.get(lane) ?? new Lane()
    session.set(lane, own)
    const prepare = () => this.#prepareFromClient(session, stanza)
    return stanza.kind === 'message'
      ? own.overlapping(
          () => this.#guardFirst(stanza, prepare),
          deliver => this.#guard(stanza, deliver),
        )
      : own.alone(() => this.#guard(stanza, () => follow(prepare(), call)))
  }

  /** What the server itself has to say. */
  route(stanza: Addressed): Awaitable<void> {
    return this.#guard(stanza, () => follow(this.#prepare(stanza, undefined), call))
  }

  /** A session was over before its client had this, and nobody else answers for it. */
  undelivered(stanza: Addressed): void {
    if (stanza.kind === 'iq') this.bounce(stanza, serviceUnavailable())
  }

  /** Sends a stanza back to its sender as an error, unless it is one that must not be (RFC 6120 §8.3.1). */
  bounce(stanza: Addressed, error: StanzaError): void {
    if (mayBounce(stanza)) this.#hand(errorReply(stanza, error))
  }

  #prepareFromClient(session: Session, stanza: Stanza): Awaitable<Delivery> {
    const outcome = run(this.#fromClient, { stanza, session }, this.#report)
    return follow(outcome, outcome => this.#afterFromClient(session, stanza, outcome))
  }

  #afterFromClient(session: Session, stanza: Stanza, outcome: Outcome<Flows['fromClient']>): Awaitable<Delivery> {
    if ('refused' in outcome) {
      return () => this.#refuse(addressedOr(stanza, session.account), outcome)
    }
    if ('taken' in outcome || !isAddressed(outcome.passed.stanza)) return nothing
    return this.#prepare(outcome.passed.stanza, session)
  }

  /** All that comes before delivery. */
  #prepare(stanza: Addressed, session: Session | undefined): Awaitable<Delivery> {
    const { domains, directory, accounts } = this.#parts
    const { to } = stanza
    if (!domains.has(to.domain)) return () => this.#toRemote(stanza)
    if (to.local === '') return () => this.#toServer(stanza, session)
    if (directory.of(to).length > 0) return this.#prepareForAccount(stanza, session)
    return follow(accounts.exists(to.bare), exists =>
      exists ? this.#prepareForAccount(stanza, session) : () => this.#toNobody(stanza),
    )
  }

  #prepareForAccount(stanza: Addressed, session: Session | undefined): Awaitable<Delivery> {
    if (stanza.kind === 'message' && !this.#mayTake(stanza)) return () => this.#toNobody(stanza)
    const met = { stanza, account: stanza.to.bare, recipients: [] }
    return follow(run(this.#before, met, this.#report), outcome => {
      if ('refused' in outcome) return () => this.#refuse(stanza, outcome)
      if ('taken' in outcome) return nothing
      return () => this.#deliver(outcome.passed, session)
    })
  }

  /** Whether the account is a place for this message at all. RFC 6121 §8.5.2.1.1, §8.5.3.2.1 */
  #mayTake({ type, to }: Addressed): boolean {
    if (type === 'chat') return true
    if (!to.isBare) return this.#parts.directory.get(to) !== undefined
    return type !== 'groupchat' && type !== 'error'
  }

  #deliver(met: Flows['toAccount'], session: Session | undefined): Awaitable<void> {
    const { kind } = met.stanza
    if (kind === 'message') return this.#deliverMessage(met)
    if (kind === 'presence') return this.#deliverPresence(met)
    return this.#deliverIq(met.stanza, session)
  }

  #deliverMessage(met: Flows['toAccount']): Awaitable<void> {
    const { stanza, account, recipients } = met
    const match = stanza.to.isBare ? undefined : this.#parts.directory.get(stanza.to)
    if (match) recipients.push(match)
    else this.#addWilling(recipients, account)
    const primary = recipients.length
    if (this.#copy.length === 0) return this.#give(met, primary)
    return follow(run(this.#copy, met, this.#report), outcome => {
      if ('refused' in outcome) return this.#refuse(stanza, outcome)
      if ('passed' in outcome) return this.#give(outcome.passed, primary)
    })
  }

  /** All resources that want messages for the account: "all of the non-negative resources" (RFC 6121 §8.5.2.1.1). */
  #addWilling(recipients: Session[], account: Jid): void {
    for (const session of this.#parts.directory.of(account))
      if (session.presence !== undefined && session.presence.priority >= 0) recipients.push(session)
  }

  #give(met: Flows['toAccount'], primary: number): Awaitable<void> {
    const { stanza, recipients } = met
    if (primary === 0) return this.#toFallback(met)
    const custody = new Held(met, this.#parts.clock.now(), this.#redeliver)
    for (let i = 0; i < primary; i++) recipients[i]?.send(stanza, custody)
  }

  #toFallback(met: Flows['toAccount']): Awaitable<void> {
    const { stanza } = met
    return follow(run(this.#fallback, met, this.#report), outcome => {
      if ('refused' in outcome) return this.#refuse(stanza, outcome)
      // nobody is told that a headline found nobody (RFC 6121 §8.5.2.2.1)
      if ('passed' in outcome && stanza.type !== 'headline') this.bounce(stanza, serviceUnavailable())
    })
  }

  /**
   * A session is over and its client may not have this message: others of the account get it, as if that one had not
   * been there (XEP-0198 §4). What was for nobody but that resource has no other recipient.
   */
  readonly #redeliver = (met: Flows['toAccount'], at: number): void => {
    const { account } = met
    if (met.stanza.type !== 'chat' && met.stanza.type !== 'normal') return
    const server = parseJid(account.domain)
    const stanza = met.stanza.carrying(delayed(met.stanza.el, server, at))
    const recipients: Session[] = []
    this.#addWilling(recipients, account)
    const later = { stanza, account, recipients }
    if (recipients.length > 0) {
      const custody = new Held(later, at, this.#redeliver)
      for (const session of recipients) session.send(stanza, custody)
    } else this.#guard(stanza, () => this.#toFallback(later))
  }

  #deliverPresence({ stanza, account }: Flows['toAccount']): void {
    const { directory } = this.#parts
    if (!stanza.to.isBare) directory.get(stanza.to)?.send(stanza)
    else for (const session of directory.of(account)) if (session.presence) session.send(stanza)
  }

  #deliverIq(stanza: Addressed, session: Session | undefined): Awaitable<void> {
    const { to, from } = stanza
    if (to.isBare) {
      const targets: readonly Target[] = from.bare.equals(to) ? ['self', 'account'] : ['account']
      return this.#answer(stanza, session, targets)
    }
    const recipient = this.#parts.directory.get(to)
    if (recipient) recipient.send(stanza)
    else this.bounce(stanza, serviceUnavailable())
  }

  /** To one of our domains itself. Presence and answers are for nobody there. */
  #toServer(stanza: Addressed, session: Session | undefined): Awaitable<void> {
    if (stanza.kind === 'iq' && stanza.to.isDomain) return this.#answer(stanza, session, ['server'])
    this.#toNobody(stanza)
  }

  /** The answer does not tell whether there is such an account (RFC 6121 §8.5.1). */
  #toNobody(stanza: Addressed): void {
    if (stanza.kind !== 'presence') this.bounce(stanza, serviceUnavailable())
  }

  #toRemote(stanza: Addressed): void {
    // presence that finds nobody is a state, not a request; a subscription is one
    const isState = stanza.kind === 'presence' && ['available', 'unavailable', 'probe'].includes(stanza.type)
    if (!isState) this.bounce(stanza, remoteServerNotFound())
  }

  #answer(stanza: Addressed, session: Session | undefined, targets: readonly Target[]): Awaitable<void> {
    const payload = firstElement(stanza.el)
    if (payload === undefined || (stanza.type !== 'get' && stanza.type !== 'set')) return
    const handler = this.#handler(stanza.type, targets, payload)
    if (!handler) return this.bounce(stanza, serviceUnavailable())
    const request = { stanza, payload, to: stanza.to, from: stanza.from, session }
    try {
      const answer = handler.answer(request)
      if (!isPromise(answer)) return this.#reply(stanza, session, answer)
      return answer.then(
        later => this.#reply(stanza, session, later),
        fault => this.#fail(stanza, fault),
      )
    } catch (fault) {
      this.#fail(stanza, fault)
    }
  }

  #handler(type: string, targets: readonly Target[], payload: Element): IqHandler | undefined {
    const ns = namespaceOf(payload)
    for (const target of targets) {
      const handler = this.#parts.host.handler(type, target, payload.name, ns)
      if (handler) return handler
    }
    return undefined
  }

  #reply(request: Addressed, session: Session | undefined, payload: Element | void): void {
    const el = xml('iq', { id: request.id, type: 'result' }, payload ?? null)
    const reply = makeStanza({ from: request.to, to: request.from, el })
    if (session) session.send(reply)
    else this.#hand(reply)
  }

  /** Straight to where it is addressed, past all hooks: answers of the server. */
  #hand(stanza: Addressed): void {
    if (!this.#parts.domains.has(stanza.to.domain)) this.#toRemote(stanza)
    else if (!stanza.to.isBare) this.#parts.directory.get(stanza.to)?.send(stanza)
  }

  #refuse(stanza: Addressed, { refused, by }: { readonly refused: StanzaError; readonly by: string }): void {
    this.#log.debug(
      { by, from: stanza.from.toString(), kind: stanza.kind, reason: refused.condition },
      'stanza refused',
    )
    this.bounce(stanza, refused)
  }

  #fail(stanza: Stanza, fault: unknown): void {
    const isRefusal = fault instanceof StanzaError
    if (!isRefusal) this.#log.error({ err: fault, kind: stanza.kind }, 'a stanza could not be handled')
    if (isAddressed(stanza)) this.bounce(stanza, isRefusal ? fault : internalServerError())
  }

  /** A fault before delivery is the answer to the stanza, in its turn. */
  #guardFirst(stanza: Stanza, work: () => Awaitable<Delivery>): Awaitable<Delivery> {
    const answer = (fault: unknown) => () => this.#fail(stanza, fault)
    try {
      const delivery = work()
      return isPromise(delivery) ? delivery.catch(answer) : delivery
    } catch (fault) {
      return answer(fault)
    }
  }

  #guard(stanza: Stanza, work: () => Awaitable<void>): Awaitable<void> {
    try {
      const done = work()
      return isPromise(done) ? done.catch(fault => this.#fail(stanza, fault)) : done
    } catch (fault) {
      this.#fail(stanza, fault)
    }
  }

  readonly #report: Report = (fault, { module, stage }) => {
    this.#log.error({ module, stage, err: fault }, 'a hook failed')
  }
}

/** Answers for a message that sessions of an account were given: when the last of them is lost, it is given to others. */
class Held implements Custody {
  constructor(
    readonly met: Flows['toAccount'],
    readonly at: number,
    readonly redeliver: (met: Flows['toAccount'], at: number) => void,
  ) {}

  settled(): void {}

  lost(session: Session): void {
    const { recipients } = this.met
    const place = recipients.indexOf(session)
    if (place >= 0) recipients.splice(place, 1)
    if (recipients.length === 0) this.redeliver(this.met, this.at)
  }
}

function follow<A, B>(value: Awaitable<A>, then: (value: A) => Awaitable<B>): Awaitable<B> {
  return isPromise(value) ? value.then(then) : then(value)
}

const call = (deliver: Delivery): Awaitable<void> => deliver()
