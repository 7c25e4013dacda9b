import type { Jid } from '../xmpp/jid.js'
import type { Addressed, Stanza } from '../xmpp/stanza.js'
import type { Custody, Session } from './session.js'

/** Answers for a message that sessions of an account were given: when the last of them is lost, it is given to others. */
export class Held implements Custody {
  /** What is to be given to others; nothing while, or when, there is a fallback for it. */
  stanza: Addressed | undefined
  readonly recipients: Session[] = []

  constructor(
    readonly account: Jid,
    readonly at: number,
    readonly redeliver: (stanza: Addressed, at: number) => void,
  ) {}

  settled(): void {}

  lost(session: Session): void {
    const { recipients, stanza } = this
    const place = recipients.indexOf(session)
    if (place >= 0) recipients.splice(place, 1)
    if (recipients.length === 0 && stanza) this.redeliver(stanza, this.at)
  }
}

/** Whether a message for one client of an account is for the others when that one is not there. */
export const isForAnyClient = ({ type }: Stanza): boolean => type === 'chat' || type === 'normal'
