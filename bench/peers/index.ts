import { parlance } from './parlance.js'
import type { MakePeer } from './peer.js'
import { prosody } from './prosody.js'
import { relay } from './relay.js'

export const peers: Readonly<Record<string, MakePeer>> = {
  parlance,
  prosody: site => prosody(site, 'incremental'),
  'prosody-gen': site => prosody(site, 'generational'),
  relay,
}
