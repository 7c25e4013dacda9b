import type { AnyModule } from '../core/module.js'
import { offline } from '../offline/offline.js'
import { roster } from '../roster/index.js'
import { blocking } from './blocking.js'
import { carbons } from './carbons.js'
import { delays } from './delays.js'
import { disco } from './disco.js'
import { ping } from './ping.js'
import { privateXml } from './private-xml.js'
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
  ping,
  version,
  time,
  vcard,
  privateXml,
]
