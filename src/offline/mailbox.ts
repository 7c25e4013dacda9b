import type { Awaitable } from '../core/awaitable.js'
import type { Directory } from '../core/directory.js'
import type { Log } from '../core/log.js'
import type { Session } from '../core/session.js'
import type { LogEntry, LogStore } from '../core/stores.js'
import { parseElement } from '../xml/index.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import { Round } from './round.js'

/** A message as it is stored. */
export interface Kept {
  /** Since when, in milliseconds since 1970. */
  readonly at: number
  /** With its addresses, and the time for the client. */
  readonly xml: string
}

export interface MailboxParts {
  readonly messages: LogStore<Kept>
  readonly sessions: Directory
  readonly log: Log
  readonly isBlocked: (account: Jid, from: Jid) => Awaitable<boolean>
}

/** Whether a client takes messages for its account (RFC 6121 §8.5.2.1). */
export const isWilling = ({ presence }: Session): boolean => presence !== undefined && presence.priority >= 0

/** An entry that its client has and that is about to be removed. */
const READ = Symbol('read')

/** How much of a log is read at a time. */
const PAGE = 50

/**
 * What is stored for one account, and who was given which part of it. An entry is in the log until its client has it,
 * and no other is given it as long as that may have it.
 */
export class Mailbox {
  readonly #account: Jid
  readonly #parts: MailboxParts
  readonly #given = new Map<string, Session | typeof READ>()
  readonly #rounds = new Map<Session, Round>()
  #done: string[] = []

  constructor(account: Jid, parts: MailboxParts) {
    this.#account = account
    this.#parts = parts
  }

  /** Whether there is nothing to be remembered. */
  get isIdle(): boolean {
    return this.#rounds.size === 0 && this.#given.size === 0
  }

  /** Gives a client all that no other has. Resolves when it was given that, which takes as long as the client. */
  async deliverTo(session: Session): Promise<void> {
    const round = this.#rounds.get(session) ?? new Round(session)
    this.#rounds.set(session, round)
    if (!round.begin()) return
    await undefined // of several that are lost at once all are free by then
    try {
      while (round.goesOn()) await this.#giveAll(round)
    } finally {
      round.end()
      this.#forget(round)
    }
    if (!this.#takes(session)) await this.passOn(session)
  }

  /** Gives it to another client than this one, if there is one. */
  async passOn(from?: Session): Promise<void> {
    const other = this.#parts.sessions.of(this.#account).findLast(session => session !== from && isWilling(session))
    if (other) await this.deliverTo(other)
  }

  /** Removes what clients have said that they have. */
  async removeRead(): Promise<void> {
    if (this.#done.length === 0) return
    const ids = this.#done
    this.#done = []
    try {
      await this.#parts.messages.remove(this.#account, ids)
      for (const id of ids) this.#given.delete(id)
    } catch (fault) {
      this.#done.push(...ids) // nobody is given it again, and the next attempt takes it along
      throw fault
    }
  }

  /** From the oldest. A client gets a part at a time, so that not all lies in its queue. */
  async #giveAll(round: Round): Promise<void> {
    const { messages, isBlocked } = this.#parts
    let after: string | undefined
    for (;;) {
      const page = await messages.read(this.#account, { limit: PAGE, ...(after !== undefined && { after }) })
      for (const entry of page) {
        const stanza = this.#stanzaIn(entry)
        // by now it may be from somebody of whom nothing is to come any more (XEP-0191 §3.3)
        if (!stanza || (await isBlocked(this.#account, stanza.from))) continue
        await round.room()
        if (!this.#takes(round.session)) return
        if (this.#isFree(entry.id)) this.#give(entry, stanza, round)
      }
      after = page.at(-1)?.id
      if (after === undefined) return
    }
  }

  #give({ id, value: { xml } }: LogEntry<Kept>, stanza: Addressed, round: Round): void {
    const { session } = round
    // one that was taken for lost may be another's by now
    const isStillTheirs = () => this.#given.get(id) === session
    this.#given.set(id, session)
    round.give(stanza, xml.length, {
      settled: () => {
        if (isStillTheirs()) this.#remove(id)
        this.#forget(round)
      },
      lost: () => {
        if (isStillTheirs()) this.#given.delete(id)
        this.#forget(round)
        this.#report(this.passOn(session))
      },
    })
  }

  #forget(round: Round): void {
    if (round.isOver) this.#rounds.delete(round.session)
  }

  /** Together with all else that is acknowledged in this turn. */
  #remove(id: string): void {
    this.#given.set(id, READ)
    if (this.#done.push(id) === 1) queueMicrotask(() => this.#report(this.removeRead()))
  }

  #report(work: Promise<void>): void {
    const { log } = this.#parts
    work.catch(fault => log.error({ user: this.#account.toString(), err: fault }, 'stored messages are not moved on'))
  }

  /** One that cannot be read does not keep the others back; it stays for whoever looks into it. */
  #stanzaIn({ id, value: { xml } }: LogEntry<Kept>): Addressed | undefined {
    try {
      const el = parseElement(xml)
      return makeStanza({ from: parseJid(el.attrs.from ?? ''), to: parseJid(el.attrs.to ?? ''), el })
    } catch (fault) {
      this.#parts.log.error({ user: this.#account.toString(), id, err: fault }, 'a stored message cannot be read')
      return undefined
    }
  }

  #isFree(id: string): boolean {
    const holder = this.#given.get(id)
    return holder === undefined || (holder !== READ && !this.#isThere(holder))
  }

  #takes(session: Session): boolean {
    return this.#isThere(session) && isWilling(session)
  }

  #isThere(session: Session): boolean {
    return this.#parts.sessions.get(session.jid) === session
  }
}
