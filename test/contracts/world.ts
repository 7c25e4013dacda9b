import type { Accounts } from '../../src/core/accounts.js'
import type { Bus } from '../../src/core/bus.js'
import type { Storage } from '../../src/core/stores.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'

/** Something that keeps stores and accounts, and what a test may do to it. */
export interface World {
  readonly storage: Storage
  readonly accounts: Accounts
  readonly bus: Bus
  erase(owner: Jid): Promise<void>
  /** From now on writes fail, until what it gives has been called. */
  breakDown(): Promise<() => Promise<void>>
  /** Ends it and starts it again, on what it had kept; missing where nothing outlives the process. */
  readonly restart?: () => Promise<World>
  dispose(): Promise<void>
}

export type MakeWorld = () => Promise<World>

export async function restarted(world: World): Promise<World> {
  if (!world.restart) throw new TypeError('nothing of it outlives the process')
  return world.restart()
}

export const romeo = parseJid('romeo@montague.example')
export const juliet = parseJid('juliet@capulet.example')
export const nurse = parseJid('nurse@capulet.example')

/** Texts that are different, though some databases, or some eyes, think otherwise. */
export const LOOKALIKES: readonly string[] = [
  '',
  ' ',
  'juliet',
  'Juliet',
  'juliet ',
  ' juliet',
  'juliet\t',
  'juliet\0',
  'juliét',
  'julie\u0301t',
  'jUlıet',
  'ß',
  'ss',
  'ﬁ',
  'fi',
  '1',
  '01',
  '1.0',
  '%',
  '_',
  "'",
  '?',
  '__proto__',
  'constructor',
  '\u{10330}',
  '\uff5e',
  '\ud800',
  '\udc00',
  'x'.repeat(5000),
  `${'x'.repeat(5000)} `,
  'é'.repeat(1280),
]
