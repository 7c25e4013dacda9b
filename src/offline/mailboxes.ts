import type { Session } from '../core/session.js'
import type { Jid } from '../xmpp/jid.js'
import { isWilling, Mailbox, type MailboxParts } from './mailbox.js'

/** The mailboxes of the accounts of which something is on its way. */
export class Mailboxes {
  readonly #parts: MailboxParts
  readonly #boxes = new Map<string, Mailbox>()

  constructor(parts: MailboxParts) {
    this.#parts = parts
  }

  /** Gives a client what is stored and no other client was given. */
  deliverTo(session: Session): void {
    this.#work(session.account, box => box.deliverTo(session))
  }

  /** The same for whichever client is there, if one is. */
  deliver(account: Jid): void {
    if (this.#parts.sessions.of(account).some(isWilling)) this.#work(account, box => box.passOn())
  }

  /** Tries again to remove what could not be removed, and gives memory back. */
  async tidy(): Promise<void> {
    for (const [account, box] of this.#boxes) {
      await box.removeRead()
      if (box.isIdle) this.#boxes.delete(account)
    }
  }

  /** The account is no more. */
  forget(account: string): void {
    this.#boxes.delete(account)
  }

  #work(account: Jid, work: (box: Mailbox) => Promise<void>): void {
    const user = account.toString()
    const box = this.#boxes.get(user) ?? new Mailbox(account, this.#parts)
    this.#boxes.set(user, box)
    work(box).catch(fault => this.#parts.log.error({ user, err: fault }, 'stored messages could not be delivered'))
  }
}
