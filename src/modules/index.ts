import type { AnyModule } from '../core/module.js'
import { offline } from '../offline/offline.js'
import { roster } from '../roster/index.js'
import { adHoc } from './ad-hoc.js'
import { accountCommands } from './ad-hoc-accounts.js'
import { admins } from './ad-hoc-admins.js'
import { disabling } from './ad-hoc-disabled.js'
import { notices } from './ad-hoc-notices.js'
import { blocking } from './blocking.js'
import { caps } from './caps.js'
import { carbons } from './carbons.js'
import { contactAddresses } from './contact-addresses.js'
import { delays } from './delays.js'
import { delegation } from './delegation.js'
import { disco } from './disco.js'
import { lastActivity } from './last-activity.js'
import { ping } from './ping.js'
import { privateXml } from './private-xml.js'
import { privilege } from './privilege.js'
import { registration } from './registration.js'
import { stanzaIds } from './stanza-ids.js'
import { time } from './time.js'
import { vcard } from './vcard.js'
import { version } from './version.js'

/** All modules. Their hooks of one stage, and their handlers of one moment, run in this order. */
export const modules: readonly AnyModule[] = [
  roster,
  // after the roster, which says goodbye for a session that is over: to nobody who is blocked
  blocking,
  stanzaIds,
  delays,
  carbons,
  offline,
  disco,
  caps,
  ping,
  version,
  time,
  lastActivity,
  contactAddresses,
  vcard,
  privateXml,
  registration,
  delegation,
  // after blocking: who is blocked shows nothing to components either
  privilege,
  adHoc,
  accountCommands,
  disabling,
  notices,
  admins,
]
