import type { Element } from '../xml/index.js'
import type { StanzaCondition } from '../xmpp/errors.js'
import type { Jid } from '../xmpp/jid.js'
import type { Addressed, Stanza } from '../xmpp/stanza.js'
import type { Accounts } from './accounts.js'
import type { AdHocCommand, Answer, CommandForm } from './ad-hoc.js'
import type { Awaitable } from './awaitable.js'
import type { Bus } from './bus.js'
import type { Clock } from './clock.js'
import type { Component, Sent } from './components.js'
import type { Fields, Values } from './config.js'
import type { Directory } from './directory.js'
import type { DiscoInfo, DiscoNode, Inquiry } from './discovery.js'
import type { Log } from './log.js'
import type { Custody, Session } from './session.js'
import type { Opened, Shapes } from './stores.js'

/** The order of the pipeline, and what a fault (a bug, not a refusal) in a hook of that stage does to the stanza. */
export const STAGES = {
  /** May it pass? Blocking, limits. */
  check: 'refuse',
  /** Forged ids go, ours come. */
  rewrite: 'refuse',
  /** Keep it before anybody sees it: subscriptions, archives. */
  record: 'refuse',
  /** Carbons, push: it is about to be delivered. */
  copy: 'carry on',
  /** Nobody was there to take it: offline store. */
  fallback: 'refuse',
} as const

export type Stage = keyof typeof STAGES

/** Where a hook can meet a stanza. */
export interface Flows {
  /** One of our clients sent it; it has not been routed yet. */
  fromClient: { readonly stanza: Stanza; readonly session: Session }
  /** It is for one of our accounts, by its bare or a full JID. */
  toAccount: {
    readonly stanza: Addressed
    /** The account, by its bare JID. */
    readonly account: Jid
    /** From the stage `copy` on, the sessions that get it. A hook that gives a copy to a further session adds that. */
    readonly recipients: Session[]
    /** Answers for it, copies included: when the last of the recipients has lost it, it is given to others. */
    readonly custody: Custody
  }
  /** A component sent it, in the name of its own domain; it has not been routed yet. Up to the stage `record`. */
  fromComponent: Sent
  /** The server is about to answer it, for itself or for an account. Only in the stage `check`, and TAKEN is the way out. */
  request: Request
}

export const TAKEN = Symbol('taken')

/** Nothing: carry on. A stanza: carry on with that one. TAKEN: it is mine now. A StanzaError thrown: refuse it. */
export type Verdict = Awaitable<void | Stanza | typeof TAKEN>

export type Hook<F extends keyof Flows> = (met: Flows[F]) => Verdict

export type Hooks = { readonly [F in keyof Flows]?: { readonly [S in Stage]?: Hook<F> } }

/** What happens to sessions, accounts and components. Handlers run in the order of modules, each after the one before has finished. */
export interface Moments {
  /** A resource has been bound. */
  bound: Session
  /** From now on it takes messages for its account (RFC 6121 §8.5.2.1), and none has been sent to it yet. */
  willing: Session
  /** It has sent its first presence, or its first after being unavailable; it can be sent to already. */
  available: Session
  /** It is over and in the directory no more. */
  closed: Session
  /** An account is about to be removed with all that is kept of it: its bare JID. Its sessions are still there. */
  erasing: Jid
  /** A component is connected and has these rights: it has just come, or they are others now. */
  entitled: Component
  /** A component is connected no more. */
  detached: Component
}

/** Whom a request was sent to: the domain, any account's bare JID, the sender's own, or one that is no account's. */
export type Target = 'server' | 'account' | 'self' | 'nobody'

export interface Request {
  readonly stanza: Addressed
  /** The child of the iq. */
  readonly payload: Element
  /** Whom it was sent to: a domain or a bare JID. */
  readonly to: Jid
  readonly from: Jid
  /** Whose it is, when one of our own clients sent it. */
  readonly session: Session | undefined
}

/** Answers iq requests that hold an element of this name and namespace. */
export interface IqHandler {
  readonly type: 'get' | 'set'
  readonly targets: readonly Target[]
  readonly name: string
  readonly ns: string
  /**
   * The payload of the result, or nothing for an empty one; TAKEN when it has sent the result itself. Throws a StanzaError
   * to refuse.
   */
  readonly answer: (request: Request) => Awaitable<Element | void | typeof TAKEN>
}

export const get = (targets: readonly Target[], name: string, ns: string, answer: IqHandler['answer']): IqHandler => ({
  type: 'get',
  targets,
  name,
  ns,
  answer,
})

export const set = (targets: readonly Target[], name: string, ns: string, answer: IqHandler['answer']): IqHandler => ({
  type: 'set',
  targets,
  name,
  ns,
  answer,
})

/*
 * Commands: what operators can have done, told once and offered at every door: the command line, the socket in the data
 * folder, a client's forms (XEP-0050). A door
 *   - asks `Context.administration` which commands there are, each time: those of modules come and go with them;
 *   - shows `doc`, and for each of `args` an entry field of its type, which `argumentsOf` (core/commands.ts) tells in full;
 *   - reads what it was given with `readArguments`: types are checked there and addresses prepared,
 *     and a CommandError says in a sentence what is wrong;
 *   - runs the command; a CommandError that it throws is for the operator, anything else is our fault;
 *   - shows the result: a text as it is, a table as a table, facts as fields. `renderResult` makes text of all three.
 */

/** What an argument is. Whatever it is, it is given as a text. */
export type ArgumentType =
  /** An address, with a resource or without; prepared when the command gets it. */
  | 'jid'
  /** A line of text; the default. */
  | 'text'
  /** Text that may have several lines. */
  | 'lines'
  /** Never shown, logged or taken from a command line. */
  | 'secret'
  /** A whole number from 0. */
  | 'integer'
  /** Said or not: `true` when it is, and not there otherwise. */
  | 'flag'

export interface Argument {
  /** For people, as part of a sentence: `its address: NAME@DOMAIN`. */
  readonly doc: string
  readonly type?: ArgumentType
  /** It may be left out. Those that may come last, unless they are named. A flag always may. */
  readonly optional?: boolean
  /** What it may be, where that is one of a few words. */
  readonly of?: readonly string[]
  /** What stands for it where it is written with its name, and not in its place: `FILE` for `--to FILE`. */
  readonly named?: string
}

/** What a command may be given: one value for each name. What was left out is not there. */
export type Arguments = Readonly<Record<string, string>>

/** Something an operator can have done, from the command line and wherever else commands are offered. */
export interface Command {
  /** Its words: `user add`. */
  readonly name: string
  readonly doc: string
  /** Its arguments by name, in order. A sentence alone is a text that is needed, or a secret if its name is `password`. */
  readonly args: Readonly<Record<string, string | Argument>>
  /** Only for the machine itself, not for clients: it names files, or would cut off who asks. */
  readonly local?: boolean
  /** How it looks to clients where that is settled: once, or several times with some of its arguments given. */
  readonly forms?: readonly CommandForm[]
  /** What to show. Throws a CommandError for what the operator can put right. */
  run(args: Arguments): Promise<Result>
}

/** What a command answers: sentences, a table, facts, or several of these below each other. */
export type Result = Part | readonly Part[]
export type Part = string | Table | Facts | Answer

export interface Table {
  /** What stands above each column, by its name. */
  readonly columns: Readonly<Record<string, string>>
  /** A cell for each column; one that is left out is empty. */
  readonly rows: readonly Readonly<Record<string, string>>[]
}

/** What there is to know about one thing, by what it is: `{ Version: '1.0' }`. */
export interface Facts {
  readonly facts: Readonly<Record<string, string>>
}

/** The door to commands for modules that offer them to clients. */
export interface Administration {
  /** All that there are by now, in order. */
  commands(): readonly Command[]
  /** Whether the account, by any of its JIDs, may run them. A reload may change that. */
  isAdmin(account: Jid): boolean
  /** Those of them that the configuration names. */
  admins(): readonly Jid[]
}

/** A command that cannot be done: the text is for the operator. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** Of what kind it is. A client gets an error for some, and is told of all others that the command has failed. */
  readonly condition: StanzaCondition | undefined

  constructor(
    message: string,
    { condition, ...options }: ErrorOptions & { readonly condition?: StanzaCondition } = {},
  ) {
    super(message, options)
    this.condition = condition
  }
}

/** A service with an address of its own that belongs to a domain. XEP-0030 §4 */
export interface Item {
  readonly jid: string
  /** For people. */
  readonly name?: string
}

/** What one module offers to others by agreement: the contract stands in core, its key is this object. */
export class Contract<T> {
  /** Only the type: nothing is stored here. */
  declare readonly offer: T

  constructor(readonly name: string) {}
}

export interface Offer {
  readonly contract: Contract<unknown>
  readonly implementation: unknown
}

export const offer = <T>(contract: Contract<T>, implementation: T): Offer => ({ contract, implementation })

/** What a module does. Data, not calls: the host registers it at load and withdraws exactly the same. */
export interface Behaviour {
  readonly iq?: readonly IqHandler[]
  readonly hooks?: Hooks
  readonly on?: { readonly [M in keyof Moments]?: (subject: Moments[M]) => Awaitable<void> }
  readonly offers?: readonly Offer[]
  /** Its services, for whoever asks what belongs to this domain. */
  readonly items?: (domain: string) => readonly Item[]
  /** What it adds to what a domain says of itself, to everybody the same. XEP-0030 §3.1, XEP-0128 */
  readonly info?: (domain: string) => Partial<DiscoInfo>
  /** What it adds to what an account says of itself to somebody who may know of it. */
  readonly accountInfo?: (account: Jid, asker: Jid) => Awaitable<Partial<DiscoInfo>>
  /** One of its nodes; undefined when it has none of that name there. XEP-0030 §3.2 */
  readonly node?: (name: string, inquiry: Inquiry) => DiscoNode | undefined
  /** Children of the stream features after login, for a domain: what `Module.streamFeatures` cannot say once for all. */
  readonly streamFeatures?: (domain: string) => readonly Element[]
  readonly commands?: readonly Command[]
  /** Commands for clients only; `commands` are offered to those of operators as well. XEP-0050 */
  readonly adHoc?: readonly AdHocCommand[]
  /** What it knows about an account, by the account's bare JID, for operators: `{ 'Offline messages': '3' }`. */
  readonly facts?: (account: Jid) => Awaitable<Readonly<Record<string, string>>>
  /**
   * Only for what the host cannot undo by itself; hooks, timers and stores it can. The server may go on without the
   * module, or with one that is set up anew: nothing of a session's may be left with it.
   */
  readonly stop?: () => Awaitable<void>
}

/** Sends what the server itself has to say. */
export interface Outbound {
  /** To wherever it is addressed, through the recipient's hooks. */
  route(stanza: Addressed): Awaitable<void>
}

/** What a module is given to work with. */
export interface Context<F extends Fields, S extends Shapes> {
  readonly config: Values<F>
  readonly stores: Opened<S>
  /** The domains that are served, prepared. A reload changes what is in it: ask it when you need to know. */
  readonly domains: ReadonlySet<string>
  readonly administration: Administration
  readonly sessions: Directory
  readonly accounts: Accounts
  readonly router: Outbound
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** 128 random bits as text, for ids that nobody shall guess. */
  readonly randomId: () => string
  /** Repeats a task as long as the module is loaded. A fault is logged, and the task tried again next time. */
  every(ms: number, task: () => Awaitable<void>): void
  /** Lets the other modules know; resolves when all have dealt with it. */
  announce<M extends keyof Moments>(moment: M, subject: Moments[M]): Awaitable<void>
  /** What another module offers. Only inside of handlers: while modules are set up not all are there. */
  use<T>(contract: Contract<T>): T
  /** The same, or undefined when no loaded module offers it. */
  tryUse<T>(contract: Contract<T>): T | undefined
  /** What the loaded modules announce, for whoever asks (XEP-0030). */
  readonly announced: Announced
}

/** Each list is another one when modules have come or gone. */
export interface Announced {
  /** Features of the domains. */
  readonly server: readonly string[]
  /** Features of accounts. */
  readonly account: readonly string[]
  /** What belongs to a domain. */
  items(domain: string): readonly Item[]
  /** What modules add to what a domain says of itself. */
  info(domain: string): readonly Partial<DiscoInfo>[]
  /** The same for an account. */
  accountInfo(account: Jid, asker: Jid): Promise<readonly Partial<DiscoInfo>[]>
  node(name: string, inquiry: Inquiry): DiscoNode | undefined
  /** Commands for clients. */
  adHoc(): readonly AdHocCommand[]
}

export interface Module<F extends Fields = Fields, S extends Shapes = Shapes> {
  readonly name: string
  /** What it is for, in a sentence for operators. */
  readonly doc: string
  /** The specifications that it follows: `XEP-0199 2.0.1`. */
  readonly implements: readonly string[]
  /** Features that the server announces in service discovery. */
  readonly features?: readonly string[]
  /** Features that accounts announce. */
  readonly accountFeatures?: readonly string[]
  /** Children of the stream features after login. */
  readonly streamFeatures?: readonly Element[]
  /** Modules without which it cannot work. */
  readonly needs?: readonly string[]
  readonly config?: F
  /**
   * Whether it asks `config` each time it needs to know: then other settings are just put there while it runs. Otherwise
   * it is set up anew for them, and what it had in memory is gone.
   */
  readonly settingsInPlace?: boolean
  readonly stores?: S
  setup(context: Context<F, S>): Behaviour
}

/** Declares a module. Its types follow from its fields and stores. */
// biome-ignore lint/complexity/noBannedTypes: no fields and no stores is what {} says
export const defineModule = <F extends Fields = {}, S extends Shapes = {}>(module: Module<F, S>): Module<F, S> => module

/** A module as it stands in a list: its fields and stores are its own business. */
export type AnyModule = Module
