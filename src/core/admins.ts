import type { Jid } from '../xmpp/jid.js'
import { Contract } from './module.js'

/** Administrators besides those that the configuration names. */
export interface AppointedAdmins {
  /** By a bare JID. */
  isAppointed(account: Jid): boolean
}

/** Offered only while administrators can be appointed. */
export const appointedAdmins = new Contract<AppointedAdmins>('appointed administrators')
