import type { ArchiveFilter, ArchiveMessage, ArchiveQuery, ArchiveStore } from '../../src/core/stores.js'
import type { Jid } from '../../src/xmpp/jid.js'
import { juliet, romeo } from './world.js'

export const MINUTE = 60_000

/** From Juliet, archived and not pending, unless something else is said. */
export function message(xml: string, more: Partial<ArchiveMessage> = {}): ArchiveMessage {
  return { at: Date.now(), with: juliet, xml, isPending: false, isArchived: true, ...more }
}

export const texts = (entries: readonly { readonly xml: string }[]) => entries.map(({ xml }) => xml).join('')

/** The texts of Romeo's messages that match. */
export async function found(
  archive: ArchiveStore,
  filter: ArchiveFilter,
  { from = 'first', limit = 100, owner = romeo }: Partial<Pick<ArchiveQuery, 'from' | 'limit'>> & { owner?: Jid } = {},
): Promise<string> {
  return texts((await archive.page(owner, { ...filter, from, limit })).entries)
}

export const waiting = async (archive: ArchiveStore) => texts(await archive.pending(romeo, { limit: 100 }))
