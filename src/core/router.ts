import { type Element, firstElement, namespaceOf, xml } from '../xml/index.js'
import { delayed } from '../xmpp/delay.js'
import {
  errorReply,
  internalServerError,
  mayBounce,
  remoteServerNotFound,
  type StanzaCondition,
  StanzaError,
  serviceUnavailable,
} from '../xmpp/errors.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { type Addressed, addressedOr, isAddressed, isState, makeStanza, type Stanza } from '../xmpp/stanza.js'
import type { Accounts } from './accounts.js'
import { type Awaitable, follow, isPromise } from './awaitable.js'
import type { Clock } from './clock.js'
import type { Sent } from './components.js'
import type { Directory } from './directory.js'
import { Held, isForAnyClient } from './held.js'
import type { Host } from './host.js'
import { Lane, type Rest } from './lane.js'
import type { Log } from './log.js'
import { counter, type Metric, Tally } from './metrics.js'
import { type Flows, type IqHandler, type Outbound, offer, type Request, TAKEN, type Target } from './module.js'
import { type Outcome, type Report, run, type Step } from './pipeline.js'
import { asking, Requests } from './requests.js'
import type { Services } from './services.js'
import type { Session } from './session.js'
import { Slot } from './slot.js'

/** What remains to be done with a stanza when everything before its delivery is done; in its turn, but for a rest. */
type Delivery = () => Awaitable<Rest | void>

const nothing: Delivery = () => {}

const lane = new Slot<Lane | undefined>('lane', undefined)

interface Parts {
  readonly host: Host
  readonly directory: Directory
  readonly accounts: Accounts
  /** The domains that are served, prepared. */
  readonly domains: ReadonlySet<string>
  readonly services: Services
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
  // resolved once, and again when modules come or go
  #fromClient: readonly Step<'fromClient'>[] = []
  #copySent: readonly Step<'fromClient'>[] = []
  #before: readonly Step<'toAccount'>[] = []
  #copy: readonly Step<'toAccount'>[] = []
  #fallback: readonly Step<'toAccount'>[] = []
  #fromComponent: readonly Step<'fromComponent'>[] = []
  #request: readonly Step<'request'>[] = []
  readonly #requests: Requests
  /** The errors that were answered with, by their conditions. */
  readonly errors = new Tally<StanzaCondition>([])
  /** What operators can watch. */
  readonly metrics: readonly Metric[] = [
    counter({ name: 'parlance_stanza_errors', doc: 'Errors that stanzas were answered with, by condition.' }, () =>
      this.errors.samples('condition'),
    ),
  ]

  constructor(parts: Parts) {
    const { host, log, clock } = parts
    this.#parts = parts
    this.#log = log
    this.#requests = new Requests({ route: stanza => this.route(stanza), clock })
    host.provide(offer(asking, this.#requests))
    host.follow(() => {
      this.#fromClient = host.steps('fromClient', ['check', 'rewrite', 'record'])
      this.#copySent = host.steps('fromClient', ['copy', 'fallback'])
      this.#before = host.steps('toAccount', ['check', 'rewrite', 'record'])
      this.#copy = host.steps('toAccount', ['copy'])
      this.#fallback = host.steps('toAccount', ['fallback'])
      this.#fromComponent = host.steps('fromComponent', ['check', 'rewrite', 'record'])
      this.#request = host.steps('request', ['check'])
    })
  }

  /**
   * What one of our clients sent. Those of one session are dealt with in the order in which they come; messages that
   * wait for a commit wait together.
   */
  fromClient(session: Session, stanza: Stanza): Awaitable<void> {
    const own = session.get(lane) ?? new Lane()
    session.set(lane, own)
    return this.#inLane(own, stanza, () => this.#prepareFromClient(session, stanza))
  }

  /** What a component sent. Those of one connection, which has the lane, are dealt with in the order in which they come. */
  fromComponent(sent: Sent, connection: Lane): Awaitable<void> {
    return this.#inLane(connection, sent.stanza, () => this.#prepareFromComponent(sent))
  }

  /** What the server itself has to say. */
  route(stanza: Addressed): Awaitable<void> {
    return this.#guard(stanza, () => follow(this.#prepare(stanza, undefined), finish))
  }

  /** A session was over before its client had this, and nobody else answers for it. */
  undelivered(stanza: Addressed): void {
    if (stanza.kind === 'iq') this.bounce(stanza, serviceUnavailable())
  }

  /** Sends a stanza back to its sender as an error, unless it is one that must not be (RFC 6120 §8.3.1). */
  bounce(stanza: Addressed, error: StanzaError): Awaitable<void> {
    if (!mayBounce(stanza)) return
    this.errors.add(error.condition)
    return this.#hand(errorReply(stanza, error))
  }

  #inLane(own: Lane, stanza: Stanza, prepare: () => Awaitable<Delivery>): Awaitable<void> {
    return stanza.kind === 'message'
      ? own.overlapping(
          () => this.#guardFirst(stanza, prepare),
          deliver => this.#guard(stanza, deliver),
        )
      : own.alone(() => this.#guard(stanza, () => follow(prepare(), finish)))
  }

  #prepareFromComponent(sent: Sent): Awaitable<Delivery> {
    if (this.#fromComponent.length === 0) return this.#prepare(sent.stanza, undefined)
    return follow(run(this.#fromComponent, sent, this.#report), outcome => {
      if ('refused' in outcome) return () => this.#refuse(sent.stanza, outcome)
      return 'taken' in outcome ? nothing : this.#prepare(outcome.passed.stanza, undefined)
    })
  }

  #prepareFromClient(session: Session, stanza: Stanza): Awaitable<Delivery> {
    const outcome = run(this.#fromClient, { stanza, session }, this.#report)
    return follow(outcome, outcome => this.#afterFromClient(session, stanza, outcome))
  }

  #afterFromClient(session: Session, stanza: Stanza, outcome: Outcome<Flows['fromClient']>): Awaitable<Delivery> {
    if ('refused' in outcome) {
      return () => this.#refuse(addressedOr(stanza, session.account), outcome)
    }
    if ('taken' in outcome) return nothing
    const { passed } = outcome
    const prepared = isAddressed(passed.stanza) ? this.#prepare(passed.stanza, session) : nothing
    if (this.#copySent.length === 0) return prepared
    return follow(prepared, deliver => () => this.#copyThenDeliver(passed, deliver))
  }

  /** Copies go out in the order of the stanzas, as these do: not before their turn. */
  #copyThenDeliver(met: Flows['fromClient'], deliver: Delivery): Awaitable<Rest | void> {
    return follow(run(this.#copySent, met, this.#report), outcome => {
      if ('passed' in outcome) return deliver()
      if ('refused' in outcome) return this.#refuse(addressedOr(met.stanza, met.session.account), outcome)
    })
  }

  /** All that comes before delivery. */
  #prepare(stanza: Addressed, session: Session | undefined): Awaitable<Delivery> {
    const { domains, directory, accounts } = this.#parts
    const { to } = stanza
    if (!domains.has(to.domain)) return () => this.#toForeign(stanza)
    if (to.local === '') return () => this.#toServer(stanza, session)
    if (directory.of(to).length > 0) return this.#prepareForAccount(stanza, session)
    return follow(accounts.exists(to.bare), exists =>
      exists ? this.#prepareForAccount(stanza, session) : () => this.#toNoAccount(stanza, session),
    )
  }

  #prepareForAccount(stanza: Addressed, session: Session | undefined): Awaitable<Delivery> {
    if (stanza.kind === 'message' && !this.#mayTake(stanza)) return () => this.#toNobody(stanza)
    const custody = new Held(stanza.to.bare, this.#parts.clock.now(), this.#redeliver)
    const met = { stanza, account: custody.account, recipients: custody.recipients, custody }
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

  #deliver(met: Flows['toAccount'], session: Session | undefined): Awaitable<Rest | void> {
    const { kind } = met.stanza
    if (kind === 'message') return this.#deliverMessage(met)
    if (kind === 'presence') return this.#deliverPresence(met.stanza)
    return this.#deliverIq(met.stanza, session)
  }

  #deliverMessage(met: Flows['toAccount']): Awaitable<Rest | void> {
    const { stanza, account, recipients } = met
    const match = stanza.to.isBare ? undefined : this.#parts.directory.get(stanza.to)
    if (match) recipients.push(match)
    else if (stanza.to.isBare || isForAnyClient(stanza)) this.#addWilling(recipients, account)
    else return this.#toNobody(stanza) // the client that it was for has left by now
    const primary = recipients.length
    if (this.#copy.length === 0) return this.#give(met, primary)
    return follow(run(this.#copy, met, this.#report), outcome => {
      if ('passed' in outcome) return this.#give(outcome.passed, primary)
      if ('taken' in outcome) return
      // an error that was refused would be lost
      return mayBounce(stanza) ? this.#refuse(stanza, outcome) : this.#give(met, primary)
    })
  }

  /** All resources that want messages for the account: "all of the non-negative resources" (RFC 6121 §8.5.2.1.1). */
  #addWilling(recipients: Session[], account: Jid): void {
    for (const session of this.#parts.directory.of(account))
      if (session.presence !== undefined && session.presence.priority >= 0) recipients.push(session)
  }

  #give(met: Flows['toAccount'], primary: number): Rest | void {
    const { stanza, recipients, custody } = met
    if (primary === 0) return () => this.#guard(stanza, () => this.#toFallback(met))
    if (custody instanceof Held) custody.stanza = stanza
    // one that is over by now loses it at once
    for (const session of recipients.slice(0, primary)) session.send(stanza, custody)
  }

  #toFallback(met: Flows['toAccount']): Awaitable<void> {
    const { stanza } = met
    return follow(run(this.#fallback, met, this.#report), outcome => {
      if ('refused' in outcome) return this.#refuse(stanza, outcome)
      // nobody is told that a headline found nobody (RFC 6121 §8.5.2.2.1)
      if ('passed' in outcome && stanza.type !== 'headline') return this.bounce(stanza, serviceUnavailable())
    })
  }

  /**
   * A session is over and its client may not have this message: others of the account get it, as if that one had not
   * been there (XEP-0198 §4). What was for nobody but that resource has no other recipient.
   */
  readonly #redeliver = (lost: Addressed, at: number): void => {
    if (!isForAnyClient(lost)) return
    const account = lost.to.bare
    const stanza = lost.carrying(delayed(lost.el, parseJid(account.domain), at))
    const custody = new Held(account, at, this.#redeliver)
    const { recipients } = custody
    this.#addWilling(recipients, account)
    const met = { stanza, account, recipients, custody }
    this.#guard(stanza, () => finish(() => this.#give(met, recipients.length)))
  }

  #deliverPresence(stanza: Addressed): void {
    const { directory } = this.#parts
    if (!stanza.to.isBare) directory.get(stanza.to)?.send(stanza)
    else for (const session of directory.of(stanza.to)) if (session.presence) session.send(stanza)
  }

  #deliverIq(stanza: Addressed, session: Session | undefined): Awaitable<void> {
    const { to, from } = stanza
    if (to.isBare) {
      const targets: readonly Target[] = from.bare.equals(to) ? ['self', 'account'] : ['account']
      return this.#answer(stanza, session, targets)
    }
    const recipient = this.#parts.directory.get(to)
    return recipient ? recipient.send(stanza) : this.bounce(stanza, serviceUnavailable())
  }

  /** To one of our domains itself. Presence and answers are for nobody there. */
  #toServer(stanza: Addressed, session: Session | undefined): Awaitable<void> {
    if (stanza.kind === 'iq' && stanza.to.isDomain) return this.#answer(stanza, session, ['server'])
    return this.#toNobody(stanza)
  }

  /** What would be answered for the account, where that must not tell whether there is one; an error otherwise. */
  #toNoAccount(stanza: Addressed, session: Session | undefined): Awaitable<void> {
    if (stanza.kind === 'iq' && stanza.to.isBare) return this.#answer(stanza, session, ['nobody'])
    return this.#toNobody(stanza)
  }

  /** The answer does not tell whether there is such an account (RFC 6121 §8.5.1). */
  #toNobody(stanza: Addressed): Awaitable<void> {
    const { kind, type, from, to } = stanza
    if (kind === 'message' && type === 'headline' && to.isBare && !to.isDomain) return // as if nobody were there
    if (kind !== 'presence') return this.bounce(stanza, serviceUnavailable())
    // what somebody is told who may not see an account's presence (RFC 6121 §4.3.2)
    if (type === 'probe' && to.local !== '') {
      const el = xml('presence', { id: stanza.id || undefined })
      return this.route(makeStanza({ type: 'unsubscribed', from: to.bare, to: from, el }))
    }
  }

  /** To a domain that is none of the users': that of a service, or of another server. */
  #toForeign(stanza: Addressed): Awaitable<void> {
    const service = this.#parts.services.find(stanza.to.domain)
    if (service) return this.#guard(stanza, () => service.receive(stanza))
    if (!isState(stanza)) return this.bounce(stanza, remoteServerNotFound())
  }

  #answer(stanza: Addressed, session: Session | undefined, targets: readonly Target[]): Awaitable<void> {
    if (stanza.type !== 'get' && stanza.type !== 'set') return this.#requests.settle(stanza)
    const payload = firstElement(stanza.el)
    if (payload === undefined) return
    const request = { stanza, payload, to: stanza.to, from: stanza.from, session }
    if (this.#request.length === 0) return this.#answerRequest(request, targets)
    return follow(run(this.#request, request, this.#report), outcome => {
      if ('refused' in outcome) return this.#refuse(stanza, outcome)
      if ('passed' in outcome) return this.#answerRequest(request, targets)
    })
  }

  #answerRequest(request: Request, targets: readonly Target[]): Awaitable<void> {
    const { stanza, payload, session } = request
    const handler = this.#handler(stanza.type, targets, payload)
    if (!handler) return this.bounce(stanza, serviceUnavailable())
    try {
      const answer = handler.answer(request)
      if (!isPromise(answer)) return this.#reply(stanza, session, answer)
      return answer.then(
        later => this.#reply(stanza, session, later),
        fault => this.#fail(stanza, fault),
      )
    } catch (fault) {
      return this.#fail(stanza, fault)
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

  #reply(request: Addressed, session: Session | undefined, payload: Element | void | typeof TAKEN): Awaitable<void> {
    if (payload === TAKEN) return
    const el = xml('iq', { id: request.id, type: 'result' }, payload ?? null)
    const reply = makeStanza({ from: request.to, to: request.from, el })
    return session ? session.send(reply) : this.#hand(reply)
  }

  /** Straight to where it is addressed: answers of the server. No hook may refuse them; of messages there are copies. */
  #hand(stanza: Addressed): Awaitable<void> {
    const { domains, directory, clock } = this.#parts
    if (!domains.has(stanza.to.domain)) return this.#toForeign(stanza)
    if (stanza.kind === 'iq' && stanza.to.isBare) return this.#requests.settle(stanza)
    // what comes back of a subscription request is for the account that asked (RFC 6121 §3.1.2)
    if (stanza.kind === 'presence') return this.#deliverPresence(stanza)
    const session = stanza.to.isBare ? undefined : directory.get(stanza.to)
    if (!session) return
    if (stanza.kind !== 'message') return session.send(stanza)
    const custody = new Held(session.account, clock.now(), this.#redeliver)
    const met = { stanza, account: custody.account, recipients: custody.recipients, custody }
    return this.#guard(stanza, () => finish(() => this.#deliverMessage(met)))
  }

  #refuse(stanza: Addressed, { refused, by }: { readonly refused: StanzaError; readonly by: string }): Awaitable<void> {
    this.#log.debug(
      { by, from: stanza.from.toString(), kind: stanza.kind, reason: refused.condition },
      'stanza refused',
    )
    return this.bounce(stanza, refused)
  }

  #fail(stanza: Stanza, fault: unknown): Awaitable<void> {
    const isRefusal = fault instanceof StanzaError
    if (!isRefusal) this.#log.error({ err: fault, kind: stanza.kind }, 'a stanza could not be handled')
    try {
      if (isAddressed(stanza)) return this.bounce(stanza, isRefusal ? fault : internalServerError())
    } catch (err) {
      this.#log.error({ err, kind: stanza.kind }, 'an error could not be sent')
    }
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

  #guard<T>(stanza: Stanza, work: () => Awaitable<T>): Awaitable<T | void> {
    try {
      const done = work()
      return isPromise(done) ? done.catch(fault => this.#fail(stanza, fault)) : done
    } catch (fault) {
      return this.#fail(stanza, fault)
    }
  }

  readonly #report: Report = (fault, { module, stage }) => {
    this.#log.error({ module, stage, err: fault }, 'a hook failed')
  }
}

const finish = (deliver: Delivery): Awaitable<void> => follow(deliver(), rest => rest?.())
